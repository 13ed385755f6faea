/**
 * Day partitions of `telemetry.results`, made ahead of the rows on the database's calendar (UTC). Between the result
 * writer and the tables. A failure here never fails a write: what no day covers goes to the default partition.
 */
import { StoreError } from './errors.ts';
import { limits } from './limits.ts';
import type { StoreLog } from './log.ts';
import type { Database } from './unit-of-work.ts';

const dayMs = 86_400_000;

export interface Partitions {
  /** Makes the coming days when the newest row nears the last day made. Cheap when there is nothing to do. */
  makeAhead(newestDueMs: number): Promise<void>;
  /** Makes what is missing of today and the coming days. */
  makeNow(): Promise<void>;
}

const startOf = (day: number) => new Date(day * dayMs).toISOString();
const nameOf = (day: number) => `results_${startOf(day).slice(0, 10).replaceAll('-', '')}`;

function partitionSql(day: number): string {
  const name = `telemetry.${nameOf(day)}`;
  const from = startOf(day);
  const to = startOf(day + 1);
  return `
CREATE TABLE IF NOT EXISTS ${name} PARTITION OF telemetry.results FOR VALUES FROM ('${from}') TO ('${to}');
ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;`;
}

export function createPartitions(db: Database, log: StoreLog): Partitions {
  /** The last day that has a partition, and the newest day that we tried for, as days since 1970. */
  let lastDayMade = -1;
  let lastDayTried = -1;
  let making: Promise<void> | null = null;

  async function make(): Promise<void> {
    await db.asPlatform(async (unit) => {
      const [now] = await unit.query<{ day: number; names: string[] }>(
        `SELECT floor(extract(epoch FROM now()) / 86400)::int AS day,
           ARRAY(SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE i.inhparent = 'telemetry.results'::regclass) AS names`,
      );
      if (!now) throw new StoreError('query_failed', 'the database told no day');
      const last = now.day + limits.partitionsAheadDays;
      for (let day = now.day - 1; day <= last; day += 1) {
        if (!now.names.includes(nameOf(day))) await unit.script(partitionSql(day));
      }
      lastDayMade = last;
    });
  }

  /** Those that ask at the same moment share one try. */
  function makeOnce(): Promise<void> {
    making ??= make()
      .catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        log.warn({ error: reason }, 'partitions were not made ahead: rows go to the default partition');
      })
      .finally(() => {
        making = null;
      });
    return making;
  }

  return {
    async makeAhead(newestDueMs) {
      const day = Math.floor(newestDueMs / dayMs);
      if (day + 1 <= lastDayMade || day <= lastDayTried) return;
      lastDayTried = day;
      await makeOnce();
    },
    makeNow: makeOnce,
  };
}
