/** The whole inventory as rows: what `picket reconcile` prints last, and what tests hold to the rules. */

import type { Conflict } from './conflicts.ts';
import type { DeviceRecord } from './device-record.ts';
import type { Evidence, Identifier } from './evidence.ts';
import { fieldsOf } from './fields.ts';
import type { Group } from './groups.ts';
import { singleValuedKinds } from './identifier-rules.ts';
import { identityLimits as limits } from './limits.ts';
import type { PartitionDevices } from './partition.ts';
import { isGone } from './services.ts';
import { sightingAt } from './sightings.ts';

export interface DeviceRow {
  id: string;
  partition: string;
  ip: string | null;
  mac: string | null;
  hostname: string | null;
  is_available: boolean | null;
  first_seen: string | null;
  last_seen: string | null;
  sources: string[];
  deleted: boolean;
}

export interface IdentifierRow {
  partition: string;
  type: string;
  scope: string;
  value: string;
  device_id: string;
  status: 'live' | 'history';
}

export interface MergeOut {
  what: 'merge' | 'separation';
  from: string;
  to: string;
  reason: string;
  evidence: readonly string[];
  at: string | null;
  line: number | null;
}

export interface ConflictRow {
  partition: string;
  type: string;
  scope: string;
  value: string;
  devices: string[];
  reason: Conflict['reason'];
}

export interface SightingRow {
  partition: string;
  ip: string;
  sources: readonly string[];
  first_seen: string;
  last_seen: string;
  expires_at: string;
}

export interface FinalState {
  devices: DeviceRow[];
  identifiers: IdentifierRow[];
  merges: MergeOut[];
  conflicts: ConflictRow[];
  sightings: SightingRow[];
}

export function finalState(partitions: Iterable<PartitionDevices>, nowMs: number): FinalState {
  const state: FinalState = { devices: [], identifiers: [], merges: [], conflicts: [], sightings: [] };
  for (const devices of partitions) {
    state.devices.push(...devicesOf(devices));
    state.identifiers.push(...identifierRows(devices));
    state.merges.push(...mergesOf(devices));
    state.conflicts.push(...conflictsOf(devices));
    for (const record of devices.addressBook.all.values()) {
      const sighting = sightingAt(record, Math.max(nowMs, devices.nowMs));
      if (sighting === null) continue;
      const { ip, sources, firstSeenMs, lastSeenMs, expiresAtMs } = sighting;
      const instants = {
        first_seen: iso(firstSeenMs)!,
        last_seen: iso(lastSeenMs)!,
        expires_at: iso(expiresAtMs)!,
      };
      state.sightings.push({ partition: devices.name, ip, sources, ...instants });
    }
  }
  return state;
}

function iso(ms: number | null): string | null {
  return ms === null || !Number.isFinite(ms) ? null : new Date(ms).toISOString();
}

function* devicesOf(devices: PartitionDevices): Generator<DeviceRow> {
  for (const record of devices.inventory.records.values())
    if (record.mergedInto === null && record.group !== null) yield deviceRow(devices, record, record.group);
  for (const service of devices.services.values()) {
    const { id, observation, firstMs, lastMs, sources } = service;
    const { ip, mac, hostname, isAvailable } = observation;
    const deleted = isGone(service);
    yield {
      ...{ id, partition: devices.name, ip, mac, hostname, is_available: deleted ? false : isAvailable },
      ...{ first_seen: iso(firstMs), last_seen: iso(lastMs), sources: [...sources].sort(), deleted },
    };
  }
}

function deviceRow(devices: PartitionDevices, record: DeviceRecord, group: Group): DeviceRow {
  const { ip, mac, hostname, isAvailable, firstSeenMs, lastSeenMs, sources } = fieldsOf(group);
  return {
    ...{ id: record.id, partition: devices.name, ip, mac, hostname },
    is_available: record.isDeleted ? false : isAvailable,
    ...{ first_seen: iso(firstSeenMs), last_seen: iso(lastSeenMs), sources, deleted: record.isDeleted },
  };
}

function* identifierRows(devices: PartitionDevices): Generator<IdentifierRow> {
  for (const identifier of devices.book.identifiers()) {
    const row = identifierRow(devices, identifier);
    if (row !== null) yield row;
  }
}

/** Of single-valued ones where hardware was replaced, the latest by time is live. Null: it identifies nobody. */
export function identifierRow(devices: PartitionDevices, identifier: Identifier): IdentifierRow | null {
  const { kind, scope, value, isShared, isBanned } = identifier;
  if (isShared || isBanned || kind === 'manual') return null;
  const group = groupOf(identifier);
  const id = group?.device?.id;
  if (group === null || id === undefined) return null;
  const status = kind === 'serial' && laterSerial(group, identifier) ? 'history' : 'live';
  return { partition: devices.name, type: typeOf(kind), scope, value, device_id: id, status };
}

export function typeOf(kind: Identifier['kind']): string {
  return kind === 'asserted' ? 'device_id' : kind === 'local_mac' ? 'mac' : kind;
}

/** The one device that holds it; of a MAC that two hold nobody's. */
function groupOf({ holders }: Identifier): Group | null {
  let found: Group | null = null;
  for (const { group } of holders) {
    if (group === null || group === found) continue;
    if (found !== null) return null;
    found = group;
  }
  return found;
}

function laterSerial({ evidence }: Group, identifier: Identifier): boolean {
  let own = Number.NEGATIVE_INFINITY;
  let other = Number.NEGATIVE_INFINITY;
  let otherValue = '';
  for (const one of evidence) {
    const lastMs = Math.max(...one.seen.map((seen) => seen.lastMs));
    for (const id of one.ids) {
      if (id.kind !== 'serial' || id.isShared || id.isBanned) continue;
      if (id === identifier) own = Math.max(own, lastMs);
      else if (lastMs > other || (lastMs === other && id.value > otherValue))
        [other, otherValue] = [lastMs, id.value];
    }
  }
  return other > own || (other === own && otherValue > identifier.value);
}

function* mergesOf(devices: PartitionDevices): Generator<MergeOut> {
  for (const { what, from, to, reason, evidence, atMs, line } of devices.inventory.merges)
    yield { what, from, to, reason, evidence, at: iso(atMs), line };
}

function* conflictsOf(devices: PartitionDevices): Generator<ConflictRow> {
  for (const identifier of devices.book.identifiers()) {
    const row = conflictRow(devices, identifier);
    if (row !== null) yield row;
  }
}

export function conflictRow(devices: PartitionDevices, identifier: Identifier): ConflictRow | null {
  const { kind, scope, value, isShared, isBanned, holders } = identifier;
  if (isBanned) return null;
  const reason =
    devices.grouping.refused.get(identifier) ?? (isShared ? 'shared' : assertedTwice(identifier));
  if (reason === null) return null;
  const type = kind === 'local_mac' ? 'mac' : kind;
  return { partition: devices.name, type, scope, value, devices: idsOf(holders), reason };
}

function idsOf(holders: readonly Evidence[]): string[] {
  const ids = new Set<string>();
  for (const { group } of holders) {
    if (group?.device != null) ids.add(group.device.id);
    if (ids.size >= limits.conflictDevicesMax) break;
  }
  return [...ids].sort();
}

/** An asserted id under which two values of one kind came. */
function assertedTwice({ kind, holders }: Identifier): 'asserted_conflict' | null {
  if (kind !== 'asserted') return null;
  const known = new Map<string, Identifier>();
  for (const one of holders) {
    for (const id of one.ids) {
      if (id.kind === 'serial' || !singleValuedKinds.includes(id.kind)) continue;
      const key = `${id.kind}:${id.scope}`;
      const before = known.get(key);
      if (before !== undefined && before !== id) return 'asserted_conflict';
      known.set(key, id);
    }
  }
  return null;
}

/** The state as one line of JSON, in pieces: of a large inventory it is longer than a text can be. */
export function* finalPieces(state: FinalState): Generator<string> {
  let isFirst = true;
  for (const [name, rows] of Object.entries(state) as [string, unknown[]][]) {
    yield `${isFirst ? '{' : ','}${JSON.stringify(name)}:[`;
    isFirst = false;
    let separator = '';
    for (const row of rows) {
      yield separator + JSON.stringify(row);
      separator = ',';
    }
    yield ']';
  }
  yield '}\n';
}
