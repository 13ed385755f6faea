/**
 * Which id a group of evidence has. Each device was made for one piece of evidence (or an address) and is where that is: of several
 * devices in one group the rules say which is the one, the others are merged into it, and come back when the group parts. Pure but
 * for random ids, which are an argument. Which evidence is one group is decided elsewhere.
 */
import { type DeviceSeed, deviceId } from '../ports/device-id.ts';
import type { AddressRecord, Glimpse } from './addresses.ts';
import type { Evidence } from './evidence.ts';
import {
  aliasOf,
  type Group,
  isIdentified,
  oldest,
  ownerAt,
  type Regrouped,
  standingGlimpses,
} from './groups.ts';
import { identityLimits as limits } from './limits.ts';
import { sightingIsConfirmed } from './sightings.ts';
import { evidenceTexts, formerTies, tiesBetween } from './ties.ts';

export interface DeviceRecord {
  readonly id: string;
  /** Of the batch that made it. */
  readonly createdIn: number;
  founder: Evidence | AddressRecord;
  /** Since when somebody asserts this id; null: it is one of ours. */
  assertedMs: number | null;
  mergedInto: DeviceRecord | null;
  /** The last time that it was merged, as long as it is. */
  merge: MergeRow | null;
  deletedAtMs: number | null;
  /** Retracted, and nothing that identifies it was seen since. */
  isDeleted: boolean;
  group: Group | null;
}

/** `from` was merged into `to`; of a separation: `from` came out of `to`. */
export interface MergeRow {
  readonly what: 'merge' | 'separation';
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  readonly evidence: readonly string[];
  readonly atMs: number;
  readonly line: number | null;
  /** The evidence of `from` at that moment, by number: what an unmerge gives back. */
  readonly members: readonly number[];
  /** Of `to` at that moment. */
  readonly others: readonly number[];
}

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
    else if (founder.founded === null) founder.founded = [record];
    else founder.founded.push(record);
  }

  /** Gives every group its device. Answers those that are new. */
  settleAll({ groups, addresses, before }: Regrouped, mark: BatchMark): DeviceRecord[] {
    const live = new Map<Group, DeviceRecord[]>();
    for (const group of groups) {
      const isStale = group.evidence.length === 0 || group.evidence[0]!.group !== group;
      if (!isStale && group.address === null) live.set(group, foundedIn(group));
    }
    for (const record of addresses) this.settleAddress(record, live);
    const made: DeviceRecord[] = [];
    for (const [group, records] of live) {
      if (records.every((record) => yieldsAlways(record, group))) {
        const device = this.make(group, mark.n);
        records.push(device);
        made.push(device);
      }
      this.name(group, records, mark);
    }
    for (const device of made) this.tellParted(device, before, mark);
    return made;
  }

  /** What stands by an address is a device when it is confirmed; what does not any more goes where its sightings belong. */
  private settleAddress(record: AddressRecord, live: Map<Group, DeviceRecord[]>): void {
    const weak = new Set<Evidence>();
    for (const { by } of record.holds) if (by.group?.address === record) weak.add(by);
    const glimpses = standingGlimpses(record);
    const { device } = record;
    const owner = device === null ? null : ownerOfRest(record, glimpses);
    // What was a device stays one until what made it one belongs to another.
    if (weak.size > 0 || sightingIsConfirmed(glimpses) || (device !== null && owner === null)) {
      const evidence = [...weak];
      const group: Group = evidence[0]?.group ?? { evidence, isStrong: false, address: record, device: null };
      record.standing = group;
      live.set(group, [...(device === null ? [] : [device]), ...foundedIn(group)]);
      return;
    }
    record.standing = null;
    if (device === null || owner === null) return;
    const records = live.get(owner) ?? foundedIn(owner);
    // A device that is new takes the id of what was known of it by its address.
    if (records.length === 0 && record.aliases.length === 0) {
      record.device = null;
      this.settle(device, oldest(owner.evidence));
    }
    // What was seen at the address alone is told with the device of which it is now.
    const home = oldest(owner.evidence);
    if (!owner.evidence.some(({ addresses }) => addresses.includes(record))) home.addresses.push(record);
    live.set(owner, [...records, device]);
  }

  /** All devices that are in a group. */
  recordsOf(group: Group): DeviceRecord[] {
    const records = foundedIn(group);
    for (const { addresses } of group.evidence)
      for (const { device } of addresses)
        if (device?.group === group && !records.includes(device)) records.push(device);
    if (group.address?.device != null) records.push(group.address.device);
    return records;
  }

  /** One that was another device's until now came out of it. */
  private tellParted(
    device: DeviceRecord,
    before: ReadonlyMap<Evidence, DeviceRecord>,
    mark: BatchMark,
  ): void {
    if (isAddress(device.founder)) return;
    const former = before.get(device.founder);
    if (former === undefined || former.group === device.group) return;
    this.tellSeparation(device, former, mark);
  }

  private make(group: Group, createdIn: number): DeviceRecord {
    const { evidence, address } = group;
    const identified = evidence.filter((one) => isIdentified(one) && !isClaimed(one, group));
    const first = evidence.length === 0 ? null : oldest(identified.length > 0 ? identified : evidence);
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
    const device = canonicalOf(records, group);
    group.device = device;
    const befores = new Map(records.map((record) => [record, record.group] as const));
    for (const record of records) record.group = group;
    for (const record of records) {
      if (record === device) {
        if (record.mergedInto !== null) this.separate(record, mark);
        continue;
      }
      const isStill = record.mergedInto !== null && records.includes(record.mergedInto);
      if (!isStill) this.merge(record, device, befores, mark);
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

/** To whom belongs what was seen at an address and does not stand by it. */
function ownerOfRest(record: AddressRecord, standing: readonly Glimpse[]): Group | null {
  const kept = new Set(standing);
  const first =
    record.glimpses.find((glimpse) => !kept.has(glimpse)) ?? record.holds.find(({ by }) => !isIdentified(by));
  return (first === undefined ? null : ownerAt(record, first.atMs)) ?? aliasOf(record);
}

export function isAddress(founder: Evidence | AddressRecord): founder is AddressRecord {
  return 'glimpses' in founder;
}

/** Where something was seen that nothing else identifies. */
function placesOf(members: readonly Evidence[]): string[] {
  const ips = new Set(members.flatMap(({ addresses }) => addresses.map(({ ip }) => `ip:${ip}`)));
  return [...ips].slice(0, limits.evidenceTextsMax);
}

/** A confirmed alias, or who held the address nearest in time. */
function addressReason(record: AddressRecord): string {
  const first = record.glimpses[0] ?? record.holds[0];
  const alias = aliasOf(record);
  return alias !== null && (first === undefined || ownerAt(record, first.atMs) === alias)
    ? 'ip_alias_conflict'
    : 'ip';
}

function foundedIn({ evidence }: Group): DeviceRecord[] {
  return evidence.flatMap(({ founded }) => founded ?? []);
}

/** In the order of the rule; what is said of MACs is said with what class they are of. */
function seedsOf({ ids, overruled, seedMac, macs, locals }: Evidence): DeviceSeed[] {
  const seeds: DeviceSeed[] = [];
  const names = {
    agent_id: 'agent',
    armis_device_id: 'armis',
    integration_id: 'integration',
    netbox_device_id: 'netbox',
  } as const;
  for (const { kind, value } of [...ids, ...overruled])
    if (kind in names) seeds.push([names[kind as keyof typeof names], value]);
  const own = [...macs, ...locals].find(({ value }) => value === seedMac)?.value;
  const mac = seeds.length > 0 ? seedMac : (own ?? macs.map(({ value }) => value).sort()[0] ?? null);
  if (mac !== null) seeds.push(['mac', mac]);
  return seeds;
}

/** An asserted id, of several the earliest; else the earliest created; what the rules make yield comes last. */
export function canonicalOf(records: readonly DeviceRecord[], group: Group): DeviceRecord {
  const sorted = [...records].sort((a, b) => {
    if (a.assertedMs !== null || b.assertedMs !== null)
      return (
        (a.assertedMs ?? Number.POSITIVE_INFINITY) - (b.assertedMs ?? Number.POSITIVE_INFINITY) || byId(a, b)
      );
    return yields(a, group) - yields(b, group) || a.createdIn - b.createdIn || byId(a, b);
  });
  return sorted[0]!;
}

function byId(a: DeviceRecord, b: DeviceRecord): number {
  return a.id < b.id ? -1 : 1;
}

/** 3: an address. 2: known by where it was alone. 1: known by nothing but a MAC that another's own table claims. 0: none of it. */
function yields({ founder }: DeviceRecord, group: Group): number {
  if (isAddress(founder)) return 3;
  if (!isIdentified(founder) && founder.locals.length === 0) return 2;
  return isClaimed(founder, group) ? 1 : 0;
}

/** Where nothing better is known yet, that makes a device of its own. */
function yieldsAlways({ founder, assertedMs }: DeviceRecord, group: Group): boolean {
  if (isAddress(founder)) return group.address === null;
  return assertedMs === null && isClaimed(founder, group);
}

/** Known by nothing but a MAC that the table of something else in the group claims. */
function isClaimed({ ids, macs, claims }: Evidence, group: Group): boolean {
  const [mac] = macs;
  if (mac === undefined || ids.length > 0 || macs.length > 1 || claims.includes(mac)) return false;
  return group.evidence.some((one) => one.claims.includes(mac));
}
