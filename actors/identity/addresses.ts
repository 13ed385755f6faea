/**
 * Who held an address when, and what was seen of an address alone. Of each address the instants at which evidence with
 * identifiers held it, in order of time, and the instants at which something was seen there and nothing else was known.
 * Which device that belongs to is read from here; nothing is decided for devices that identify themselves.
 */

import { append } from './append.ts';
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

export interface AddressRecord {
  readonly ip: string;
  holds: Hold[];
  glimpses: Glimpse[];
  /** The device that stands by this address, while there is one. */
  device: DeviceRecord | null;
  /** Told by a person or confirmed by sightings of a device's own table. */
  claims: AliasClaim[];
  said: DeviceRecord | null;
  /** Other addresses that are said to be the device that stands by this one. */
  aliases: AddressRecord[];
  /** What stands by this address now. */
  standing: Group | null;
  /** Evidence whose holding of this address was overruled: it draws nothing to itself. */
  overruled: Evidence[];
}

/** Shared by all that have none; lists are made anew when something is added. */
const noHolds: Hold[] = [];
const noGlimpses: Glimpse[] = [];
const noClaims: AliasClaim[] = [];
const noAliases: AddressRecord[] = [];
const noEvidence: Evidence[] = [];

export class AddressBook {
  readonly all = new Map<string, AddressRecord>();

  at(ip: string): AddressRecord {
    let record = this.all.get(ip);
    if (record === undefined) {
      record = {
        ip,
        holds: noHolds,
        glimpses: noGlimpses,
        device: null,
        claims: noClaims,
        said: null,
        aliases: noAliases,
        standing: null,
        overruled: noEvidence,
      };
      this.all.set(ip, record);
    }
    return record;
  }

  /** Whether anything is new in it. */
  hold(ip: string, atMs: number, by: Evidence): AddressRecord | null {
    const record = this.at(ip);
    const holds = insert(record.holds, { atMs, by }, (a, b) => a.atMs === b.atMs && a.by === b.by);
    if (holds === null) return null;
    record.holds = holds;
    if (!by.addresses.includes(record)) by.addresses = append(by.addresses, record);
    thin(record.holds, atMs, ({ by: other }) => other === by);
    return record;
  }

  glimpse(ip: string, glimpse: Glimpse): AddressRecord | null {
    const record = this.at(ip);
    const isSame = (a: Glimpse, b: Glimpse) => a.atMs === b.atMs && a.source === b.source;
    const glimpses = insert(record.glimpses, glimpse, isSame);
    if (glimpses === null) return null;
    record.glimpses = glimpses;
    thin(record.glimpses, glimpse.atMs, ({ source }) => source === glimpse.source);
    return record;
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
    if (!by.addresses.includes(record)) by.addresses = append(by.addresses, record);
    return record;
  }
}

/**
 * The evidence that held the address nearest in time, of those that `accepts`; of two as near the earlier, then the one whose
 * identifiers are first by value.
 */
export function nearestHold(
  { holds, overruled }: AddressRecord,
  atMs: number,
  accepts: (by: Evidence) => boolean,
): Evidence | null {
  let best: Hold | null = null;
  const middle = firstFrom(holds, atMs);
  const look = (hold: Hold): boolean => {
    const distance = Math.abs(hold.atMs - atMs);
    if (distance > limits.addressHeldWithinMs) return false;
    const bestDistance = best === null ? Number.POSITIVE_INFINITY : Math.abs(best.atMs - atMs);
    if (distance > bestDistance) return false;
    if (overruled.includes(hold.by) || !accepts(hold.by)) return true;
    if (distance < bestDistance || isBefore(hold, best!)) best = hold;
    return true;
  };
  for (let at = middle - 1; at >= 0 && look(holds[at]!); ) at -= 1;
  for (let at = middle; at < holds.length && look(holds[at]!); ) at += 1;
  return best === null ? null : (best as Hold).by;
}

function isBefore(a: Hold, b: Hold): boolean {
  if (a.atMs !== b.atMs) return a.atMs < b.atMs;
  return signatureOf(a.by) < signatureOf(b.by);
}

/** What it is by, which never changes; asked where two were there at one instant. */
function signatureOf({ ids, macs }: Evidence): string {
  return [...ids, ...macs]
    .map(({ kind, scope, value }) => `${kind}:${scope}:${value}`)
    .sort()
    .join(' ');
}

function firstFrom(list: readonly { atMs: number }[], atMs: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle]!.atMs < atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function insert<T extends { atMs: number }>(list: T[], one: T, isSame: (a: T, b: T) => boolean): T[] | null {
  const last = list.at(-1);
  if (last === undefined || last.atMs < one.atMs) return append(list, one);
  let at = firstFrom(list, one.atMs);
  for (; at < list.length && list[at]!.atMs === one.atMs; at += 1) if (isSame(list[at]!, one)) return null;
  list.splice(at, 0, one);
  return list;
}

/** Within one span of time the first and the last of one are enough, whatever came in which order. */
function thin<T extends { atMs: number }>(list: T[], atMs: number, isOfOne: (one: T) => boolean): void {
  const from = Math.floor(atMs / limits.addressCellMs) * limits.addressCellMs;
  const own: number[] = [];
  for (
    let at = firstFrom(list, from);
    at < list.length && list[at]!.atMs < from + limits.addressCellMs;
    at += 1
  )
    if (isOfOne(list[at]!)) own.push(at);
  if (own.length > 2) for (const at of own.slice(1, -1).reverse()) list.splice(at, 1);
  if (list.length > limits.addressInstantsMax) list.shift();
}
