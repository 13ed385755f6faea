/**
 * Brings the grouping up to date with what changed, and touches nothing that this cannot reach: cores, then MACs, then what a
 * locally administered MAC or an address alone attaches. The result is that of grouping everything from scratch.
 */

import { isPlaceless, lastHold, mayDraw, ownerOf, ownerOfRest, standingGlimpses } from './address-owner.ts';
import type { AddressRecord } from './addresses.ts';
import { append, mayShare } from './append.ts';
import { converge } from './convergence.ts';
import { coresOf } from './cores.ts';
import { type DeviceRecord, isAddress } from './device-record.ts';
import { type Core, type Evidence, type EvidenceBook, type Identifier, knownList } from './evidence.ts';
import { isIdentified, oldest } from './identified.ts';
import { identityLimits as limits } from './limits.ts';
import { macConflicts } from './mac-ties.ts';
import { closeOver } from './reached.ts';
import { RefusedTies } from './refused-ties.ts';
import { Region } from './region.ts';
import { sightingIsConfirmed } from './sightings.ts';
import { groupAt, placesFirst } from './standing.ts';

export interface Group {
  evidence: readonly Evidence[];
  /** Something identifies it: it may hold an address against others. */
  readonly isStrong: boolean;
  /** It stands by this address alone. */
  readonly address: AddressRecord | null;
  device: DeviceRecord | null;
}

export interface Regrouped {
  /** All that was looked at, whether it changed or not. */
  groups: Set<Group>;
  /** Addresses at which something is seen that may belong to another device now. */
  addresses: Set<AddressRecord>;
  /** Of which device evidence was before. */
  before(one: Evidence): DeviceRecord | null;
}

export class Grouping {
  readonly refused = new RefusedTies();
  private readonly book: EvidenceBook;

  constructor(book: EvidenceBook) {
    this.book = book;
  }

  regroup(dirty: Iterable<Evidence>, at: Iterable<AddressRecord>): Regrouped {
    this.book.restMarks();
    const region = this.macRegion(this.coreRegion(dirty));
    const { evidence: reached } = region;
    // Where something stood that may go elsewhere, less stands now.
    const left = new Set<AddressRecord>();
    const aged: Aged[] = [];
    for (const one of reached) {
      const { group, core, macs, locals } = one;
      if (group !== null && group.address !== null) left.add(group.address);
      for (const id of macs) this.refused.delete(id);
      for (const id of locals) this.refused.delete(id);
      if (core!.evidence[0] === one) aged.push({ core: core!, first: oldest(core!.evidence) });
    }
    const cores = inOrderOfAge(aged);
    const { sets, refused } = converge(this.book, region, cores);
    for (const [identifier, reason] of refused) this.refused.set(identifier, reason);
    const groups = new Set<Group>();
    const weak = new Set<Evidence>();
    for (const set of sets) {
      const evidence = evidenceOf(set);
      if (evidence.some(isIdentified)) groups.add(this.stand(evidence, true));
      else for (const one of evidence) weak.add(one);
    }
    this.attachLocals(reached, weak, groups);
    const addresses = new Set<AddressRecord>();
    for (const record of at) addWithNames(record, addresses);
    for (const record of left) addWithNames(record, addresses);
    for (const { addresses: held } of reached)
      for (const record of held) if (mayDraw(record)) addWithNames(record, addresses);
    this.attachAddresses(weak, addresses, groups);
    return { groups, addresses, before: (one) => region.before(one) };
  }

  /** All cores that may be others now. */
  private coreRegion(dirty: Iterable<Evidence>): Evidence[] {
    const { marks } = this.book;
    const region = closeOver(dirty, marks);
    coresOf(region, marks);
    return region;
  }

  /** All devices whose MACs may tie them otherwise now, and those whose names may be rarer or more common. */
  private macRegion(from: readonly Evidence[]): Region {
    const { marks, names } = this.book;
    const look = marks.take(1);
    // Whoever is reached takes the next one: nobody else takes any until all are there.
    const first = marks.take(0);
    const reached: Evidence[] = [];
    const queue: Evidence[] = [];
    const reach = (one: Evidence) => {
      // What is read back piece by piece and has not had its turn ties nothing yet.
      if (one.mark >= first || one.core === null) return;
      one.mark = first + reached.length;
      reached.push(one);
      queue.push(one);
    };
    for (const one of from) {
      reach(one);
      for (const name of one.names) {
        const carriers = names.get(name)!;
        if (carriers.length <= limits.nameCarriersMax + 1) for (const carrier of carriers) reach(carrier);
      }
    }
    for (let one = queue.pop(); one !== undefined; one = queue.pop()) {
      const { core, group } = one;
      for (const other of core!.evidence) reach(other);
      if (group !== null) for (const other of group.evidence) reach(other);
      for (const mac of one.macs) {
        if (mac.mark === look) continue;
        mac.mark = look;
        const wasBoundary = mac.witness !== null;
        mac.isShared = mac.isBanned || macConflicts(mac);
        if (!(mac.isShared && (wasBoundary || mac.isBanned))) for (const holder of mac.holders) reach(holder);
      }
    }
    marks.take(reached.length);
    return new Region(reached, first);
  }

  private stand(evidence: readonly Evidence[], isStrong: boolean): Group {
    const group: Group = { evidence, isStrong, address: null, device: null };
    for (const one of evidence) one.group = group;
    return group;
  }

  /** What has a locally administered MAC and nothing better belongs to the one device whose own MAC that is. */
  private attachLocals(reached: readonly Evidence[], weak: Set<Evidence>, groups: Set<Group>): void {
    const touched = new Set<Identifier>();
    for (const { locals, localClaims } of reached) {
      for (const local of locals) touched.add(local);
      for (const local of localClaims) touched.add(local);
    }
    for (const local of touched) {
      if (local.isBanned) continue;
      const own = local.holders.filter((one) => one.locals[0] === local && !isIdentified(one));
      const strong = strongOf(local, (one) => one.locals[0] === local);
      const claimed = strong.size === 0 && own.length > 0 && strongOf(local, () => true).size > 0;
      if (strong.size > 1 || claimed) this.refused.set(local, 'medium_confidence_only');
      else this.refused.delete(local);
      if (own.length === 0) continue;
      for (const one of own) leave(one, weak, groups);
      const [home] = strong;
      if (strong.size === 1 && home !== undefined) {
        for (const one of own) join(one, home);
        groups.add(home);
      } else groups.add(this.stand(own, false));
    }
    for (const one of [...weak]) {
      if (one.localClaims.length === 0) continue;
      leave(one, weak, groups);
      groups.add(this.stand([one], false));
    }
  }

  /** What nothing identifies belongs to who held its last address nearest in time, else it stands by that address. */
  private attachAddresses(weak: Set<Evidence>, addresses: Set<AddressRecord>, groups: Set<Group>): void {
    const standing = new Map<AddressRecord, Group>();
    const taken = new Set<AddressRecord>();
    const done = new Set<Evidence>();
    // Whatever stands there already is looked at again: all of it is one device.
    const take = (record: AddressRecord) => {
      if (taken.has(record)) return;
      taken.add(record);
      addresses.add(record);
      for (const by of record.holders) if (isNobody(by) && !done.has(by)) weak.add(by);
    };
    const standAt = (one: Evidence, record: AddressRecord) => {
      const group = standing.get(record) ?? groupAt(record);
      join(one, group);
      standing.set(record, group);
      groups.add(group);
      take(record);
    };
    for (const record of [...addresses]) take(record);
    for (const record of placesFirst(addresses)) restand(record);
    for (let [next] = weak; next !== undefined; [next] = weak)
      for (const one of namedFirst(next, weak)) {
        done.add(one);
        if (one.group?.address != null) addresses.add(one.group.address);
        leave(one, weak, groups);
        const last = lastHold(one);
        const owner = last === null ? null : ownerOf(one, last);
        if (owner !== null) {
          join(one, owner);
          groups.add(owner);
        } else if (last === null || !isPlaceless(one)) groups.add(this.stand([one], false));
        else standAt(one, last.record);
      }
  }
}

/** What was a device stays one until what made it one belongs to another. */
function restand(record: AddressRecord): void {
  if (record.device === null) return;
  const glimpses = standingGlimpses(record);
  if (ownerOfRest(record, glimpses) === null) record.standing ??= groupAt(record);
  else if (!sightingIsConfirmed(glimpses) && !record.holders.some(isNobody)) record.standing = null;
}

/** Whom somebody said to be at its last address is placed before it, and whom somebody said to be at that one's before that. */
function namedFirst(from: Evidence, weak: ReadonlySet<Evidence>): Evidence[] {
  const chain = [from];
  for (;;) {
    const founder = lastHold(chain[0]!)?.record.said?.founder;
    if (founder === undefined || isAddress(founder) || !weak.has(founder) || chain.includes(founder))
      return chain;
    chain.unshift(founder);
  }
}

/** The same list as that of a core that is alone. */
function evidenceOf(set: readonly Core[]): readonly Evidence[] {
  const [first] = set;
  if (set.length === 1 && mayShare(first!.evidence)) return first!.evidence;
  const all = set.flatMap(({ evidence }) => evidence);
  return knownList(all, all[0]!);
}

/** Devices that something identifies and that hold the MAC in one of these ways; two are enough to know. */
function strongOf(local: Identifier, holds: (one: Evidence) => boolean): Set<Group> {
  const strong = new Set<Group>();
  for (const one of local.holders) {
    if (one.group?.isStrong && isIdentified(one) && holds(one)) strong.add(one.group);
    if (strong.size > 1) break;
  }
  return strong;
}

/** Nothing of it identifies, and no locally administered MAC attaches it. */
function isNobody(one: Evidence): boolean {
  return !isIdentified(one) && one.localClaims.length === 0 && one.locals.every(({ isBanned }) => isBanned);
}

/** Out of the device in which it was, which is another without it. */
function leave(one: Evidence, weak: Set<Evidence>, groups: Set<Group>): void {
  weak.delete(one);
  const { group } = one;
  one.group = null;
  if (group === null || !group.evidence.includes(one)) return;
  group.evidence = group.evidence.filter((other) => other !== one);
  if (group.evidence.some((other) => other.group === group)) groups.add(group);
}

/** What stands by an address goes where its other names lead, and what is seen at another name goes where that stands. */
function addWithNames(from: AddressRecord, addresses: Set<AddressRecord>): void {
  const queue = [from];
  for (let record = queue.pop(); record !== undefined; record = queue.pop()) {
    if (addresses.has(record)) continue;
    addresses.add(record);
    const { said, aliases } = record;
    if (said !== null && isAddress(said.founder)) queue.push(said.founder);
    for (const one of aliases) queue.push(one);
  }
}

function join(one: Evidence, group: Group): void {
  group.evidence = append(group.evidence, one);
  one.group = group;
}

interface Aged {
  readonly core: Core;
  readonly first: Evidence;
}

function inOrderOfAge(aged: Aged[]): Core[] {
  aged.sort(byAge);
  return aged.map(({ core }) => core);
}

function byAge({ first: x }: Aged, { first: y }: Aged): number {
  if (x.firstMs !== y.firstMs) return x.firstMs - y.firstMs;
  return x.firstOrder < y.firstOrder ? -1 : x.firstOrder > y.firstOrder ? 1 : x.n - y.n;
}
