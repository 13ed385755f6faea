/**
 * Whether two devices that share a MAC agree in something else: a second MAC, a host name that few carry, the same address within
 * the hour. A function of the evidence of both, so that the answer does not depend on what came first.
 */
import type { AddressRecord } from './addresses.ts';
import type { Core, Evidence, EvidenceBook, Identifier } from './evidence.ts';
import { identityLimits as limits } from './limits.ts';

export function agree(
  book: EvidenceBook,
  a: readonly Core[],
  b: readonly Core[],
  except: Identifier,
): boolean {
  return shareMac(a, b, except) || shareName(book, a, b) || shareAddress(a, b);
}

/** What their evidence has of something: a list while it is short, as it is for nearly all. */
type Held<T> = readonly T[] | ReadonlySet<T>;

function heldBy<T>(cores: readonly Core[], listOf: (one: Evidence) => readonly T[]): Held<T> {
  const all: T[] = [];
  for (const { evidence } of cores)
    for (const one of evidence) for (const thing of listOf(one)) if (all[0] !== thing) all.push(thing);
  return all.length > limits.comparedCoresMax ? new Set(all) : all;
}

function has<T>(held: Held<T>, thing: T): boolean {
  return 'size' in held ? held.has(thing) : held.includes(thing);
}

function isNone(held: Held<unknown>): boolean {
  return !('size' in held) && held.length === 0;
}

const macsOf = ({ macs }: Evidence) => macs;
const namesOf = ({ names }: Evidence) => names;
const addressesOf = ({ addresses }: Evidence) => addresses;

function shareMac(a: readonly Core[], b: readonly Core[], except: Identifier): boolean {
  const held = heldBy(a, macsOf);
  if (!('size' in held) && held.length === 1 && held[0] === except) return false;
  for (const { evidence } of b)
    for (const { macs } of evidence)
      for (const mac of macs) if (mac !== except && mac.isFree && has(held, mac)) return true;
  return false;
}

function shareName(book: EvidenceBook, a: readonly Core[], b: readonly Core[]): boolean {
  const carried = heldBy(a, namesOf);
  if (isNone(carried)) return false;
  for (const { evidence } of b)
    for (const { names } of evidence)
      for (const name of names) if (has(carried, name) && isRare(book.names.get(name) ?? [])) return true;
  return false;
}

/**
 * Whether at most three devices carry a name, as far as evidence can tell before anything converges: so many are different for
 * certain that have different values of one kind; things known by a MAC alone count when nothing better there has that MAC.
 */
function isRare(carriers: readonly Evidence[]): boolean {
  if (carriers.length <= limits.nameDevicesMax) return true;
  if (carriers.length > limits.nameCarriersMax) return false;
  const ofKind = new Map<string, Set<Core>>();
  const loose = new Set<Core>();
  const macs = new Set<Identifier>();
  for (const { core, macs: own } of carriers) {
    if (core === null) continue;
    for (const kind of core.kinds) {
      const cores = ofKind.get(kind);
      if (cores === undefined) ofKind.set(kind, new Set([core]));
      else cores.add(core);
    }
    if (core.kinds.length === 0) loose.add(core);
    else for (const mac of own) macs.add(mac);
  }
  let alone = 0;
  for (const core of loose) {
    const hasOthers = core.evidence.some((one) => one.macs.some((mac) => macs.has(mac)));
    if (!hasOthers) alone += 1;
  }
  return Math.max(alone, ...[...ofKind.values()].map((cores) => cores.size)) <= limits.nameDevicesMax;
}

function shareAddress(a: readonly Core[], b: readonly Core[]): boolean {
  const atA = heldBy(a, addressesOf);
  if (isNone(atA)) return false;
  const looked = new Set<AddressRecord>();
  for (const { evidence } of b)
    for (const { addresses } of evidence)
      for (const record of addresses) {
        if (!has(atA, record) || looked.has(record)) continue;
        looked.add(record);
        if (isTogether(record, a, b)) return true;
      }
  return false;
}

/** Holds are in order of time: who is near to another is near to the last of the other side. */
function isTogether({ holdTimes, holders }: AddressRecord, a: readonly Core[], b: readonly Core[]): boolean {
  let lastA = Number.NEGATIVE_INFINITY;
  let lastB = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < holders.length; at += 1) {
    const { core } = holders[at]!;
    if (core === null) continue;
    const isA = a.includes(core);
    const isB = b.includes(core);
    if (!isA && !isB) continue;
    const atMs = holdTimes[at]!;
    if (isA && atMs - lastB <= limits.sameAddressWithinMs) return true;
    if (isB && atMs - lastA <= limits.sameAddressWithinMs) return true;
    if (isA) lastA = atMs;
    if (isB) lastB = atMs;
  }
  return false;
}
