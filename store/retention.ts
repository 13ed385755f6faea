/**
 * Partitions whose time is over are detached and dropped, and rows that strayed into a default partition are given one of
 * their own. Never deletes by rows. PostgreSQL detaches nothing concurrently beside a default partition, so a detach
 * waits for writers only a moment, and they behind it as long; it is tried again instead.
 */
import type { Tended } from '../actors/ports/telemetry-store.ts';
import { type StoreClock, waitFor } from './clock.ts';
import { limits } from './limits.ts';
import type { StoreLog } from './log.ts';
import { allSeries, type PartitionPlan, partitionName, type Series, spanAt } from './partition-plan.ts';
import { boundsOf, makeMissing, planOf, telemetryTables } from './partitions.ts';
import type { Database } from './unit-of-work.ts';

/** Below it a roll-up keeps what it has: the rows that it was made of go with the partition. */
const floors: Readonly<Record<Series['table'], string | null>> = {
  results: 'results_from',
  rollup_minute: 'minutes_from',
  rollup_hour: 'hours_from',
  rollup_day: null,
};

/**
 * One transaction, so that no row is ever seen twice or not at all. Row-level security holds for the owner too but for
 * these moments, in which nobody else reads the default partition.
 */
function moveSql(series: Series, span: number): string {
  const { table, column } = series;
  const name = `telemetry.${partitionName(series, span)}`;
  const { from, to } = boundsOf(series, span);
  return `
SET LOCAL lock_timeout = '${limits.detachLockMs}ms';
SET LOCAL statement_timeout = '${limits.moveRowsTimeoutMs}ms';
ALTER TABLE telemetry.${table}_default NO FORCE ROW LEVEL SECURITY;
CREATE TABLE ${name} (LIKE telemetry.${table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES);
WITH moved AS (DELETE FROM telemetry.${table}_default WHERE ${column} >= '${from}' AND ${column} < '${to}' RETURNING *)
INSERT INTO ${name} SELECT * FROM moved;
ALTER TABLE telemetry.${table}_default FORCE ROW LEVEL SECURITY;
ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE telemetry.${table} ATTACH PARTITION ${name} FOR VALUES FROM ('${from}') TO ('${to}');`;
}

const detachSql = (table: string, name: string) => `
SET LOCAL lock_timeout = '${limits.detachLockMs}ms';
ALTER TABLE telemetry.${table} DETACH PARTITION telemetry.${name};`;

interface Terms extends Record<string, unknown> {
  rolled_to: number;
  kept: Record<string, number>;
}

const terms = `
SELECT rolled_to, (SELECT json_object_agg(series, kept_days) FROM platform.retention) AS kept FROM platform.rollup`;

/** Spans of the rows in the default partition, a bounded number of instants a day apart at least. */
const strayedSql = ({ table, column, unit }: Series) => `
SELECT DISTINCT date_trunc('${unit}', ${column}) AS at FROM telemetry.${table}_default ORDER BY at LIMIT 1000`;

export async function tend(db: Database, clock: StoreClock, log: StoreLog): Promise<Tended> {
  const tended: Tended = { made: [], moved: [], dropped: [], failed: [] };
  const failed = (name: string, error: unknown) => {
    tended.failed.push(name);
    const reason = error instanceof Error ? error.message : String(error);
    log.warn({ partition: name, error: reason }, 'a partition was not made or dropped: the next round tries');
  };
  for (const series of allSeries) {
    const plan = await look(db, series);
    await db.asPlatform(async (unit) => {
      tended.made.push(...(await makeMissing(unit, series, plan.make, failed)));
    });
    for (const span of plan.move) {
      const name = partitionName(series, span);
      await retried(clock, () => db.asPlatform((unit) => unit.script(moveSql(series, span)))).then(
        () => tended.moved.push(name),
        (error: unknown) => failed(name, error),
      );
    }
    for (const due of plan.drop) {
      await drop(db, clock, series, due).then(
        () => tended.dropped.push(due.name),
        (error: unknown) => failed(due.name, error),
      );
    }
  }
  return tended;
}

async function look(db: Database, series: Series): Promise<PartitionPlan> {
  const strayed = await db.asWriter((unit) => unit.query<{ at: number }>(strayedSql(series)));
  return await db.asPlatform(async (unit) => {
    const tables = await telemetryTables(unit);
    const [row] = await unit.query<Terms>(terms);
    const keptDays = row?.kept[series.table] ?? limits.keptDaysMax;
    const spans = strayed.map(({ at }) => spanAt(series.unit, at));
    return planOf(series, tables, spans, keptDays, row?.rolled_to ?? 0);
  });
}

async function drop(
  db: Database,
  clock: StoreClock,
  { table }: Series,
  { name, endMs, attached }: PartitionPlan['drop'][number],
): Promise<void> {
  const floor = floors[table];
  await db.asPlatform(async (unit) => {
    if (floor !== null) {
      const raise = `UPDATE platform.rollup SET ${floor} = greatest(${floor}, to_timestamp($1::float8 / 1000))`;
      await unit.query(raise, [endMs]);
    }
  });
  if (attached) await retried(clock, () => db.asPlatform((unit) => unit.script(detachSql(table, name))));
  await db.asPlatform((unit) => unit.script(`DROP TABLE IF EXISTS telemetry.${name};`));
}

/** Writers that are in the way for a moment are out of it soon. */
async function retried(clock: StoreClock, work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === limits.detachAttemptsMax) throw error;
    }
    await waitFor(clock, limits.detachPauseMs);
  }
}
