/**
 * The whole memory of a reconciler as lines of JSON, and back: for `picket reconcile --state` and for whoever keeps it elsewhere. The
 * grouping is no part of it: it is a function of what is, and is decided again when it is read.
 */

import { type AddressRecord, addAddress, addAlias, type Glimpse } from './addresses.ts';
import { append, appendTime } from './append.ts';
import { type DeviceRecord, isAddress, type MergeRow } from './device-record.ts';
import type { Evidence, Identifier, Seen } from './evidence.ts';
import type { Group } from './groups.ts';
import type { IdentifierKind } from './identifier-rules.ts';
import { identityLimits as limits } from './limits.ts';
import type { PartitionDevices } from './partition.ts';
import type { Observation } from './read-update.ts';
import type { Reconciler } from './reconciler.ts';
import type { Separation } from './separations.ts';
import { groupAt } from './standing.ts';

export type Triple = readonly [kind: IdentifierKind, scope: string, value: string];

export interface EvidenceRow {
  n: number;
  ids: Triple[];
  macs: Triple[];
  claims: Triple[];
  locals: Triple[];
  localClaims: Triple[];
  overruled: Triple[];
  seedMac: string | null;
  first: [ms: number, order: number, ip: string | null];
  names: readonly string[];
  seen: readonly Seen[];
}

export interface AddressRow {
  ip: string;
  holds: [ms: number, n: number][];
  glimpses: readonly Glimpse[];
  claims: [n: number, instants: number[], lastMs: number][];
  said: string | null;
  overruled: number[];
}

export interface RecordRow {
  id: string;
  createdIn: number;
  /** The number of evidence, or an address. */
  founder: number | string;
  assertedMs: number | null;
  mergedInto: string | null;
  merge: MergeRow | null;
  deletedAtMs: number | null;
  isDeleted: boolean;
}

export interface PartitionRow {
  name: string;
  nowMs: number | null;
  batches: number;
}

interface ServiceRow {
  id: string;
  observation: Observation;
  firstMs: number;
  lastMs: number;
  sources: string[];
}

export type SnapshotLine =
  | { picket_devices: 1 }
  | { partition: PartitionRow }
  | { ban: Triple }
  | { evidence: EvidenceRow }
  | { address: AddressRow }
  | { device: RecordRow }
  | { merge: MergeRow }
  | { separation: { own: Triple[]; others: Triple[] } }
  | { service: ServiceRow };

export function tripleOf({ kind, scope, value }: Identifier): Triple {
  return [kind, scope, value];
}

export function evidenceRow(one: Evidence): EvidenceRow {
  const { n, seedMac, names, seen, firstMs, firstOrder, firstIp } = one;
  const rows = (list: readonly Identifier[]) => list.map(tripleOf);
  return {
    ...{ n, ids: rows(one.ids), macs: rows(one.macs), claims: rows(one.claims), locals: rows(one.locals) },
    ...{ localClaims: rows(one.localClaims), overruled: rows(one.overruled), seedMac },
    ...{ first: [firstMs, firstOrder, firstIp], names, seen },
  };
}

export function addressRow({
  ip,
  holdTimes,
  holders,
  glimpses,
  claims,
  said,
  overruled,
}: AddressRecord): AddressRow {
  return {
    ip,
    holds: holders.map((by, at) => [holdTimes[at]!, by.n]),
    glimpses,
    claims: claims.map(({ by, instants, lastMs }) => [by.n, instants, lastMs]),
    said: said?.id ?? null,
    overruled: overruled.map(({ n }) => n),
  };
}

export function recordRow(record: DeviceRecord): RecordRow {
  const { id, createdIn, founder, assertedMs, mergedInto, merge, deletedAtMs, isDeleted } = record;
  return {
    ...{ id, createdIn, founder: isAddress(founder) ? founder.ip : founder.n, assertedMs },
    ...{ mergedInto: mergedInto?.id ?? null, merge, deletedAtMs, isDeleted },
  };
}

export function separationRow({ own, others }: Separation): { own: Triple[]; others: Triple[] } {
  return { own: [...own].map(tripleOf), others: [...others].map(tripleOf) };
}

export function* snapshot(reconciler: Reconciler): Generator<SnapshotLine> {
  yield { picket_devices: 1 };
  for (const devices of reconciler.partitions.values()) yield* snapshotOf(devices);
}

function* snapshotOf(devices: PartitionDevices): Generator<SnapshotLine> {
  const { name, nowMs, batches, book, addressBook, inventory, separations, services } = devices;
  yield { partition: { name, nowMs: Number.isFinite(nowMs) ? nowMs : null, batches } };
  for (const identifier of book.identifiers()) if (identifier.isBanned) yield { ban: tripleOf(identifier) };
  for (const one of book.all.values()) yield { evidence: evidenceRow(one) };
  for (const record of inventory.records.values()) yield { device: recordRow(record) };
  for (const record of addressBook.all.values()) yield { address: addressRow(record) };
  for (const merge of inventory.merges) yield { merge };
  for (const one of separations.all) yield { separation: separationRow(one) };
  for (const { sources, ...service } of services.values())
    yield { service: { ...service, sources: [...sources].sort() } };
}

export class BadSnapshot extends Error {}

/** Reads what `snapshot` gave into a reconciler that is empty. Throws `BadSnapshot`. */
export function restore(lines: Iterable<unknown>, reconciler: Reconciler): void {
  let loader: Loader | null = null;
  let isHeaded = false;
  for (const line of lines) {
    if (typeof line !== 'object' || line === null) throw new BadSnapshot('a line is no object');
    const said = line as SnapshotLine;
    if ('picket_devices' in said) {
      if (said.picket_devices !== 1) throw new BadSnapshot('it was written by another version');
      isHeaded = true;
    } else if (!isHeaded) throw new BadSnapshot('it is no state of devices');
    else if ('partition' in said) {
      loader?.finish();
      loader = new Loader(reconciler.partition(said.partition.name), said.partition);
    } else if (loader === null) throw new BadSnapshot('no partition is named');
    else loader.take(said);
  }
  loader?.finish();
}

/** Puts the rows of one partition together; who refers to whom is looked up when all are there. */
export class Loader {
  private readonly devices: PartitionDevices;
  private readonly merged: [id: string, into: string][] = [];

  constructor(devices: PartitionDevices, { nowMs, batches }: PartitionRow) {
    this.devices = devices;
    devices.nowMs = nowMs ?? Number.NEGATIVE_INFINITY;
    devices.batches = batches;
  }

  take(line: SnapshotLine): void {
    const { devices } = this;
    if ('ban' in line) {
      const identifier = devices.book.identifier(...line.ban);
      identifier.isBanned = true;
      identifier.isShared = true;
    } else if ('evidence' in line) devices.book.restore(line.evidence);
    else if ('device' in line) this.device(line.device);
    else if ('address' in line) this.address(line.address);
    else if ('merge' in line) devices.inventory.merges.push(line.merge);
    else if ('separation' in line) {
      const of = (triples: readonly Triple[]) =>
        new Set(triples.map((triple) => devices.book.identifier(...triple)));
      devices.separations.all.push({ own: of(line.separation.own), others: of(line.separation.others) });
    } else if ('service' in line) {
      const { sources, ...service } = line.service;
      devices.services.set(service.id, { ...service, sources: new Set(sources) });
    }
  }

  private device({
    id,
    createdIn,
    founder,
    assertedMs,
    mergedInto,
    merge,
    deletedAtMs,
    isDeleted,
  }: RecordRow): void {
    const place = typeof founder === 'string' ? this.devices.addressBook.at(founder) : this.evidence(founder);
    const record = this.devices.inventory.found(id, createdIn, place, assertedMs);
    Object.assign(record, { merge, deletedAtMs, isDeleted });
    if (deletedAtMs !== null) this.devices.hasRetractions = true;
    if (mergedInto !== null) this.merged.push([id, mergedInto]);
  }

  private address({ ip, holds, glimpses, claims, said, overruled }: AddressRow): void {
    const record = this.devices.addressBook.at(ip);
    const touch = (by: Evidence) => addAddress(by, record);
    for (const [atMs, n] of holds) {
      const by = this.evidence(n);
      record.holdTimes = appendTime(record.holdTimes, atMs);
      record.holders = append(record.holders, by);
      touch(by);
    }
    record.glimpses = glimpses;
    for (const [n, instants, lastMs] of claims) {
      const by = this.evidence(n);
      record.claims = append(record.claims, { by, instants, lastMs });
      touch(by);
    }
    record.overruled = overruled.map((n) => this.evidence(n));
    const device = said === null ? null : (this.devices.inventory.records.get(said) ?? null);
    record.said = device;
    if (device === null) return;
    if (!isAddress(device.founder)) touch(device.founder);
    else if (device.founder !== record) addAlias(device.founder, record);
  }

  private evidence(n: number): Evidence {
    const found = this.devices.book.all.get(n);
    if (found === undefined) throw new BadSnapshot(`evidence ${n} is missing`);
    return found;
  }

  /** Groups all that was taken: in pieces, between which whoever runs it may do something else. Throws `BadSnapshot`. */
  *finishing(): Generator<void> {
    const { devices } = this;
    for (const [id, into] of this.merged) {
      const [record, target] = [devices.inventory.records.get(id), devices.inventory.records.get(into)];
      if (record === undefined || target === undefined) throw new BadSnapshot(`device ${into} is missing`);
      record.mergedInto = target;
    }
    // What stood by an address stands there until what was seen there belongs to another.
    for (const record of devices.inventory.records.values())
      if (isAddress(record.founder) && record.mergedInto === null)
        record.founder.standing = groupAt(record.founder);
    let piece = new Set<Evidence>();
    for (const evidence of devices.book.all.values()) {
      piece.add(evidence);
      if (piece.size < limits.regroupedAtOnceMax) continue;
      devices.group(piece, new Set());
      piece = new Set();
      yield;
    }
    devices.group(piece, new Set(devices.addressBook.all.values()));
    yield;
    const groups = new Set<Group>();
    for (const { group } of devices.book.all.values()) if (group !== null) groups.add(group);
    // Who has which id is decided when all are there: a part of a device is not the device.
    const mark = devices.markOf([], 'evidence_changed');
    devices.inventory.settleAll(
      { groups, addresses: new Set(devices.addressBook.all.values()), before: () => null },
      mark,
    );
  }

  finish(): void {
    for (const _ of this.finishing());
  }
}
