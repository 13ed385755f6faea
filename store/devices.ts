/**
 * The devices of a tenant, in its schema under its role: added within the quota, moved along their lifecycle, each with a
 * line in the tenant's audit in the same statement. Every statement that changes one first locks the row that counts
 * them, so that those who add, restore and purge at once come one after the other.
 */
import type { Device, NewDevice } from '../actors/ports/device.ts';
import { deviceId, idOf, seedsOf } from '../actors/ports/device-id.ts';
import {
  type DeviceEvent,
  type DeviceState,
  deviceLife,
  firstDeviceState,
  isArchived,
} from '../actors/ports/device-lifecycle.ts';
import type { DeviceChange, DeviceRefused, DeviceStore, DeviceTerms } from '../actors/ports/device-store.ts';
import { refusalText } from '../actors/ports/lifecycle.ts';
import { auditText, plainText } from './audit-text.ts';
import { assertWhole, textColumn } from './columns.ts';
import { StoreError } from './errors.ts';
import { randomId } from './ids.ts';
import { limits } from './limits.ts';
import { moment } from './moment.ts';
import { sqlStateOf } from './pg-errors.ts';
import { atNewest } from './schema-versions.ts';
import type { Database, Unit } from './unit-of-work.ts';

interface DeviceColumns extends Record<string, unknown> {
  id: string;
  name: string;
  partition: string;
  type: string | null;
  addresses: string[];
  macs: string[];
  serial: string | null;
  state: DeviceState;
  state_at: number;
  created_at: number;
  archived_at: number | null;
}

const columns =
  'id, name, "partition", type, addresses, macs, serial, state, state_at, created_at, archived_at';

/** Lists of identifiers come as one text each, parted by blanks, which no identifier has. */
const insert = `
WITH ${moment},
room AS MATERIALIZED (
  SELECT FROM device_usage WHERE $9::bigint IS NULL OR live + cardinality($1::text[]) <= $9::bigint FOR UPDATE
),
given AS (
  SELECT g.* FROM room, unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
    WITH ORDINALITY AS g(id, name, part, type, addresses, macs, serial, n)
),
made AS (
  INSERT INTO devices (id, name, "partition", type, addresses, macs, serial, state, state_at, created_at)
  SELECT id, name, part, type, string_to_array(addresses, ' '), string_to_array(macs, ' '), serial,
    '${firstDeviceState}', at, at
  FROM given, moment ORDER BY n
),
noted AS (
  INSERT INTO lives_audit (at, what, subject, event, who, to_state)
  SELECT at, 'device', id, 'create', $8, '${firstDeviceState}' FROM given, moment ORDER BY n
)
SELECT at FROM moment, room`;

/** $1 id, $2 and $3 states, $4 the event, $5 who, $6 why, $7 live devices beyond which none is restored. */
const move = `
WITH ${moment},
room AS MATERIALIZED (SELECT FROM device_usage WHERE $7::bigint IS NULL OR live < $7::bigint FOR UPDATE),
moved AS (
  UPDATE devices SET state = $3, state_at = at, archived_at = CASE WHEN $3 = 'decommissioned' THEN at END
  FROM moment, room WHERE id = $1 AND state = $2 RETURNING devices.*
),
noted AS (
  INSERT INTO lives_audit (at, what, subject, event, who, from_state, to_state, why)
  SELECT at, 'device', id, $4, $5, $2, $3, $6 FROM moved, moment
)
SELECT EXISTS (SELECT FROM room) AS has_room, ${columns.replaceAll(/([a-z_"]+)/g, 'm.$1')}
FROM moment LEFT JOIN moved m ON true`;

const list = `
SELECT ${columns} FROM devices
WHERE (archived_at IS NOT NULL) = $1 AND ($2::text IS NULL OR ordinal > (SELECT ordinal FROM devices WHERE id = $2))
ORDER BY ordinal LIMIT $3::int`;

const history = `
SELECT at, who, event, from_state, to_state, why FROM lives_audit WHERE what = 'device' AND subject = $1 ORDER BY id`;

type Added = Awaited<ReturnType<DeviceStore['add']>>;
type Changed = Awaited<ReturnType<DeviceStore['change']>>;

export function createDeviceStore(db: Database): DeviceStore {
  const asTenant = <T>(tenantId: string, work: (unit: Unit) => Promise<T>) =>
    atNewest('devices', () => db.asTenant(tenantId, work));
  return {
    add: (tenantId, devices, terms) => add(asTenant, tenantId, devices, terms),
    change: (tenantId, id, event, terms) =>
      asTenant(tenantId, (unit) => change(unit, plainText(id), event, terms)),
    async list(tenantId, { archived, after, limit }) {
      assertWhole(limit, 'limit', 1, limits.devicesPerQueryMax);
      const values = [archived, after === null ? null : plainText(after), limit];
      const rows = await asTenant(tenantId, (unit) => unit.query<DeviceColumns>(list, values));
      return rows.map(toDevice);
    },
    find: (tenantId, id) => asTenant(tenantId, (unit) => find(unit, plainText(id))),
    async history(tenantId, id) {
      const rows = await asTenant(tenantId, (unit) => unit.query<ChangeColumns>(history, [plainText(id)]));
      return rows.map(toChange);
    },
    types: (tenantId) => asTenant(tenantId, types),
  };
}

type AsTenant = <T>(tenantId: string, work: (unit: Unit) => Promise<T>) => Promise<T>;

async function add(
  asTenant: AsTenant,
  tenantId: string,
  devices: readonly NewDevice[],
  { by, liveMax }: DeviceTerms,
): Promise<Added> {
  if (devices.length === 0) return { devices: [] };
  assertWhole(devices.length, 'devices at once', 1, limits.devicesPerAddMax);
  const ids = devices.map(newDeviceId);
  const values = [...definitionColumns(ids, devices), plainText(by), liveMax];
  try {
    const [row] = await asTenant(tenantId, (unit) => unit.query<{ at: number }>(insert, values));
    if (row === undefined) return noRoom(liveMax, 'nothing was added');
    return { devices: devices.map((device, at) => freshDevice(ids[at]!, device, row.at)) };
  } catch (error) {
    const cause = error instanceof StoreError ? error.cause : error;
    if (sqlStateOf(cause) === '23505') return await asTenant(tenantId, (unit) => existing(unit, ids));
    if (sqlStateOf(cause) !== '23503') throw error;
    const known = (await asTenant(tenantId, types)).join(', ');
    return { refused: 'bad_device_type', detail: `a device is one of ${known}; nothing was added` };
  }
}

/** Nothing that is not said of it already: adding the same device twice meets itself. */
function newDeviceId(device: NewDevice): string {
  const seeds = seedsOf(device);
  return seeds.length > 0 ? deviceId(device.partition, seeds) : idOf(randomId());
}

async function existing(unit: Unit, ids: readonly string[]): Promise<DeviceRefused> {
  const [row] = await unit.query<DeviceColumns>(
    `SELECT ${columns} FROM devices WHERE id = ANY ($1::text[]) ORDER BY ordinal LIMIT 1`,
    [textColumn(ids)],
  );
  const which =
    row === undefined
      ? 'two of them are the same'
      : `${row.id} (${row.name}) is the same, and is ${row.state}`;
  const detail = `a device with this MAC or address is there: ${which}; nothing was added`;
  return { refused: 'device_exists', detail };
}

async function change(
  unit: Unit,
  id: string,
  event: DeviceEvent,
  { by, why = null, liveMax }: DeviceTerms,
): Promise<Changed> {
  for (let attempt = 0; attempt < limits.lifeAttemptsMax; attempt += 1) {
    const before = await find(unit, id);
    if (before === null)
      return { refused: 'no_such_device', detail: `there is no device "${id}": see picket device list` };
    const step = deviceLife.next(before.state, event);
    if ('refused' in step) {
      const detail = refusalText(`device ${id}`, before.state, event, step.allowed);
      return { refused: step.refused, detail };
    }
    const comesBack = isArchived(before.state) && !isArchived(step.to);
    const values = [
      id,
      before.state,
      step.to,
      event,
      plainText(by),
      auditText(why),
      comesBack ? liveMax : null,
    ];
    const [row] = await unit.query<DeviceColumns & { has_room: boolean }>(move, values);
    if (row!.id !== null) return { device: toDevice(row!) };
    if (!row!.has_room) return noRoom(liveMax, 'it was not restored');
  }
  throw new StoreError('store_unavailable', `the state of device ${id} keeps changing`);
}

function noRoom(liveMax: number | null, outcome: string): DeviceRefused {
  return { refused: 'quota_devices', detail: `the tenant's plan allows ${liveMax} devices: ${outcome}` };
}

async function find(unit: Unit, id: string): Promise<Device | null> {
  const [row] = await unit.query<DeviceColumns>(`SELECT ${columns} FROM devices WHERE id = $1`, [id]);
  return row === undefined ? null : toDevice(row);
}

async function types(unit: Unit): Promise<string[]> {
  const rows = await unit.query<{ name: string }>('SELECT name FROM device_types ORDER BY name');
  return rows.map(({ name }) => name);
}

function definitionColumns(ids: readonly string[], devices: readonly NewDevice[]): string[] {
  return [
    textColumn(ids),
    textColumn(devices.map(({ name }) => name)),
    textColumn(devices.map(({ partition }) => partition)),
    textColumn(devices.map(({ type }) => type)),
    textColumn(devices.map(({ addresses }) => addresses.join(' '))),
    textColumn(devices.map(({ macs }) => macs.join(' '))),
    textColumn(devices.map(({ serial }) => serial)),
  ];
}

function freshDevice(id: string, device: NewDevice, atMs: number): Device {
  return { ...device, id, state: firstDeviceState, stateAtMs: atMs, createdAtMs: atMs, archivedAtMs: null };
}

function toDevice(row: DeviceColumns): Device {
  const { id, name, partition, type, addresses, macs, serial, state, state_at, created_at, archived_at } =
    row;
  return {
    ...{ id, name, partition, type, addresses, macs, serial, state },
    stateAtMs: state_at,
    createdAtMs: created_at,
    archivedAtMs: archived_at,
  };
}

interface ChangeColumns extends Record<string, unknown> {
  at: number;
  who: string;
  event: string;
  from_state: DeviceState | null;
  to_state: DeviceState | null;
  why: string | null;
}

function toChange({ at, who, event, from_state, to_state, why }: ChangeColumns): DeviceChange {
  return { atMs: at, who, event, from: from_state, to: to_state, why };
}
