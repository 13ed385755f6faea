/**
 * Reads rows of a snapshot back into a partition that is empty, and groups what is in them anew: whatever kept the rows, and piece by
 * piece, as a large partition takes seconds. What the rows are: `snapshot.ts`.
 */
import { addAddress, addAlias } from './addresses.ts';
import { append, appendTime } from './append.ts';
import { isAddress } from './device-record.ts';
import type { Evidence } from './evidence.ts';
import type { Group } from './groups.ts';
import { identityLimits as limits } from './limits.ts';
import type { PartitionDevices } from './partition.ts';
import type { AddressRow, InterfacesRow, PartitionRow, RecordRow, SnapshotLine, Triple } from './snapshot.ts';
import type { TableTimes } from './source-tables.ts';
import { groupAt } from './standing.ts';

export class BadSnapshot extends Error {}

/** Puts the rows of one partition together; who refers to whom is looked up when all are there. */
export class Loader {
  private readonly devices: PartitionDevices;
  private readonly merged: [id: string, into: string][] = [];
  private readonly times = new Map<number, readonly TableTimes[]>();

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
    } else if ('evidence' in line) {
      const { n, tables, isGone } = line.evidence;
      if (isGone) {
        devices.book.reserve(n);
        return;
      }
      if (tables !== undefined) this.times.set(n, tables);
      devices.book.restore(line.evidence);
    } else if ('interfaces' in line) this.interfaces(line.interfaces);
    else if ('device' in line) this.device(line.device);
    else if ('address' in line) this.address(line.address);
    else if ('merge' in line) devices.inventory.merges.push(line.merge);
    else if ('separation' in line) {
      const of = (triples: readonly Triple[]) =>
        new Set(triples.map((triple) => devices.book.identifier(...triple)));
      devices.separations.all.push({ own: of(line.separation.own), others: of(line.separation.others) });
    } else if ('service' in line) {
      const { sources, deletedAtMs = null, ...service } = line.service;
      devices.services.set(service.id, { ...service, sources: new Set(sources), deletedAtMs });
    }
  }

  /** Written by halves, as by who knew of no tables: the next word of its source brings it back. */
  private interfaces({ n, at, source, text }: InterfacesRow): void {
    const times = this.times.get(n)?.[at];
    if (times?.[0] === source) this.devices.tables.add(this.evidence(n), times, text);
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
    if (deletedAtMs !== null || isDeleted) this.devices.hasRetractions = true;
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
