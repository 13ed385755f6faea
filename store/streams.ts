/**
 * What flows, as an operator sees and sets it, behind `picket db retention`: how long each stream is kept, which partitions
 * it has, how far it is rolled up, and whether the server has TimescaleDB (which nothing here makes use of).
 */
import { assertWhole } from './columns.ts';
import { StoreError } from './errors.ts';
import { limits } from './limits.ts';
import { allSeries, type SeriesName, spanNamed } from './partition-plan.ts';
import type { Database } from './unit-of-work.ts';

export interface StreamView {
  series: SeriesName;
  keptDays: number;
  partitions: number;
  /** Names; null: there are none yet. */
  oldest: string | null;
  newest: string | null;
  /** On disk, indexes and the default partition included. */
  bytes: number;
}

export interface StreamsView {
  streams: StreamView[];
  rolledToMs: number;
  /** `installed` in this database, `available` on its server, or `absent`. */
  timescaledb: 'installed' | 'available' | 'absent';
}

export const seriesNames: readonly SeriesName[] = allSeries.map(({ table }) => table);

const question = `
SELECT w.rolled_to,
  (SELECT CASE WHEN installed_version IS NULL THEN 'available' ELSE 'installed' END
   FROM pg_available_extensions WHERE name = 'timescaledb') AS timescaledb,
  (SELECT json_object_agg(series, kept_days) FROM platform.retention) AS kept,
  (SELECT coalesce(json_agg(json_build_object('of', p.relname, 'name', c.relname, 'bytes', pg_total_relation_size(c.oid))), '[]')
   FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent JOIN pg_class c ON c.oid = i.inhrelid
   WHERE c.relkind = 'r' AND p.relnamespace = 'telemetry'::regnamespace) AS parts
FROM platform.rollup w`;

interface Answer extends Record<string, unknown> {
  rolled_to: number;
  timescaledb: 'installed' | 'available' | null;
  kept: Record<SeriesName, number>;
  parts: { of: string; name: string; bytes: number }[];
}

export async function streams(db: Database): Promise<StreamsView> {
  const [row] = await db.asPlatform((unit) => unit.query<Answer>(question));
  if (row === undefined) throw new StoreError('query_failed', 'the row of the roll-ups is gone');
  const views = allSeries.map((series): StreamView => {
    const parts = row.parts.filter(({ of }) => of === series.table);
    const names = parts.map(({ name }) => name).filter((name) => spanNamed(series, name) !== null);
    names.sort();
    return {
      series: series.table,
      keptDays: row.kept[series.table],
      partitions: names.length,
      oldest: names.at(0) ?? null,
      newest: names.at(-1) ?? null,
      bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  });
  return { streams: views, rolledToMs: row.rolled_to, timescaledb: row.timescaledb ?? 'absent' };
}

/** Takes effect when the coordinator tends the partitions next. */
export async function keep(db: Database, series: SeriesName, days: number): Promise<void> {
  if (!seriesNames.includes(series)) throw new StoreError('invalid_input', `there is no stream "${series}"`);
  assertWhole(days, 'days to keep', 1, limits.keptDaysMax);
  await db.asPlatform((unit) =>
    unit.query('UPDATE platform.retention SET kept_days = $2::int WHERE series = $1', [series, days]),
  );
}
