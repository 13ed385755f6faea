/**
 * The devices of one partition of one tenant, in memory: takes observations in batches, brings the grouping up to date with them, and
 * says of each line what became of it. What it has to write is read from `touched` afterwards. No input, no output, no clock.
 */

import { flagsOfMac } from '../ports/device-id.ts';
import { mayDraw, ownerAt } from './address-owner.ts';
import { AddressBook, type AddressRecord } from './addresses.ts';
import { admit, areNamesRare } from './admission.ts';
import { type DeviceRecord, isAddress } from './device-record.ts';
import { type Evidence, EvidenceBook } from './evidence.ts';
import { fieldsOf, notice, noticeFirst } from './fields.ts';
import { type Group, Grouping, type Regrouped } from './groups.ts';
import { type BatchMark, Inventory } from './inventory.ts';
import { type LineOutcome, newPlaced, outcomesOf, type Placed } from './outcomes.ts';
import type { Observation } from './read-update.ts';
import { applyRetraction } from './retraction.ts';
import { Separations } from './separations.ts';
import { noteComponent, type ServiceComponent } from './services.ts';
import { glimpseOf } from './sightings.ts';

export interface NumberedObservation {
  readonly line: number;
  readonly observation: Observation;
}

/** What a batch changed, for who keeps it. */
export interface Touched {
  readonly evidence: Set<Evidence>;
  readonly addresses: Set<AddressRecord>;
  readonly groups: Set<Group>;
}

export class PartitionDevices {
  readonly name: string;
  readonly book = new EvidenceBook();
  readonly addressBook = new AddressBook();
  readonly inventory: Inventory;
  readonly grouping = new Grouping(this.book);
  readonly separations = new Separations();
  readonly services = new Map<string, ServiceComponent>();
  /** The newest instant that was told of: what is past is past by this. */
  nowMs = Number.NEGATIVE_INFINITY;
  batches = 0;
  /** As long as nothing was ever retracted nothing is deleted. */
  hasRetractions = false;

  constructor(name: string, randomId: () => string) {
    this.name = name;
    this.inventory = new Inventory(name, randomId);
  }

  /** Outcomes in the order of the lines. Order inside the batch makes no difference to what is decided. */
  apply(batch: readonly NumberedObservation[], touched: Touched): LineOutcome[] {
    this.batches += 1;
    const placed: Placed[] = [];
    const dirty = new Set<Evidence>();
    const at = new Set<AddressRecord>();
    for (const { line, observation } of batch) {
      this.nowMs = Math.max(this.nowMs, observation.atMs);
      const one = newPlaced(line, observation);
      this.place(one, dirty, at);
      placed.push(one);
    }
    const mark = this.markOf(placed, 'evidence_changed');
    const mergesBefore = this.inventory.merges.length;
    const made = this.settle(dirty, at, mark, touched);
    for (const one of placed) this.follow(one, touched);
    const deleted = new Map<DeviceRecord, boolean>();
    if (this.hasRetractions || batch.some(({ observation }) => observation.isRetraction))
      for (const { device } of placed) if (device !== null) deleted.set(device, device.isDeleted);
    for (const one of placed) if (one.observation.isRetraction) applyRetraction(this, one, touched);
    for (const device of deleted.keys()) this.judgeDeleted(device);
    const merged = this.mergedSince(mergesBefore);
    return outcomesOf({ placed, made, deleted, merged, refused: this.grouping.refused });
  }

  private mergedSince(from: number): Map<DeviceRecord, string[]> {
    const merged = new Map<DeviceRecord, string[]>();
    for (const { what, to, reason } of this.inventory.merges.slice(from)) {
      const device = what === 'merge' ? this.findDevice(to) : null;
      if (device !== null) merged.set(device, [...(merged.get(device) ?? []), reason]);
    }
    return merged;
  }

  /** Where an observation belongs before anything is decided. */
  private place(one: Placed, dirty: Set<Evidence>, at: Set<AddressRecord>): void {
    const { observation } = one;
    if (observation.isRetraction) return;
    if (observation.service !== null) {
      one.service = noteComponent(this.services, observation);
      return;
    }
    const { ip, named } = observation;
    const held = ip === null ? null : this.addressBook.at(ip);
    const found =
      named.length > 0 || ip !== null || hasGlobalMac(observation)
        ? this.book.of(observation, held?.ip ?? null)
        : null;
    if (found === null) {
      if (held === null) {
        one.drop = 'no_address';
        return;
      }
      one.record = held;
      one.isNew = this.addressBook.glimpse(held, glimpseOf(observation));
      if (one.isNew) at.add(held);
      return;
    }
    const { evidence } = found;
    one.evidence = evidence;
    one.isNew = found.isNew;
    if (one.isNew) {
      dirty.add(evidence);
      this.separations.applyTo(this.book, evidence);
    }
    this.notice(evidence, observation, held, dirty, at);
    this.assert(evidence, observation, dirty);
    noticeFirst(evidence, observation, held?.ip ?? null);
  }

  private notice(
    evidence: Evidence,
    observation: Observation,
    held: AddressRecord | null,
    dirty: Set<Evidence>,
    at: Set<AddressRecord>,
  ): void {
    const { atMs, hostname, tableIps } = observation;
    if (hostname !== null && this.book.addName(evidence, hostname) && !this.isNameIdle(evidence))
      dirty.add(evidence);
    notice(evidence, observation, held?.ip ?? null);
    if (held !== null && this.addressBook.hold(held, atMs, evidence)) {
      if (mayDraw(held)) at.add(held);
      // Being at one address with another may be what was missing for a MAC that both have.
      if (this.hasRefused(evidence)) dirty.add(evidence);
    }
    for (const one of tableIps) {
      const record = this.addressBook.claim(one, atMs, evidence);
      if (record !== null) at.add(record);
    }
  }

  /** A tie of its device was refused, for which something else that agrees may have been missing. */
  private hasRefused(evidence: Evidence): boolean {
    if (this.grouping.refused.size === 0) return false;
    if (evidence.group === null) return isAnyRefused(evidence);
    for (const one of evidence.group.evidence) if (isAnyRefused(one)) return true;
    return false;
  }

  /** Nothing is decided otherwise because it carries one more name. */
  private isNameIdle(evidence: Evidence): boolean {
    const { refused } = this.grouping;
    if (!areNamesRare(evidence, this.book)) return false;
    if (evidence.group === null) return true;
    for (const { macs } of evidence.group.evidence)
      for (const mac of macs) if (mac.isShared || refused.has(mac)) return false;
    return true;
  }

  /** Who asserts an id makes a device of that id, or names one that is there. */
  private assert(evidence: Evidence, { named, atMs }: Observation, dirty: Set<Evidence>): void {
    for (const { kind, value } of named) {
      if (kind !== 'asserted') continue;
      const record = this.inventory.records.get(value);
      if (record === undefined) {
        this.inventory.found(value, this.batches, evidence, atMs);
        dirty.add(evidence);
      } else if (record.assertedMs !== null) record.assertedMs = Math.min(record.assertedMs, atMs);
      else if (isAddress(record.founder)) {
        record.founder.device = null;
        this.inventory.settle(record, evidence);
        dirty.add(evidence);
      } else if (record.founder !== evidence) {
        const identifier = this.book.identifier('asserted', '', value);
        if (!record.founder.ids.includes(identifier)) {
          this.book.tie(record.founder, identifier);
          dirty.add(record.founder).add(evidence);
        }
      }
    }
  }

  /** Decides anew what these reach. Answers the devices that are new. */
  settle(dirty: Set<Evidence>, at: Set<AddressRecord>, mark: BatchMark, touched: Touched): Set<DeviceRecord> {
    if (dirty.size === 0 && at.size === 0) return new Set();
    const regrouped = this.group(dirty, at, touched);
    const { groups, addresses } = regrouped;
    const made = this.inventory.settleAll(regrouped, mark);
    for (const group of groups) touched.groups.add(group);
    for (const record of addresses) {
      touched.addresses.add(record);
      if (record.standing !== null) touched.groups.add(record.standing);
    }
    return new Set(made);
  }

  /** What these reach is grouped anew; nobody is given an id yet. */
  group(dirty: Set<Evidence>, at: Set<AddressRecord>, touched: Touched | null = null): Regrouped {
    const admitted = new Set<Group>();
    for (const evidence of dirty) {
      const group = admit(evidence, { book: this.book, refused: this.grouping.refused });
      if (group === null) continue;
      dirty.delete(evidence);
      touched?.groups.add(group);
      if (group.device === null) admitted.add(group);
    }
    const regrouped = this.grouping.regroup(dirty, at);
    for (const group of admitted) regrouped.groups.add(group);
    return regrouped;
  }

  markOf(placed: readonly Placed[], separation: string): BatchMark {
    let lines: Map<Evidence, number> | null = null;
    // Most batches merge and part little.
    const lineOf = (evidence: readonly Evidence[]) => {
      lines ??= linesOf(placed);
      const known = lines;
      const all = evidence.flatMap((one) => known.get(one) ?? []);
      return all.length > 0 ? Math.min(...all) : (placed[0]?.line ?? null);
    };
    return { n: this.batches, atMs: this.nowMs, lineOf, separation };
  }

  /** To the device to which it belongs now. */
  private follow(one: Placed, touched: Touched): void {
    const { evidence, record, observation } = one;
    if (evidence !== null) touched.evidence.add(evidence);
    if (record !== null) touched.addresses.add(record);
    const owner =
      evidence !== null
        ? evidence.group
        : record !== null
          ? (ownerAt(record, observation.atMs) ?? record.standing)
          : null;
    if (owner !== null) touched.groups.add(owner);
    one.device = owner?.device ?? null;
  }

  judgeDeleted(device: DeviceRecord): void {
    const { group } = device;
    if (group === null || !this.hasRetractions) return;
    let deletedMs: number | null = null;
    for (const record of this.inventory.recordsOf(group))
      if (record.deletedAtMs !== null)
        deletedMs = Math.max(deletedMs ?? record.deletedAtMs, record.deletedAtMs);
    const lastMs = deletedMs === null ? null : fieldsOf(group).strongLastMs;
    device.isDeleted = deletedMs !== null && (lastMs === null || lastMs <= deletedMs);
  }

  /** To which device an observation that was taken belongs now; null: to none, it is a sighting or was dropped. */
  deviceOf(observation: Observation): DeviceRecord | null {
    const found = this.book.of(observation);
    if (found !== null) return found.evidence.group?.device ?? null;
    const record = observation.ip === null ? undefined : this.addressBook.all.get(observation.ip);
    if (record === undefined) return null;
    return (ownerAt(record, observation.atMs) ?? record.standing)?.device ?? null;
  }

  findDevice(id: string): DeviceRecord | null {
    const record = this.inventory.records.get(id);
    return record === undefined ? null : (record.mergedInto ?? record);
  }
}

function isAnyRefused({ macs }: Evidence): boolean {
  for (const { isRefused } of macs) if (isRefused) return true;
  return false;
}

/** The last line that brought each piece of evidence that is new. */
function linesOf(placed: readonly Placed[]): Map<Evidence, number> {
  const lines = new Map<Evidence, number>();
  for (const { evidence, isNew, line } of placed) if (evidence !== null && isNew) lines.set(evidence, line);
  return lines;
}

function hasGlobalMac({ mac, tableMacs }: Observation): boolean {
  return (mac !== null && isGlobal(mac)) || tableMacs.some(isGlobal);
}

function isGlobal(mac: string): boolean {
  return flagsOfMac(mac) === 0;
}
