/**
 * Which id a group of evidence has. Each device was made for one piece of evidence (or an address) and is where that is: of several
 * devices in one group the rules say which is the one, the others are merged into it, and come back when the group parts. Pure but
 * for random ids, which are an argument. Which evidence is one group is decided elsewhere.
 */
import { type DeviceSeed, deviceId } from '../ports/device-id.ts';
import { addressReason, aliasOf, ownerOfRest, placesOf, standingGlimpses } from './address-owner.ts';
import type { AddressRecord } from './addresses.ts';
import { append } from './append.ts';
import { canonicalOf, isClaimed, seedsOf, yieldsAlways } from './canonical.ts';
import { type DeviceRecord, isAddress, type MergeRow } from './device-record.ts';
import type { Evidence } from './evidence.ts';
import type { Group, Regrouped } from './groups.ts';
import { isIdentified, oldest } from './identified.ts';
import { sightingIsConfirmed } from './sightings.ts';
import { addResting, groupAt, placesFirst } from './standing.ts';
import { evidenceTexts, formerTies, tiesBetween } from './ties.ts';

export interface BatchMark {
  readonly n: number;
  readonly atMs: number;
  /** The line that brought evidence, for the audit; null: none of this batch. */
  lineOf(evidence: readonly Evidence[]): number | null;
  /** Why devices part in this batch. */
  readonly separation: string;
}

export class Inventory {
  readonly records = new Map<string, DeviceRecord>();
  readonly merges: MergeRow[] = [];
  private readonly partition: string;
  private readonly randomId: () => string;

  constructor(partition: string, randomId: () => string) {
    this.partition = partition;
    this.randomId = randomId;
  }

  found(
    id: string,
    createdIn: number,
    founder: Evidence | AddressRecord,
    assertedMs: number | null,
  ): DeviceRecord {
    const record: DeviceRecord = {
      ...{
        id,
        createdIn,
        founder,
        assertedMs,
        mergedInto: null,
        merge: null,
        deletedAtMs: null,
        isDeleted: false,
        group: null,
      },
    };
    this.records.set(id, record);
    this.settle(record, founder);
    return record;
  }

  /** Of now on it is where this is. */
  settle(record: DeviceRecord, founder: Evidence | AddressRecord): void {
    record.founder = founder;
    if (isAddress(founder)) founder.device = record;
    else founder.addFounded(record);
  }

  /** Gives every group its device. Answers those that are new. */
  settleAll({ groups, addresses, before }: Regrouped, mark: BatchMark): DeviceRecord[] {
    const live = new Map<Group, readonly DeviceRecord[]>();
    for (const group of groups) {
      const isStale = group.evidence.length === 0 || group.evidence[0]!.group !== group;
      if (!isStale && group.address === null) live.set(group, addResting(foundedIn(group), group, addresses));
    }
    for (const record of placesFirst(addresses)) this.settleAddress(record, live);
    const made: DeviceRecord[] = [];
    for (const [group, records] of live) {
      if (records.every((record) => yieldsAlways(record, group))) {
        const device = this.make(group, mark.n);
        made.push(device);
        this.name(group, append(records, device), mark);
      } else this.name(group, records, mark);
    }
    for (const device of made) this.tellParted(device, before, mark);
    return made;
  }

  /** What stands by an address is a device when it is confirmed; what does not any more goes where its sightings belong. */
  private settleAddress(record: AddressRecord, live: Map<Group, readonly DeviceRecord[]>): void {
    const weak = record.holders.find((by) => by.group !== null && by.group.address === record);
    const glimpses = standingGlimpses(record);
    const { device } = record;
    if (glimpses.length < record.glimpses.length) tellWith(aliasOf(record), record);
    const owner = device === null ? null : ownerOfRest(record, glimpses);
    // What was a device stays one until what made it one belongs to another.
    if (weak !== undefined || sightingIsConfirmed(glimpses) || (device !== null && owner === null)) {
      const group = weak?.group ?? groupAt(record);
      record.standing = group;
      const own = device === null ? [] : [device];
      live.set(group, [...new Set([...(live.get(group) ?? []), ...own, ...foundedIn(group)])]);
      return;
    }
    record.standing = null;
    if (device === null || owner === null) return;
    // Somebody may have said that this is another name of an address by which something stands.
    const isPlace = owner.address !== null;
    const records = live.get(owner) ?? (isPlace ? this.recordsOf(owner) : foundedIn(owner));
    // A device that is new takes the id of what was known of it by its address.
    if (!isPlace && records.length === 0 && record.aliases.length === 0) {
      record.device = null;
      this.settle(device, oldest(owner.evidence));
    }
    live.set(owner, [...new Set([...records, device])]);
    tellWith(owner, record);
  }

  /** All devices that are in a group. */
  recordsOf(group: Group): readonly DeviceRecord[] {
    let records = foundedIn(group);
    for (const { addresses } of group.evidence)
      for (const { device } of addresses)
        if (device?.group === group && !records.includes(device)) records = append(records, device);
    return group.address?.device == null ? records : append(records, group.address.device);
  }

  /** One that was another device's until now came out of it. */
  private tellParted(device: DeviceRecord, before: Regrouped['before'], mark: BatchMark): void {
    if (isAddress(device.founder)) return;
    const former = before(device.founder);
    if (former === null || former.group === device.group) return;
    this.tellSeparation(device, former, mark);
  }

  private make(group: Group, createdIn: number): DeviceRecord {
    const { evidence, address } = group;
    // What another's table claims would yield to that one's device at once.
    const own = evidence.filter((one) => !isClaimed(one, group));
    const identified = own.filter(isIdentified);
    const first = own.length === 0 ? null : oldest(identified.length > 0 ? identified : own);
    const seeds = first === null ? [] : seedsOf(first);
    const ip = first === null ? (address?.ip ?? null) : first.firstIp;
    const all: DeviceSeed[] = seeds.length > 0 || ip === null ? seeds : [['ip', ip]];
    return this.found(this.freeId(all), createdIn, first ?? address!, null);
  }

  private freeId(seeds: readonly DeviceSeed[]): string {
    if (seeds.length === 0) return this.randomId();
    for (let count = 1; ; count += 1) {
      const id = deviceId(this.partition, seeds, count);
      if (!this.records.has(id)) return id;
    }
  }

  private name(group: Group, records: readonly DeviceRecord[], mark: BatchMark): void {
    if (records.length === 1) {
      const [only] = records as [DeviceRecord];
      group.device = only;
      only.group = group;
      if (only.mergedInto !== null) this.separate(only, mark);
      return;
    }
    const device = canonicalOf(records, group);
    group.device = device;
    const areAllMerged = records.every((record) => record === device || isMergedInto(record, records));
    const befores = areAllMerged
      ? nothingBefore
      : new Map(records.map((record) => [record, record.group] as const));
    for (const record of records) record.group = group;
    for (const record of records) {
      if (record === device) {
        if (record.mergedInto !== null) this.separate(record, mark);
        continue;
      }
      if (!isMergedInto(record, records)) this.merge(record, device, befores, mark);
      record.mergedInto = device;
    }
  }

  private merge(
    record: DeviceRecord,
    into: DeviceRecord,
    befores: ReadonlyMap<DeviceRecord, Group | null>,
    mark: BatchMark,
  ): void {
    const isMoved = record.mergedInto !== null;
    const founder = isAddress(record.founder) ? [] : [record.founder];
    const was = isMoved ? founder : (befores.get(record)?.evidence ?? founder);
    const members = was.filter((one) => one.group === into.group);
    const others = befores.get(into)?.evidence ?? (isAddress(into.founder) ? [] : [into.founder]);
    const ties = tiesBetween(members, into.group!.evidence);
    const reason = isAddress(record.founder) ? addressReason(record.founder) : (ties[0]?.kind ?? 'ip');
    const found = ties.length > 0 ? evidenceTexts(ties) : placesOf(members);
    const evidence = isAddress(record.founder) ? [`ip:${record.founder.ip}`] : found;
    if (evidence.length === 0) evidence.push(`device_id:${into.id}`);
    const row: MergeRow = {
      ...{ what: 'merge', from: record.id, to: into.id, reason, evidence, atMs: mark.atMs },
      ...{
        line: mark.lineOf(into.group!.evidence),
        members: members.map(({ n }) => n),
        others: others.map(({ n }) => n),
      },
    };
    record.merge = row;
    this.merges.push(row);
  }

  private separate(record: DeviceRecord, mark: BatchMark): void {
    const to = record.mergedInto!;
    record.mergedInto = null;
    record.merge = null;
    this.tellSeparation(record, to, mark);
  }

  private tellSeparation(record: DeviceRecord, to: DeviceRecord, mark: BatchMark): void {
    const own = record.group?.evidence ?? [];
    const former = formerTies(own, to.group?.evidence ?? []);
    const evidence = former.length > 0 ? evidenceTexts(former) : placesOf(own);
    if (evidence.length === 0)
      evidence.push(isAddress(record.founder) ? `ip:${record.founder.ip}` : `device_id:${to.id}`);
    this.merges.push({
      ...{ what: 'separation', from: record.id, to: to.id, reason: mark.separation, evidence },
      ...{ atMs: mark.atMs, line: mark.lineOf(record.group?.evidence ?? []), members: [], others: [] },
    });
  }
}

/** What was seen at the address alone is told with the device of which it is now. */
function tellWith(owner: Group | null, record: AddressRecord): void {
  if (owner === null || owner.evidence.length === 0) return;
  if (owner.evidence.some(({ addresses }) => addresses.includes(record))) return;
  const home = oldest(owner.evidence);
  home.addresses = append(home.addresses, record);
}

const nothingBefore: ReadonlyMap<DeviceRecord, Group | null> = new Map();

function isMergedInto({ mergedInto }: DeviceRecord, records: readonly DeviceRecord[]): boolean {
  return mergedInto !== null && records.includes(mergedInto);
}

function foundedIn({ evidence }: Group): readonly DeviceRecord[] {
  let founded = noDevices;
  for (const one of evidence) founded = one.foundedAfter(founded);
  return founded;
}

const noDevices: readonly DeviceRecord[] = [];
