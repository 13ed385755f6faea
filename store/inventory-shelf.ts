/**
 * What people read of a tenant's inventory, in its schema under its role: devices with what was seen of them, what identifies them,
 * how they were merged, and what is in conflict. Nothing is written here.
 */
import { groupKey } from '../actors/ports/device-group.ts';
import type { DeviceState } from '../actors/ports/device-lifecycle.ts';
import type {
  DocumentReconciled,
  IdentifiedBy,
  InventoryShelf,
  ListedConflict,
  ListedDevice,
  ListedMerge,
  SeenIdentifier,
  SeenInterface,
} from '../actors/ports/inventory-store.ts';
import { plainText } from './audit-text.ts';
import { assertWhole, textColumn } from './columns.ts';
import { limits } from './limits.ts';
import { atNewest } from './schema-versions.ts';
import type { Database, Parameter } from './unit-of-work.ts';

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
  by_hand: boolean;
  hostname: string | null;
  ip: string | null;
  mac: string | null;
  vendor: string | null;
  model: string | null;
  os: string | null;
  first_seen: number | null;
  last_seen: number | null;
  is_available: boolean | null;
  is_deleted: boolean;
  sources: string[];
  merged_into: string | null;
}

const columns = `id, name, "partition", type, addresses, macs, serial, state, state_at, created_at, archived_at, by_hand, hostname, ip,
  mac, vendor, model, os, first_seen, last_seen, is_available, is_deleted, sources, merged_into`;

const listOf = (isWanted: string) => `
SELECT ${columns} FROM devices
WHERE ${isWanted} CASE $1::text WHEN 'merged' THEN merged_into IS NOT NULL
    ELSE merged_into IS NULL AND (archived_at IS NOT NULL) = ($1::text = 'archived') END
  AND ($2::text IS NULL OR ordinal > (SELECT ordinal FROM devices WHERE id = $2))
ORDER BY ordinal LIMIT $3::int`;
const list = listOf('');
/** Asked only for a group: a schema one version behind has none. */
const listGroup = listOf(`(
    EXISTS (SELECT FROM device_group_members m WHERE m.group_key = $4 AND m.device_id = devices.id)
    OR EXISTS (
      SELECT FROM devices o JOIN device_group_members m ON m.device_id = o.id AND m.group_key = $4
      WHERE o.merged_into = devices.id
    )
  ) AND `);
const find = `SELECT ${columns} FROM devices WHERE id = $1`;

const identifiers = `
SELECT type, scope, value, device_id, status FROM device_identifiers WHERE device_id = $1
ORDER BY type, scope, value LIMIT ${limits.listedRowsMax}`;

const holder = `
SELECT i.type, i.scope, i.value, i.device_id, d.name
FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS x(type, scope, value, n)
JOIN device_identifiers i ON i."partition" = $1 AND (i.type, i.scope, i.value) = (x.type, x.scope, x.value) AND i.status = 'live'
JOIN devices d ON d.id = i.device_id
ORDER BY x.n LIMIT 1`;

const interfaces = `
SELECT name, mac, addresses, sources, first_seen, last_seen FROM device_interfaces WHERE device_id = $1
ORDER BY name, mac LIMIT ${limits.listedRowsMax}`;

/** Of a device, and of whatever was merged into it or came out of it, as far as that goes. */
const merges = `
WITH RECURSIVE of (id) AS (
  SELECT $1 UNION SELECT m.from_id FROM device_merge_audit m JOIN of ON m.to_id = of.id
)
SELECT m."partition", m.what, m.from_id, m.to_id, m.reason, m.evidence, m.at, m.who, m.why
FROM device_merge_audit m WHERE m.from_id = $1 OR m.to_id IN (SELECT id FROM of)
ORDER BY m.n LIMIT ${limits.listedRowsMax}`;

const reconciled = `
SELECT reconciled_at, reconciled FROM documents WHERE ordinal = $1::bigint AND reconciled_at IS NOT NULL`;

const conflicts = `
SELECT "partition", type, scope, value, reason, devices, since FROM device_conflicts
ORDER BY since DESC, type, scope, value LIMIT $1::int`;

export function createInventoryShelf(db: Database): InventoryShelf {
  const ask = <Row extends Record<string, unknown>>(
    tenantId: string,
    text: string,
    values: readonly Parameter[],
  ) => atNewest('inventory', () => db.asTenant(tenantId, (unit) => unit.query<Row>(text, values)));
  return {
    async list(tenantId, { which, group = null, after, limit }) {
      assertWhole(limit, 'limit', 1, limits.devicesPerQueryMax);
      const values = [which, after === null ? null : plainText(after), limit];
      const [text, more] = group === null ? [list, []] : [listGroup, [plainText(groupKey(group))]];
      return (await ask<DeviceColumns>(tenantId, text, [...values, ...more])).map(toDevice);
    },
    async find(tenantId, id) {
      const [row] = await ask<DeviceColumns>(tenantId, find, [plainText(id)]);
      return row === undefined ? null : toDevice(row);
    },
    async holder(tenantId, partition, any) {
      const columns = [
        any.map(({ type }) => type),
        any.map(({ scope }) => scope),
        any.map(({ value }) => value),
      ];
      type Row = Omit<IdentifiedBy, 'deviceId'> & Record<string, unknown> & { device_id: string };
      const [row] = await ask<Row>(tenantId, holder, [plainText(partition), ...columns.map(textColumn)]);
      if (row === undefined) return null;
      const { type, scope, value, device_id: deviceId, name } = row;
      return { type, scope, value, deviceId, name };
    },
    async identifiers(tenantId, deviceId) {
      type Row = Omit<SeenIdentifier, 'deviceId'> & Record<string, unknown> & { device_id: string };
      const rows = await ask<Row>(tenantId, identifiers, [plainText(deviceId)]);
      return rows.map(({ type, scope, value, status, device_id }) => ({
        ...{ type, scope, value, status, deviceId: device_id },
      }));
    },
    async interfaces(tenantId, deviceId) {
      type Row = Pick<SeenInterface, 'name' | 'mac' | 'addresses' | 'sources'> &
        Record<string, unknown> & { first_seen: number; last_seen: number };
      const rows = await ask<Row>(tenantId, interfaces, [plainText(deviceId)]);
      return rows.map(({ name, mac, addresses, sources, first_seen, last_seen }) => ({
        ...{ name, mac, addresses, sources, firstSeenMs: first_seen, lastSeenMs: last_seen },
      }));
    },
    async merges(tenantId, deviceId) {
      type Row = Omit<ListedMerge, 'from' | 'to' | 'atMs'> &
        Record<string, unknown> & { from_id: string; to_id: string; at: number };
      const rows = await ask<Row>(tenantId, merges, [plainText(deviceId)]);
      return rows.map(({ partition, what, from_id, to_id, reason, evidence, at, who, why }) => ({
        ...{ partition, what, from: from_id, to: to_id, reason, evidence, atMs: at, who, why },
      }));
    },
    async reconciled(tenantId, ordinal) {
      type Row = { reconciled_at: number; reconciled: DocumentReconciled } & Record<string, unknown>;
      const [row] = await ask<Row>(tenantId, reconciled, [ordinal]);
      return row === undefined ? null : { ...row.reconciled, atMs: row.reconciled_at };
    },
    async conflicts(tenantId, limit) {
      assertWhole(limit, 'limit', 1, limits.listedRowsMax);
      type Row = Omit<ListedConflict, 'sinceMs'> & Record<string, unknown> & { since: number };
      const rows = await ask<Row>(tenantId, conflicts, [limit]);
      return rows.map(({ partition, type, scope, value, reason, devices, since }) => ({
        ...{ partition, type, scope, value, reason, devices, sinceMs: since },
      }));
    },
  };
}

function toDevice(row: DeviceColumns): ListedDevice {
  const { id, name, partition, type, addresses, macs, serial, state, hostname, ip, mac } = row;
  const { vendor, model, os, sources } = row;
  return {
    ...{
      id,
      name,
      partition,
      type,
      addresses,
      macs,
      serial,
      state,
      hostname,
      ip,
      mac,
      vendor,
      model,
      os,
      sources,
    },
    ...{ stateAtMs: row.state_at, createdAtMs: row.created_at, archivedAtMs: row.archived_at },
    ...{ byHand: row.by_hand, firstSeenMs: row.first_seen, lastSeenMs: row.last_seen },
    ...{ isAvailable: row.is_available, isDeleted: row.is_deleted, mergedInto: row.merged_into },
  };
}
