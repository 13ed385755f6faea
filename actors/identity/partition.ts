/**
 * The devices of one partition of one tenant, in memory: takes observations in batches, brings the grouping up to date with them, and
 * says of each line what became of it. What it has to write is read from `touched` afterwards. No input, no output, no clock.
 */

import { mayDraw, ownerAt } from './address-owner.ts';
import { AddressBook, type AddressRecord, type Glimpse } from './addresses.ts';
import { admit, areNamesRare } from './admission.ts';
import { type DeviceRecord, isAddress } from './device-record.ts';
import { type Evidence, EvidenceBook } from './evidence.ts';
import { fieldsOf, notice } from './fields.ts';
import { type Group, Grouping, type Regrouped } from './groups.ts';
import { isBetterMac, isSightingSource, sightingLifeMs } from './identifier-rules.ts';
import { type BatchMark, Inventory } from './inventory.ts';
import { type LineOutcome, outcomesOf, type Placed } from './outcomes.ts';
import type { Observation } from './read-update.ts';
import { applyRetraction } from './retraction.ts';
import { Separations } from './separations.ts';
import { noteComponent, type ServiceComponent } from './services.ts';

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
      const place = this.place(observation, dirty, at);
      placed.push({
        line,
        observation,
        evidence: place.evidence,
        isNew: place.isNew,
        record: place.record,
        service: place.service,
        drop: place.drop,
      });
    }
    const mark = this.markOf(placed, 'evidence_changed');
    const mergesBefore = this.inventory.merges.length;
    const made = this.settle(dirty, at, mark, touched);
    for (const one of placed) this.follow(one, touched);
    const deleted = new Map<DeviceRecord, boolean>();
    for (const { device } of placed) if (device != null) deleted.set(device, device.isDeleted);
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
  private place(
    observation: Observation,
    dirty: Set<Evidence>,
    at: Set<AddressRecord>,
  ): Pick<Placed, 'evidence' | 'isNew' | 'record' | 'drop' | 'service'> {
    const nothing = { evidence: null, isNew: false, record: null, drop: null, service: null };
    if (observation.isRetraction) return nothing;
    if (observation.service !== null)
      return { ...nothing, service: noteComponent(this.services, observation) };
    const { ip, named, atMs } = observation;
    const found =
      named.length > 0 || ip !== null || hasGlobalMac(observation) ? this.book.of(observation) : undefined;
    if (found === undefined) return { ...nothing, drop: 'no_address' };
    if (found === null) {
      if (ip === null) return { ...nothing, drop: 'no_address' };
      const record = this.addressBook.glimpse(ip, glimpseOf(observation));
      if (record !== null) at.add(record);
      return { ...nothing, record: record ?? this.addressBook.at(ip), isNew: record !== null };
    }
    const { evidence, isNew } = found;
    if (isNew) {
      dirty.add(evidence);
      this.separations.applyTo(this.book, evidence);
    }
    this.notice(evidence, observation, dirty, at);
    this.assert(evidence, observation, dirty);
    const { mac } = observation;
    // Its table may hold its own, and one that identifies nobody is no identifier: of several one, whatever came first.
    if (mac !== null && (evidence.seedMac === null || isBetterMac(mac, evidence.seedMac)))
      evidence.seedMac = mac;
    if (atMs < evidence.firstMs || (atMs === evidence.firstMs && observation.order < evidence.firstOrder)) {
      evidence.firstMs = atMs;
      evidence.firstOrder = observation.order;
      evidence.firstIp = ip;
    }
    return { ...nothing, evidence, isNew };
  }

  private notice(
    evidence: Evidence,
    observation: Observation,
    dirty: Set<Evidence>,
    at: Set<AddressRecord>,
  ): void {
    const { ip, atMs, hostname, source, confidence, isAvailable, firstSeenMs, tableIps } = observation;
    notice(evidence, { atMs, source, confidence, ip, hostname, isAvailable, saidFirstMs: firstSeenMs });
    if (hostname !== null && this.book.addName(evidence, hostname) && !this.isNameIdle(evidence))
      dirty.add(evidence);
    if (ip !== null) {
      const record = this.addressBook.hold(ip, atMs, evidence);
      if (record !== null && mayDraw(record)) at.add(record);
      // Being at one address with another may be what was missing for a MAC that both have.
      if (record !== null && this.hasRefused(evidence)) dirty.add(evidence);
    }
    for (const one of tableIps) {
      const record = this.addressBook.claim(one, atMs, evidence);
      if (record !== null) at.add(record);
    }
  }

  /** A tie of its device was refused, for which something else that agrees may have been missing. */
  private hasRefused(evidence: Evidence): boolean {
    const { refused } = this.grouping;
    if (refused.size === 0) return false;
    return (evidence.group?.evidence ?? [evidence]).some(({ macs }) => macs.some((mac) => refused.has(mac)));
  }

  /** Nothing is decided otherwise because it carries one more name. */
  private isNameIdle(evidence: Evidence): boolean {
    const { refused } = this.grouping;
    return (
      areNamesRare(evidence, this.book) &&
      (evidence.group?.evidence ?? []).every(({ macs }) =>
        macs.every((mac) => !mac.isShared && !refused.has(mac)),
      )
    );
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
    const lines = new Map<Evidence, number>();
    for (const { evidence, isNew, line } of placed) if (evidence !== null && isNew) lines.set(evidence, line);
    const lineOf = (evidence: readonly Evidence[]) => {
      const all = evidence.flatMap((one) => lines.get(one) ?? []);
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

function hasGlobalMac({ mac, tableMacs }: Observation): boolean {
  return [...(mac === null ? [] : [mac]), ...tableMacs].some(isGlobal);
}

function isGlobal(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 0x03) === 0;
}

function glimpseOf({
  atMs,
  source,
  confidence,
  hostname,
  isAvailable,
  subnetClass,
  firstSeenMs,
}: Observation): Glimpse {
  return {
    ...{ atMs, source, confidence, hostname, isAvailable, lifeMs: sightingLifeMs(subnetClass) },
    ...{ isSighting: isSightingSource(source), saidFirstMs: firstSeenMs },
  };
}
