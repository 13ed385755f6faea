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

function* evidenceOf(cores: readonly Core[]): Generator<Evidence> {
  for (const { evidence } of cores) yield* evidence;
}

function shareMac(a: readonly Core[], b: readonly Core[], except: Identifier): boolean {
  const held = new Set<Identifier>();
  for (const { macs } of evidenceOf(a))
    for (const mac of macs) if (mac !== except && !mac.isShared && !mac.isBanned) held.add(mac);
  for (const { macs } of evidenceOf(b)) for (const mac of macs) if (held.has(mac)) return true;
  return false;
}

function shareName(book: EvidenceBook, a: readonly Core[], b: readonly Core[]): boolean {
  const carried = new Set<string>();
  for (const { names } of evidenceOf(a)) for (const name of names) carried.add(name);
  for (const { names } of evidenceOf(b))
    for (const name of names) if (carried.has(name) && isRare(book.names.get(name) ?? [])) return true;
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
  const atA = new Set<AddressRecord>();
  for (const { addresses } of evidenceOf(a)) for (const one of addresses) atA.add(one);
  const ofA = new Set(evidenceOf(a));
  const ofB = new Set(evidenceOf(b));
  const looked = new Set<AddressRecord>();
  for (const { addresses } of ofB) {
    for (const record of addresses) {
      if (!atA.has(record) || looked.has(record)) continue;
      looked.add(record);
      if (isTogether(record, ofA, ofB)) return true;
    }
  }
  return false;
}

/** Holds are in order of time: who is near to another is near to the last of the other side. */
function isTogether(
  { holdTimes, holders }: AddressRecord,
  a: ReadonlySet<Evidence>,
  b: ReadonlySet<Evidence>,
): boolean {
  let lastA = Number.NEGATIVE_INFINITY;
  let lastB = Number.NEGATIVE_INFINITY;
  for (const [at, by] of holders.entries()) {
    const atMs = holdTimes[at]!;
    const isA = a.has(by);
    const isB = b.has(by);
    if (isA && atMs - lastB <= limits.sameAddressWithinMs) return true;
    if (isB && atMs - lastA <= limits.sameAddressWithinMs) return true;
    if (isA) lastA = atMs;
    if (isB) lastB = atMs;
  }
  return false;
}
