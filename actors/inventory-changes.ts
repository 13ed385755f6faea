/**
 * What a batch changed in a partition's memory, as rows for the store: the evidence, addresses and devices that it touched, and what
 * people read of them. What did not change may be among them; the store writes what is another one. Decides nothing.
 */

import type { AddressRecord } from './identity/addresses.ts';
import type { DeviceRecord } from './identity/device-record.ts';
import type { Identifier } from './identity/evidence.ts';
import { conflictRow, identifierRow, typeOf } from './identity/final-state.ts';
import type { Group } from './identity/groups.ts';
import type { PartitionDevices, Touched } from './identity/partition.ts';
import { newTouched } from './identity/reconciler.ts';
import { sightingAt } from './identity/sightings.ts';
import {
  addressRow,
  evidenceRow,
  interfacesRow,
  recordRow,
  separationRow,
  tripleOf,
} from './identity/snapshot.ts';
import { changedInterfaces } from './interface-changes.ts';
import type { BatchNews } from './inventory-news.ts';
import type {
  AuditedMerge,
  DeviceDescription,
  DocumentReconciled,
  InventoryChanges,
  InventoryRow,
  SeenConflict,
  SeenIdentifier,
  SeenInterfaces,
  SeenSighting,
} from './ports/inventory-store.ts';
import { seenComponent, seenDevice } from './seen-device.ts';
import type { Told } from './told.ts';

/** What was done to a partition since it was written last. */
export interface Pending {
  readonly touched: Touched;
  /** Besides those that were decided about: where something was seen. */
  readonly addresses: Set<AddressRecord>;
  readonly services: Set<string>;
  readonly bans: Set<Identifier>;
  /** By the device that it is now. */
  readonly described: Map<string, DeviceDescription>;
  readonly who: string | null;
  readonly why: string | null;
}

export function newPending(who: string | null = null, why: string | null = null): Pending {
  return {
    ...{ touched: newTouched(), addresses: new Set(), services: new Set(), bans: new Set() },
    ...{ described: new Map(), who, why },
  };
}

/** Changes to be written, and what of them is news when they are. */
export interface DecidedChanges {
  readonly changes: InventoryChanges;
  readonly news: BatchNews;
}

/** What is told is taken as written: the same is written until it is, or everything is read again. */
export function changesOf(
  devices: PartitionDevices,
  pending: Pending,
  told: Told,
  document: DocumentReconciled | null,
): DecidedChanges {
  const { name: partition, nowMs, batches } = devices;
  const groups = [...pending.touched.groups].filter((group) => isCurrent(group));
  const addresses = [...new Set([...pending.touched.addresses, ...pending.addresses])];
  const evidence = new Set(pending.touched.evidence);
  const identifiers = new Set<Identifier>([...pending.bans, ...pending.touched.identifiers]);
  const records: [DeviceRecord, Group][] = [];
  const changed: DeviceRecord[] = [];
  const interfaces: SeenInterfaces[] = [];
  const created: string[] = [];
  for (const group of groups) {
    const all = devices.inventory.recordsOf(group);
    for (const record of all) if (record.mergedInto === null && !told.knows(record)) created.push(record.id);
    const { changed: others, isOther } = told.changedOf(group, all);
    for (const record of all)
      if (record.mergedInto === null || others.includes(record)) records.push([record, group]);
    for (const one of others) changed.push(one);
    for (const one of changedInterfaces(devices, group, all, told)) interfaces.push(one);
    if (isOther || hasSerials(group)) addIdentifiers(group, identifiers);
    for (const one of group.evidence) if (told.isOtherEvidence(one)) evidence.add(one);
  }
  const row = (kind: InventoryRow['kind'], key: string, value: unknown): InventoryRow => ({
    kind,
    key,
    row: value,
  });
  const rows = [
    ...[...evidence].map((one) => row('evidence', ordinal(one.n), evidenceRow(one, devices))),
    ...[...pending.touched.tables].map((one) => {
      const said = interfacesRow(one, devices);
      return row('interfaces', `${ordinal(said.n)} ${ordinal(said.at)}`, said);
    }),
    ...addresses.map((one) => row('address', one.ip, addressRow(one))),
    ...changed.map((one) => row('device', one.id, recordRow(one))),
    ...[...pending.bans].map((one) => row('ban', JSON.stringify(tripleOf(one)), tripleOf(one))),
    ...separationsFrom(devices, told),
    ...[...pending.services].flatMap((id) => serviceRow(devices, id)),
  ];
  const { opened, ...identified } = identifiersAndConflicts(devices, identifiers, told);
  const merges = mergesFrom(devices, told, pending);
  const changes: InventoryChanges = {
    ...{ partition, rows, document, isPartitionNew: told.isLater(nowMs) },
    partitionRow: row('partition', '', {
      name: partition,
      nowMs: Number.isFinite(nowMs) ? nowMs : null,
      batches,
    }),
    devices: [
      ...records.map(([record, group]) => seenDevice(record, group, pending.described)),
      ...[...pending.services].flatMap((id) => seenComponent(devices, id)),
    ],
    ...identified,
    interfaces,
    sightings: addresses.flatMap((one) => seenSighting(devices, one, told)),
    merges,
  };
  return { changes, news: { created, merges, opened } };
}

function addIdentifiers({ evidence }: Group, identifiers: Set<Identifier>): void {
  for (const { ids, macs, locals, localClaims, overruled } of evidence)
    for (const list of [ids, macs, locals, localClaims, overruled])
      for (const id of list) identifiers.add(id);
}

/** Which of several serials is live may change with nothing but time. */
function hasSerials({ evidence }: Group): boolean {
  let first: Identifier | null = null;
  for (const { ids } of evidence)
    for (const id of ids) {
      if (id.kind !== 'serial' || id === first) continue;
      if (first !== null) return true;
      first = id;
    }
  return false;
}

/** In the order of numbers, as text. */
function ordinal(n: number): string {
  return String(n).padStart(12, '0');
}

/** One that was dissolved meanwhile says nothing. */
function isCurrent(group: Group): boolean {
  if (group.evidence.length > 0) return group.evidence[0]!.group === group;
  return group.address !== null && group.address.standing === group;
}

function* separationsFrom({ separations }: PartitionDevices, told: Told): Generator<InventoryRow> {
  const from = told.separations;
  told.separations = separations.all.length;
  for (const [at, one] of separations.all.entries())
    if (at >= from) yield { kind: 'separation', key: ordinal(at), row: separationRow(one) };
}

function serviceRow({ services }: PartitionDevices, id: string): InventoryRow[] {
  const service = services.get(id);
  if (service === undefined) return [];
  return [{ kind: 'service', key: id, row: { ...service, sources: [...service.sources].sort() } }];
}

/** What of them is another's than was told, and what is in conflict, or was. */
function identifiersAndConflicts(devices: PartitionDevices, all: ReadonlySet<Identifier>, told: Told) {
  const identifiers: SeenIdentifier[] = [];
  const conflicts: SeenConflict[] = [];
  const opened: SeenConflict[] = [];
  for (const identifier of all) {
    const wasConflict = told.conflicts.has(identifier);
    const conflict = seenConflict(devices, identifier, told);
    if (conflict !== null) conflicts.push(conflict);
    if (conflict !== null && !wasConflict) opened.push(conflict);
    const { kind, scope, value } = identifier;
    // What a person tied by hand is no identifier of the device.
    if (kind === 'manual') continue;
    const row = identifierRow(devices, identifier);
    const deviceId = row?.device_id ?? null;
    const status = row?.status ?? 'live';
    if (told.isOtherOwner(identifier, status === 'live' ? deviceId : `${status} ${deviceId}`))
      identifiers.push({ type: typeOf(kind), scope, value, deviceId, status });
  }
  return { identifiers, conflicts, opened };
}

/** One that is none is told when it was one. */
function seenConflict(devices: PartitionDevices, identifier: Identifier, told: Told): SeenConflict | null {
  const { kind, scope, value } = identifier;
  const row = conflictRow(devices, identifier);
  const was = told.conflicts.has(identifier);
  if (row === null && !was) return null;
  if (row === null) told.conflicts.delete(identifier);
  else told.conflicts.add(identifier);
  const type = row?.type ?? (kind === 'local_mac' ? 'mac' : kind);
  return { type, scope, value, reason: row?.reason ?? null, devices: row?.devices ?? [] };
}

function seenSighting({ nowMs }: PartitionDevices, record: AddressRecord, told: Told): SeenSighting[] {
  const { ip } = record;
  const sighting = sightingAt(record, nowMs);
  const was = told.sightings.has(record);
  if (sighting === null && !was) return [];
  if (sighting === null) told.sightings.delete(record);
  else told.sightings.add(record);
  return [sighting ?? { ip, sources: [], firstSeenMs: 0, lastSeenMs: 0, expiresAtMs: 0 }];
}

function mergesFrom({ inventory }: PartitionDevices, told: Told, { who, why }: Pending): AuditedMerge[] {
  const from = told.merges;
  told.merges = inventory.merges.length;
  return inventory.merges.slice(from).map((merge, at) => {
    const { what, from: id, to, reason, evidence, atMs } = merge;
    return {
      n: from + at,
      what,
      from: id,
      to,
      reason,
      evidence,
      atMs,
      who,
      why,
      row: { ...merge, line: null },
    };
  });
}
