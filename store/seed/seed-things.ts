/**
 * What a seeded tenant has, into its own schema under its own role: devices with their lives, checks with their schedule.
 * In the caller's transaction. Lifecycles and quotas hold for it as for anybody.
 */
import type { Check } from '../../actors/ports/check.ts';
import { deviceId, seedsOf } from '../../actors/ports/device-id.ts';
import {
  type DeviceState,
  deviceLife,
  firstDeviceState,
  isArchived,
} from '../../actors/ports/device-lifecycle.ts';
import type { CopySession } from '../backup/copy-session.ts';
import type { PhaseOf } from '../checks.ts';
import { numberColumn, textColumn } from '../columns.ts';
import { StoreError } from '../errors.ts';
import { newCheckId } from '../ids.ts';
import type { SeedCheck, SeedDevice, SeedWindow } from './seed-tenant.ts';

const at = (ms: string) => `to_timestamp(${ms} / 1000)`;

const insertDevices = `
INSERT INTO devices (id, name, "partition", type, addresses, macs, serial, state, state_at, created_at, archived_at)
SELECT id, name, part, type, string_to_array(addresses, ' '), string_to_array(macs, ' '), serial, state,
  ${at('state_at')}, ${at('created_at')}, ${at('archived_at')}
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
  $9::float8[], $10::float8[], $11::float8[]) WITH ORDINALITY
  AS g(id, name, part, type, addresses, macs, serial, state, state_at, created_at, archived_at, n) ORDER BY n`;

const insertAudit = `
INSERT INTO lives_audit (at, what, subject, event, who, from_state, to_state, why)
SELECT ${at('ms')}, what, subject, event, 'seed', before, after, why
FROM unnest($1::float8[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
  WITH ORDINALITY AS g(ms, what, subject, event, before, after, why, n) ORDER BY ms, n`;

const insertChecks = `
INSERT INTO checks (id, name, kind, target, port, "partition", interval_ms, timeout_ms, retries, settings, created_at,
  archived_at)
SELECT id, name, kind, target, port, part, interval_ms, timeout_ms, retries, settings::jsonb, ${at('$11::float8')},
  ${at('archived_at')}
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::text[], $7::bigint[], $8::bigint[],
  $9::int[], $10::text[], $12::float8[]) WITH ORDINALITY
  AS g(id, name, kind, target, port, part, interval_ms, timeout_ms, retries, settings, archived_at, n) ORDER BY n`;

const insertSchedules = `
INSERT INTO schedules (check_id, version, interval_ms, phase_ms, valid_from, valid_to)
SELECT id, 1, interval_ms, phase_ms, ${at('$4::float8')}, ${at('valid_to')}
FROM unnest($1::text[], $2::bigint[], $3::bigint[], $5::float8[]) AS g(id, interval_ms, phase_ms, valid_to)`;

interface Line {
  atMs: number;
  what: 'device' | 'check';
  subject: string;
  event: string;
  from: string | null;
  to: string | null;
  why: string | null;
}

/** As the tenant, whose schema is the search path. */
export async function addDevices(session: CopySession, devices: readonly SeedDevice[]): Promise<void> {
  const lines: Line[] = [];
  const rows = devices.map((device) => {
    const { createdAtMs } = device;
    const id = deviceId(device.partition, seedsOf(device));
    const line = { what: 'device', subject: id } as const;
    let state: DeviceState = firstDeviceState;
    let stateAtMs = createdAtMs;
    lines.push({ ...line, atMs: createdAtMs, event: 'create', from: null, to: state, why: null });
    for (const { event, atMs, why } of device.life) {
      const step = deviceLife.next(state, event);
      if ('refused' in step || atMs < stateAtMs)
        throw new StoreError('invalid_input', `a seeded device that is ${state} cannot ${event}`);
      lines.push({ ...line, atMs, event, from: state, to: step.to, why });
      state = step.to;
      stateAtMs = atMs;
    }
    return { ...device, id, state, stateAtMs };
  });
  await session.rows(insertDevices, [
    textColumn(rows.map(({ id }) => id)),
    textColumn(rows.map(({ name }) => name)),
    textColumn(rows.map(({ partition }) => partition)),
    textColumn(rows.map(({ type }) => type)),
    textColumn(rows.map(({ addresses }) => addresses.join(' '))),
    textColumn(rows.map(({ macs }) => macs.join(' '))),
    textColumn(rows.map(({ serial }) => serial)),
    textColumn(rows.map(({ state }) => state)),
    numberColumn(rows.map(({ stateAtMs }) => stateAtMs)),
    numberColumn(rows.map(({ createdAtMs }) => createdAtMs)),
    numberColumn(rows.map(({ state, stateAtMs }) => (isArchived(state) ? stateAtMs : null))),
  ]);
  await note(session, lines);
}

/** As the tenant. Scheduled from the beginning of the window on. */
export async function addChecks(
  session: CopySession,
  checks: readonly SeedCheck[],
  { fromMs }: SeedWindow,
  phaseOf: PhaseOf,
): Promise<Check[]> {
  const rows = checks.map((check): Check => {
    const { intervalMs, archivedAtMs: validToMs } = check;
    const id = newCheckId();
    const phaseMs = phaseOf(id, intervalMs);
    const schedule = [{ version: 1, intervalMs, phaseMs, validFromMs: fromMs, validToMs }];
    return { ...check, id, enabled: true, createdAtMs: fromMs, schedule };
  });
  const ids = textColumn(rows.map(({ id }) => id));
  const intervals = numberColumn(rows.map(({ intervalMs }) => intervalMs));
  const ends = numberColumn(rows.map(({ archivedAtMs }) => archivedAtMs));
  await session.rows(insertChecks, [
    ids,
    textColumn(rows.map(({ name }) => name)),
    textColumn(rows.map(({ kind }) => kind)),
    textColumn(rows.map(({ target }) => target)),
    numberColumn(rows.map(({ port }) => port)),
    textColumn(rows.map(({ partition }) => partition)),
    intervals,
    numberColumn(rows.map(({ timeoutMs }) => timeoutMs)),
    numberColumn(rows.map(({ retries }) => retries)),
    textColumn(rows.map(({ settings }) => JSON.stringify(settings))),
    fromMs,
    ends,
  ]);
  const phases = numberColumn(rows.map(({ schedule }) => schedule[0]!.phaseMs));
  await session.rows(insertSchedules, [ids, intervals, phases, fromMs, ends]);
  const archived = rows.filter(({ archivedAtMs }) => archivedAtMs !== null);
  await note(
    session,
    archived.map(({ id, archivedAtMs }) => ({
      ...{
        atMs: archivedAtMs!,
        what: 'check',
        subject: id,
        event: 'archive',
        from: 'live',
        to: 'archived',
        why: null,
      },
    })),
  );
  return rows;
}

async function note(session: CopySession, lines: readonly Line[]): Promise<void> {
  await session.rows(insertAudit, [
    numberColumn(lines.map(({ atMs }) => atMs)),
    textColumn(lines.map(({ what }) => what)),
    textColumn(lines.map(({ subject }) => subject)),
    textColumn(lines.map(({ event }) => event)),
    textColumn(lines.map(({ from }) => from)),
    textColumn(lines.map(({ to }) => to)),
    textColumn(lines.map(({ why }) => why)),
  ]);
}
