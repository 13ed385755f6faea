/**
 * The schema of a database as an operator handles it, behind `picket db`: how far it is, the way there, the last step back,
 * and what is wrong with what lies in it. On few connections of its own; nothing is connected until the first use.
 */
import type { StoreClock } from './clock.ts';
import { limits } from './limits.ts';
import { type LintFinding, lint } from './lint.ts';
import { type StoreLog, silentLog } from './log.ts';
import { currentSets, type MigrateOptions, type MigrationProgress, migrate } from './migrate.ts';
import type { SeriesName } from './partition-plan.ts';
import { openPool } from './pool.ts';
import { type RollbackTarget, type RolledBack, rollback } from './rollback.ts';
import { type SchemaStatus, schemaStatus } from './schema-status.ts';
import { keep, type StreamsView, streams } from './streams.ts';
import { createDatabase } from './unit-of-work.ts';

export interface Schema {
  status(): Promise<SchemaStatus>;
  migrate(options?: MigrateOptions): Promise<void>;
  rollback(target: RollbackTarget, onProgress?: (progress: MigrationProgress) => void): Promise<RolledBack[]>;
  /** What is wrong with what lies in the database; empty when all is well. */
  lint(): Promise<LintFinding[]>;
  /** What flows: kept how long, in which partitions, rolled up how far. */
  streams(): Promise<StreamsView>;
  keep(series: SeriesName, days: number): Promise<void>;
  close(): Promise<void>;
}

export function openSchema(url: string, clock: StoreClock, log: StoreLog = silentLog): Schema {
  const db = createDatabase(openPool(url, limits.schemaConnectionsMax, log), clock, log);
  return {
    status: () => schemaStatus(db),
    migrate: (options) => migrate(db, log, currentSets, options),
    rollback: (target, onProgress) => rollback(db, target, currentSets, onProgress),
    lint: () => lint(db),
    streams: () => streams(db),
    keep: (series, days) => keep(db, series, days),
    close: () => db.close(),
  };
}
