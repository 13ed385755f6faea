/**
 * Who held an address when, and what was seen of an address alone. Of each address the instants at which evidence with
 * identifiers held it, in order of time, and the instants at which something was seen there and nothing else was known.
 * Which device that belongs to is read from here; nothing is decided for devices that identify themselves.
 */

import { append, appendTime, inserted, insertedTime, isAlone, removed } from './append.ts';
import type { DeviceRecord } from './device-record.ts';
import type { Evidence } from './evidence.ts';
import type { Group } from './groups.ts';
import { identityLimits as limits } from './limits.ts';

export interface Hold {
  atMs: number;
  by: Evidence;
}

/** Seen at an address, with nothing that identifies. */
export interface Glimpse {
  atMs: number;
  source: string;
  confidence: number;
  hostname: string | null;
  isAvailable: boolean | null;
  lifeMs: number;
  /** Of a source whose addresses alone make no device. */
  isSighting: boolean;
  saidFirstMs: number | null;
}

/** A device's own table shows the address at these instants, as many as it takes to confirm it. */
export interface AliasClaim {
  by: Evidence;
  instants: number[];
  lastMs: number;
}

/** Shared by all that have none; lists are made anew when something is added. */
const noTimes: readonly number[] = [];
const noGlimpses: readonly Glimpse[] = [];
const noClaims: readonly AliasClaim[] = [];
const noAliases: readonly AddressRecord[] = [];
const noEvidence: readonly Evidence[] = [];

export class AddressRecord {
  readonly ip: string;
  /** When it was held, in order of time, and by whom: beside each other, as pairs of them would take four times the memory. */
  holdTimes: readonly number[] = noTimes;
  holders: readonly Evidence[] = noEvidence;
  glimpses: readonly Glimpse[] = noGlimpses;
  /** The device that stands by this address, while there is one. */
  device: DeviceRecord | null = null;
  /** Told by a person or confirmed by sightings of a device's own table. */
  claims: readonly AliasClaim[] = noClaims;
  said: DeviceRecord | null = null;
  /** Other addresses that are said to be the device that stands by this one. */
  aliases: readonly AddressRecord[] = noAliases;
  /** What stands by this address now. */
  standing: Group | null = null;
  /** Evidence whose holding of this address was overruled: it draws nothing to itself. */
  overruled: readonly Evidence[] = noEvidence;

  constructor(ip: string) {
    this.ip = ip;
  }

  /** Made when asked for: who decides reads the columns. */
  get holds(): Hold[] {
    return this.holders.map((by, at) => ({ atMs: this.holdTimes[at]!, by }));
  }

  /** The last instant at which one held it; null: it never did. */
  lastHeldMs(by: Evidence): number | null {
    const at = this.holders.lastIndexOf(by);
    return at < 0 ? null : this.holdTimes[at]!;
  }
}

export class AddressBook {
  readonly all = new Map<string, AddressRecord>();

  at(ip: string): AddressRecord {
    let record = this.all.get(ip);
    if (record === undefined) {
      record = new AddressRecord(ip);
      this.all.set(ip, record);
    }
    return record;
  }

  /** Whether anything is new in it. */
  hold(record: AddressRecord, atMs: number, by: Evidence): boolean {
    const { holdTimes, holders } = record;
    let at = holdTimes.length;
    if (at > 0 && holdTimes[at - 1]! >= atMs) {
      at = firstFrom(holdTimes, atMs);
      for (; at < holdTimes.length && holdTimes[at] === atMs; at += 1) if (holders[at] === by) return false;
    }
    const { length } = holders;
    record.holdTimes = at === length ? appendTime(holdTimes, atMs) : insertedTime(holdTimes, at, atMs);
    // Who is at one address alone, and nobody else there, has the list of all that it alone holds.
    const alone = length === 0 ? (by.ids[0] ?? by.macs[0])?.holders : undefined;
    record.holders =
      alone !== undefined && isAlone(alone, by)
        ? alone
        : at === length
          ? append(holders, by)
          : inserted(holders, at, by);
    addAddress(by, record);
    thinHolds(record, atMs, by);
    return true;
  }

  /** Whether anything is new in it. */
  glimpse(record: AddressRecord, glimpse: Glimpse): boolean {
    const glimpses = insertGlimpse(record.glimpses, glimpse);
    if (glimpses === null) return false;
    record.glimpses = thinGlimpses(glimpses, glimpse);
    return true;
  }

  /** A device's own table shows the address. Whether anything is new in it. */
  claim(ip: string, atMs: number, by: Evidence): AddressRecord | null {
    const record = this.at(ip);
    let claim = record.claims.find((one) => one.by === by);
    if (claim === undefined) {
      claim = { by, instants: [], lastMs: atMs };
      record.claims = append(record.claims, claim);
    }
    claim.lastMs = Math.max(claim.lastMs, atMs);
    if (claim.instants.includes(atMs) || claim.instants.length >= limits.aliasSightingsMin) return null;
    claim.instants.push(atMs);
    addAddress(by, record);
    return record;
  }
}

/** In the order of the addresses, so that it is the same in whatever order people said it. */
export function addAlias(place: AddressRecord, one: AddressRecord): void {
  const { aliases } = place;
  let low = 0;
  let high = aliases.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (aliases[middle]!.ip < one.ip) low = middle + 1;
    else high = middle;
  }
  place.aliases = inserted(aliases, low, one);
}

/** Those that were at one address and no other have one list. */
export function addAddress(one: Evidence, record: AddressRecord): void {
  const { addresses } = one;
  if (addresses.length > 0) {
    if (!addresses.includes(record)) one.addresses = append(addresses, record);
    return;
  }
  const { holders } = record;
  for (let at = 0; at < holders.length && at < 3; at += 1)
    if (isAlone(holders[at]!.addresses, record)) {
      one.addresses = holders[at]!.addresses;
      return;
    }
  one.addresses = [record];
}

/**
 * The evidence that held the address nearest in time, of those that `accepts`; of two as near the earlier, then the one whose
 * identifiers are first by value.
 */
export function nearestHold(
  record: AddressRecord,
  atMs: number,
  accepts: (by: Evidence) => boolean,
): Evidence | null {
  const { holdTimes, holders } = record;
  const middle = firstFrom(holdTimes, atMs);
  let best = -1;
  let nearest: number = limits.addressHeldWithinMs;
  for (let at = middle - 1; at >= 0; at -= 1) {
    const distance = atMs - holdTimes[at]!;
    if (distance > nearest) break;
    if (!mayHold(record, at, accepts) || (best >= 0 && !isBefore(record, at, best))) continue;
    best = at;
    nearest = distance;
  }
  for (let at = middle; at < holders.length; at += 1) {
    const distance = holdTimes[at]! - atMs;
    if (distance > nearest) break;
    if (!mayHold(record, at, accepts)) continue;
    if (best >= 0 && distance === nearest && !isBefore(record, at, best)) continue;
    best = at;
    nearest = distance;
  }
  return best < 0 ? null : holders[best]!;
}

function mayHold(
  { holders, overruled }: AddressRecord,
  at: number,
  accepts: (by: Evidence) => boolean,
): boolean {
  const by = holders[at]!;
  return (overruled.length === 0 || !overruled.includes(by)) && accepts(by);
}

/** Of two as near: whether this one goes first. */
function isBefore({ holdTimes, holders }: AddressRecord, at: number, than: number): boolean {
  if (holdTimes[at] !== holdTimes[than]) return holdTimes[at]! < holdTimes[than]!;
  return signatureOf(holders[at]!) < signatureOf(holders[than]!);
}

/** What it is by, which never changes; asked where two were there at one instant. */
function signatureOf({ ids, macs }: Evidence): string {
  return [...ids, ...macs]
    .map(({ kind, scope, value }) => `${kind}:${scope}:${value}`)
    .sort()
    .join(' ');
}

function firstFrom(times: readonly number[], atMs: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Within one span of time the first and the last of one are enough, whatever came in which order. */
function thinHolds(record: AddressRecord, atMs: number, by: Evidence): void {
  const from = Math.floor(atMs / limits.addressCellMs) * limits.addressCellMs;
  const { holdTimes, holders } = record;
  let last = holdTimes.length - 1;
  while (last >= 0 && holdTimes[last]! >= from + limits.addressCellMs) last -= 1;
  let first = last;
  let count = 0;
  let middle = -1;
  for (; first >= 0 && holdTimes[first]! >= from; first -= 1) {
    if (holders[first] !== by) continue;
    count += 1;
    if (count === 2) middle = first;
  }
  // One was added, so that there are three at most.
  const out = count > 2 ? middle : holders.length > limits.addressInstantsMax ? 0 : -1;
  if (out < 0) return;
  record.holdTimes = removed(holdTimes, out);
  record.holders = removed(holders, out);
}

/** In order of time; null: it is there. */
function insertGlimpse(list: readonly Glimpse[], one: Glimpse): readonly Glimpse[] | null {
  const last = list.at(-1);
  if (last === undefined || last.atMs < one.atMs) return append(list, one);
  let at = list.findIndex(({ atMs }) => atMs >= one.atMs);
  for (; at < list.length && list[at]!.atMs === one.atMs; at += 1)
    if (list[at]!.source === one.source) return null;
  return inserted(list, at, one);
}

function thinGlimpses(list: readonly Glimpse[], { atMs, source }: Glimpse): readonly Glimpse[] {
  const from = Math.floor(atMs / limits.addressCellMs) * limits.addressCellMs;
  const isOwn = (one: Glimpse) =>
    one.source === source && one.atMs >= from && one.atMs < from + limits.addressCellMs;
  const own = list.filter(isOwn);
  const kept =
    own.length > 2 ? list.filter((one) => !isOwn(one) || one === own[0] || one === own.at(-1)) : list;
  return kept.length > limits.addressInstantsMax ? kept.slice(1) : kept;
}
