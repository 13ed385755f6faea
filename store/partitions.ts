/**
 * Partitions of the streams, made ahead of the rows on the database's calendar (UTC). Between the result writer, the upkeep
 * and the tables. A failure here never fails a write: what no span covers goes to the default partition.
 */
import { StoreError } from './errors.ts';
import { limits } from './limits.ts';
import type { StoreLog } from './log.ts';
import {
  allSeries,
  type PartitionPlan,
  partitionName,
  planPartitions,
  type Series,
  spanAt,
  spanNamed,
  spanStart,
} from './partition-plan.ts';
import type { Database, Unit } from './unit-of-work.ts';

export interface Partitions {
  /** Makes the coming spans when the newest row nears the last day made. Cheap when there is nothing to do. */
  makeAhead(newestDueMs: number): Promise<void>;
  /** Makes what is missing of the present and the coming spans. */
  makeNow(): Promise<void>;
}

const iso = (ms: number) => new Date(ms).toISOString();

/** `FROM ... TO ...` of a span, for statements. */
export function boundsOf({ unit }: Series, span: number): { from: string; to: string } {
  return { from: iso(spanStart(unit, span)), to: iso(spanStart(unit, span + 1)) };
}

function makeSql(series: Series, span: number): string {
  const name = `telemetry.${partitionName(series, span)}`;
  const { from, to } = boundsOf(series, span);
  return `
CREATE TABLE IF NOT EXISTS ${name} PARTITION OF telemetry.${series.table} FOR VALUES FROM ('${from}') TO ('${to}');
ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;`;
}

/** Tables of `telemetry` that are partitions by their names, and whether each is attached. */
export interface TelemetryTables {
  nowMs: number;
  tables: readonly { name: string; attached: boolean }[];
}

export async function telemetryTables(unit: Unit): Promise<TelemetryTables> {
  const [row] = await unit.query<{ now: number; tables: { name: string; attached: boolean }[] }>(
    `SELECT clock_timestamp() AS now, (
       SELECT json_agg(json_build_object('name', relname, 'attached', relispartition))
       -- By names, for which there is an index: every tenant adds tables to this catalog.
       FROM pg_class WHERE relnamespace = 'telemetry'::regnamespace AND relkind = 'r'
         AND (relname BETWEEN 'results_' AND 'results_~' OR relname BETWEEN 'rollup_' AND 'rollup_~')
     ) AS tables`,
  );
  if (!row) throw new StoreError('query_failed', 'the database told no day');
  return { nowMs: row.now, tables: row.tables };
}

/** The plan of one series, as far as it does not depend on the rows in its default partition unless they are given. */
export function planOf(
  series: Series,
  { nowMs, tables }: TelemetryTables,
  strayed: readonly number[],
  keptDays: number,
  rolledToMs: number,
): PartitionPlan {
  const ours = tables.filter(({ name }) => spanNamed(series, name) !== null);
  const names = (attached: boolean) =>
    ours.filter((table) => table.attached === attached).map(({ name }) => name);
  const held = { attached: names(true), detached: names(false), strayed };
  return planPartitions(series, held, { nowMs, keptDays, rolledToMs });
}

/** Answers the names of those made; one that fails leaves the others to be made. */
export async function makeMissing(
  unit: Unit,
  series: Series,
  spans: readonly number[],
  failed: (name: string, error: unknown) => void,
): Promise<string[]> {
  const made: string[] = [];
  for (const span of spans) {
    const name = partitionName(series, span);
    try {
      await unit.script(makeSql(series, span));
      made.push(name);
    } catch (error) {
      failed(name, error);
    }
  }
  return made;
}

export function createPartitions(db: Database, log: StoreLog): Partitions {
  /** The last day of results that has a partition, and the newest day that we tried for, as days since 1970. */
  let lastDayMade = -1;
  let lastDayTried = -1;
  let making: Promise<void> | null = null;

  const warn = (error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    log.warn({ error: reason }, 'partitions were not made ahead: rows go to the default partition');
  };

  async function make(): Promise<void> {
    await db.asPlatform(async (unit) => {
      const tables = await telemetryTables(unit);
      for (const series of allSeries) {
        const { make: spans } = planOf(series, tables, [], limits.keptDaysMax, 0);
        await makeMissing(unit, series, spans, (_name, error) => warn(error));
      }
      lastDayMade = spanAt('day', tables.nowMs) + limits.partitionsAheadDays;
    });
  }

  /** Those that ask at the same moment share one try. */
  function makeOnce(): Promise<void> {
    making ??= make()
      .catch(warn)
      .finally(() => {
        making = null;
      });
    return making;
  }

  return {
    async makeAhead(newestDueMs) {
      const day = spanAt('day', newestDueMs);
      if (day + 1 <= lastDayMade || day <= lastDayTried) return;
      lastDayTried = day;
      await makeOnce();
    },
    makeNow: makeOnce,
  };
}
