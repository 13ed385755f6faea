/**
 * The checks of a tenant and their schedule versions, in the tenant's schema under the tenant's role. Bulk inserts are
 * one statement; "now" is always the database's.
 */
import type { Check, CheckEdit, CheckKind, NewCheck, ScheduleVersion } from '../actors/ports/check.ts';
import type { CheckStore } from '../actors/ports/check-store.ts';
import { auditText, plainText } from './audit-text.ts';
import { archiveThen, editThen, isLive, mayComeBack, restoreThen } from './check-changes.ts';
import { assertWhole, numberColumn, textColumn } from './columns.ts';
import { StoreError } from './errors.ts';
import { newCheckId } from './ids.ts';
import { limits } from './limits.ts';
import { moment } from './moment.ts';
import type { Database, Parameter, Unit } from './unit-of-work.ts';

/** See `actors/schedule.ts`; handed over so that store and schedule cannot differ. */
export type PhaseOf = (checkId: string, intervalMs: number) => number;

interface CheckColumns extends Record<string, unknown> {
  id: string;
  name: string;
  kind: string;
  target: string;
  port: number | null;
  partition: string;
  interval_ms: number;
  timeout_ms: number;
  retries: number;
  settings: Record<string, string>;
  enabled: boolean;
  created_at: number;
  archived_at: number | null;
  schedule: ScheduleVersion[];
}

const checkColumns = `c.id, c.name, c.kind, c.target, c.port, c.partition, c.interval_ms, c.timeout_ms, c.retries, c.settings,
  c.enabled, c.created_at, c.archived_at`;

/** Instants inside JSON as whole milliseconds. */
const msOf = (column: string) => `round(extract(epoch FROM ${column}) * 1000)::bigint`;

const scheduleJson = (alias: string) => `json_agg(json_build_object('version', ${alias}.version,
  'intervalMs', ${alias}.interval_ms, 'phaseMs', ${alias}.phase_ms, 'validFromMs', ${msOf(`${alias}.valid_from`)},
  'validToMs', ${msOf(`${alias}.valid_to`)}) ORDER BY ${alias}.version)`;

/** `room` holds a row when the new checks fit under the quota ($12, null: none): locked, and counted by the database itself. */
const insert = `
WITH ${moment},
room AS MATERIALIZED (
  SELECT FROM usage WHERE what = 'checks'
    AND ($12::bigint IS NULL OR amount + cardinality($1::text[]) <= $12::bigint) FOR UPDATE
),
given AS (
  SELECT g.* FROM room, unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::text[], $7::bigint[],
    $8::bigint[], $9::int[], $10::text[], $11::bigint[])
    WITH ORDINALITY AS g(id, name, kind, target, port, part, interval_ms, timeout_ms, retries, settings, phase_ms, n)
),
made AS (
  INSERT INTO checks (id, name, kind, target, port, "partition", interval_ms, timeout_ms, retries, settings, created_at)
  SELECT id, name, kind, target, port, part, interval_ms, timeout_ms, retries, settings::jsonb, at
  FROM given, moment ORDER BY n
),
scheduled AS (
  INSERT INTO schedules (check_id, version, interval_ms, phase_ms, valid_from)
  SELECT id, 1, interval_ms, phase_ms, at FROM given, moment
)
SELECT at FROM moment, room`;

const list = `
SELECT ${checkColumns}, s.schedule
FROM checks c
JOIN (SELECT v.check_id, max(v.valid_to) AS ended_at, ${scheduleJson('v')} AS schedule FROM schedules v GROUP BY v.check_id) s
  ON s.check_id = c.id
WHERE c.archived_at IS NULL OR s.ended_at > to_timestamp($1::float8 / 1000)
ORDER BY c.ordinal`;

const withSchedule = `SELECT ${checkColumns}, (SELECT ${scheduleJson('v')} FROM v) AS schedule FROM c`;
const archive = archiveThen(withSchedule);
const edit = editThen(withSchedule);
const restore = restoreThen(withSchedule);

export function createCheckStore(db: Database, phaseOf: PhaseOf): CheckStore {
  return {
    async add(tenantId, checks, liveMax = null) {
      if (checks.length === 0) return [];
      if (checks.length > limits.checksPerAddMax) {
        throw new StoreError(
          'invalid_input',
          `more than ${limits.checksPerAddMax} checks at once: ${checks.length}`,
        );
      }
      checks.forEach(assertStorable);
      const ids = checks.map(newCheckId);
      const phases = checks.map((check, i) => phaseOf(ids[i]!, check.intervalMs));
      const values = [...definitionColumns(ids, checks), numberColumn(phases), liveMax];
      const [moment] = await db.asTenant(tenantId, (unit) => unit.query<{ at: number }>(insert, values));
      if (moment === undefined) {
        throw new StoreError('quota_checks', `the tenant's plan allows ${liveMax} checks: nothing was added`);
      }
      return checks.map((check, i) => freshCheck(ids[i]!, check, phases[i]!, moment.at));
    },
    async list(tenantId, archivedSinceMs) {
      const rows = await db.asTenant(tenantId, (unit) => unit.query<CheckColumns>(list, [archivedSinceMs]));
      return rows.map(toCheck);
    },
    async edit(tenantId, checkId, given, { by = 'system', why = null } = {}) {
      assertEditable(given);
      const { name, target, port, intervalMs, timeoutMs, retries, settings } = given;
      const phaseMs = intervalMs === undefined ? undefined : phaseOf(checkId, intervalMs);
      const settingsJson = settings && JSON.stringify(settings);
      const changed = [name, target, port, intervalMs, timeoutMs, retries, settingsJson, phaseMs];
      const asked = [plainText(checkId), plainText(by), auditText(noteOf(given, why))];
      return await db.asTenant(tenantId, (unit) =>
        changeLive(unit, edit, [...asked, ...changed.map((value) => value ?? null)]),
      );
    },
    async remove(tenantId, checkId, { by = 'system', why = null } = {}) {
      const values = [plainText(checkId), plainText(by), auditText(why)];
      return await db.asTenant(tenantId, (unit) => changeLive(unit, archive, values));
    },
    async restore(tenantId, checkId, { by = 'system', why = null, liveMax = null, keptMs }) {
      const id = plainText(checkId);
      const values = [id, plainText(by), auditText(why), liveMax, keptMs];
      return await db.asTenant(tenantId, async (unit) => {
        const [row] = await unit.query<CheckColumns>(restore, values);
        if (row !== undefined) return toCheck(row);
        const waiting = await unit.query(mayComeBack, [id, keptMs]);
        if (waiting.length === 0) return null;
        throw new StoreError(
          'quota_checks',
          `the tenant's plan allows ${liveMax} checks: it was not restored`,
        );
      });
    },
  };
}

function freshCheck(id: string, check: NewCheck, phaseMs: number, createdAtMs: number): Check {
  const { intervalMs } = check;
  const version = { version: 1, intervalMs, phaseMs, validFromMs: createdAtMs, validToMs: null };
  return { ...check, id, enabled: true, createdAtMs, archivedAtMs: null, schedule: [version] };
}

/** What was changed, and why: `interval, retries: too many connections`. */
function noteOf(edit: CheckEdit, why: string | null): string {
  const changed = Object.keys(edit).map((field) => field.replace(/Ms$/, ''));
  return [changed.join(', '), ...(why === null ? [] : [why])].join(': ');
}

/** Null: there is no live check of the id, the first of the values. */
async function changeLive(unit: Unit, text: string, values: readonly Parameter[]): Promise<Check | null> {
  for (let attempt = 0; attempt < limits.lifeAttemptsMax; attempt += 1) {
    const [row] = await unit.query<CheckColumns>(text, values);
    if (row !== undefined) return toCheck(row);
    if ((await unit.query(isLive, values.slice(0, 1))).length === 0) return null;
  }
  throw new StoreError('store_unavailable', `check ${values[0]} keeps changing`);
}

function definitionColumns(ids: readonly string[], checks: readonly NewCheck[]): string[] {
  return [
    textColumn(ids),
    textColumn(checks.map((check) => check.name)),
    textColumn(checks.map((check) => check.kind)),
    textColumn(checks.map((check) => check.target)),
    numberColumn(checks.map((check) => check.port)),
    textColumn(checks.map((check) => check.partition)),
    numberColumn(checks.map((check) => check.intervalMs)),
    numberColumn(checks.map((check) => check.timeoutMs)),
    numberColumn(checks.map((check) => check.retries)),
    textColumn(checks.map((check) => JSON.stringify(check.settings))),
  ];
}

/** What the columns can hold. What makes sense of a check is judged by those who accept it, long before. */
function assertStorable(check: NewCheck): void {
  const { port, kind, partition, ...changeable } = check;
  assertEditable({ ...changeable, ...(port === null ? {} : { port }) });
  assertTexts([kind, partition]);
}

function assertEditable({ name, target, port, intervalMs, timeoutMs, retries, settings }: CheckEdit): void {
  if (intervalMs !== undefined) assertWhole(intervalMs, 'interval', 1, limits.instantMsMax);
  if (timeoutMs !== undefined) assertWhole(timeoutMs, 'timeout', 1, limits.instantMsMax);
  if (retries !== undefined) assertWhole(retries, 'retries', 0, 1_000_000);
  if (port !== undefined) assertWhole(port, 'port', 0, 65_535);
  assertTexts([name ?? '', target ?? '', ...Object.entries(settings ?? {}).flat()]);
}

function assertTexts(texts: readonly string[]): void {
  if (texts.some((text) => text.includes('\u0000'))) {
    throw new StoreError('invalid_input', 'a check holds the character U+0000, which cannot be stored');
  }
}

function toCheck(row: CheckColumns): Check {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind as CheckKind,
    target: row.target,
    port: row.port,
    partition: row.partition,
    intervalMs: row.interval_ms,
    timeoutMs: row.timeout_ms,
    retries: row.retries,
    settings: row.settings,
    enabled: row.enabled,
    createdAtMs: row.created_at,
    archivedAtMs: row.archived_at,
    schedule: row.schedule,
  };
}
