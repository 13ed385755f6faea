/**
 * The daily backup as a row: when, where to, what is kept, and how it went. All by the database's clock, in UTC. Which
 * coordinator runs it, its epoch says; who does the copying stands in `run-due.ts`.
 */
import type { StoreClock } from '../clock.ts';
import { limits } from '../limits.ts';
import { silentLog } from '../log.ts';
import { moment } from '../moment.ts';
import { openPool } from '../pool.ts';
import { createDatabase, type Database } from '../unit-of-work.ts';
import type { Retention } from './retention.ts';

export interface ScheduleTerms extends Retention {
  /** Minutes after midnight, UTC. */
  atMinute: number;
  /** As `--to` says it. */
  place: string;
}

export interface LastRun {
  startedAtMs: number;
  /** Null: under way, or its coordinator is gone. */
  endedAtMs: number | null;
  copied: number | null;
  failed: number | null;
  error: string | null;
}

export interface RunEnd {
  copied: number;
  failed: number;
  error: string | null;
}

export interface BackupSchedule {
  /** Null: there is none. */
  read(): Promise<{ terms: ScheduleTerms; last: LastRun | null } | null>;
  /** The first run is at the next such moment. */
  set(terms: ScheduleTerms): Promise<void>;
  off(): Promise<void>;
  /** The run that is due now, which is this epoch's from here on; null when none is. */
  claim(epoch: number): Promise<ScheduleTerms | null>;
  /** Notes the end, unless a later epoch has begun it again. */
  end(epoch: number, end: RunEnd): Promise<void>;
}

interface Columns extends Record<string, unknown> {
  at_minute: number;
  place: string;
  keep: number | null;
  days: number | null;
  started_at: number | null;
  ended_at: number | null;
  copied: number | null;
  failed: number | null;
  error: string | null;
}

const columns = 'at_minute, place, keep, days, started_at, ended_at, copied, failed, error';

const set = `
INSERT INTO platform.backup_schedule AS s (at_minute, place, keep, days, set_at)
VALUES ($1, $2, $3, $4, date_trunc('milliseconds', clock_timestamp()))
ON CONFLICT (only_row) DO UPDATE
SET at_minute = excluded.at_minute, place = excluded.place, keep = excluded.keep, days = excluded.days, set_at = excluded.set_at`;

/** `slot`: the last such moment. A run that an earlier epoch did not end is begun again. */
const claim = `
WITH ${moment},
due AS (
  SELECT date_bin('1 day', at, timestamptz '2000-01-01 00:00:00+00' + s.at_minute * interval '1 minute') AS slot, at
  FROM platform.backup_schedule s, moment
)
UPDATE platform.backup_schedule s
SET started_at = due.at, epoch = $1::bigint, ended_at = NULL, copied = NULL, failed = NULL, error = NULL
FROM due
WHERE due.slot >= s.set_at AND coalesce(s.epoch, 0) <= $1::bigint
  AND (s.started_at IS NULL OR s.started_at < due.slot OR (s.ended_at IS NULL AND s.epoch < $1::bigint))
RETURNING ${columns}`;

const end = `
UPDATE platform.backup_schedule
SET ended_at = date_trunc('milliseconds', clock_timestamp()), copied = $2, failed = $3, error = $4
WHERE epoch = $1::bigint AND ended_at IS NULL`;

const termsOf = ({ at_minute, place, keep, days }: Columns): ScheduleTerms => ({
  atMinute: at_minute,
  place,
  keep,
  days,
});

export function createBackupSchedule(db: Database): BackupSchedule {
  return {
    async read() {
      const [row] = await db.asPlatform((unit) =>
        unit.query<Columns>(`SELECT ${columns} FROM platform.backup_schedule`),
      );
      if (row === undefined) return null;
      const { started_at, ended_at, copied, failed, error } = row;
      const last =
        started_at === null ? null : { startedAtMs: started_at, endedAtMs: ended_at, copied, failed, error };
      return { terms: termsOf(row), last };
    },
    async set({ atMinute, place, keep, days }) {
      await db.asPlatform((unit) => unit.query(set, [atMinute, place, keep, days]));
    },
    async off() {
      await db.asPlatform((unit) => unit.query('DELETE FROM platform.backup_schedule'));
    },
    async claim(epoch) {
      const [row] = await db.asPlatform((unit) => unit.query<Columns>(claim, [epoch]));
      return row === undefined ? null : termsOf(row);
    },
    async end(epoch, { copied, failed, error }) {
      await db.asPlatform((unit) => unit.query(end, [epoch, copied, failed, error]));
    },
  };
}

/** For a command that handles the schedule alone. */
export function openBackupSchedule(
  url: string,
  clock: StoreClock,
): { schedule: BackupSchedule; close(): Promise<void> } {
  const db = createDatabase(openPool(url, limits.schemaConnectionsMax, silentLog), clock, silentLog);
  return { schedule: createBackupSchedule(db), close: () => db.close() };
}
