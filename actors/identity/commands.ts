/**
 * What a person decides about devices: two are one, one is two, a serial is worthless, an address is another name of a device. Each
 * leaves a row of audit where devices change.
 */

import { type AddressRecord, addAlias } from './addresses.ts';
import { append } from './append.ts';
import { type DeviceRecord, isAddress, type MergeRow } from './device-record.ts';
import { type Evidence, identifiersOf } from './evidence.ts';
import type { Group } from './groups.ts';
import { type IdentifierKind, identifierKinds } from './identifier-rules.ts';
import type { PartitionDevices, Touched } from './partition.ts';
import type { Side } from './separations.ts';

export type CommandRefusal =
  | 'unknown_device'
  /** It was merged into nothing. */
  | 'no_merge_audit_found'
  /** They are one already. */
  | 'same_device'
  /** It is a component of ours, which is never grouped. */
  | 'service_component';

export type CommandAnswer<T> = T | { readonly refused: CommandRefusal };

/** The device is there again as it was, and apart until something new says otherwise. */
export function unmerge(
  devices: PartitionDevices,
  id: string,
  touched: Touched,
  line: number | null,
): CommandAnswer<DeviceRecord> {
  const record = devices.inventory.records.get(id);
  if (record === undefined) return { refused: 'no_merge_audit_found' };
  const group = record.group;
  if (record.mergedInto === null || record.merge === null || group === null)
    return { refused: 'no_merge_audit_found' };
  const sides = sidesOf(record, record.merge, group);
  const own = [...sides.own.first, ...sides.own.since];
  const others = [...sides.others.first, ...sides.others.since];
  const at = new Set<Evidence>([...own, ...devices.separations.part(devices.book, sides.own, sides.others)]);
  // What held something that these do not hold any more may be another device's now.
  for (const { overruled } of [...at])
    for (const { holders } of overruled) for (const one of holders) at.add(one);
  const addresses = new Set(own.flatMap((one) => one.addresses));
  if (isAddress(record.founder)) {
    const { founder } = record;
    founder.overruled = [...new Set([...founder.overruled, ...others])];
    for (const one of unsay(founder)) addresses.add(one);
    founder.claims = founder.claims.filter(({ by }) => !others.includes(by));
    addresses.add(founder);
  } else
    for (const one of addresses)
      for (const other of others) if (isWeakAt(own)) one.overruled = append(one.overruled, other);
  devices.batches += 1;
  devices.settle(at, addresses, { ...devices.markOf([], 'unmerged'), lineOf: () => line }, touched);
  touched.groups.add(group);
  return record;
}

/** What each had, and of what came since what says more of it than of the other. */
function sidesOf(record: DeviceRecord, merge: MergeRow, group: Group): { own: Side; others: Side } {
  const sides = new Map<Evidence, 'own' | 'others'>();
  const own = new Set(merge.members);
  const others = new Set(merge.others);
  for (const one of group.evidence) {
    if (own.has(one.n) || one === record.founder) sides.set(one, 'own');
    else if (others.has(one.n)) sides.set(one, 'others');
  }
  const first = new Set(sides.keys());
  for (let isMoving = true; isMoving; ) {
    isMoving = false;
    for (const one of group.evidence) {
      const side = sides.has(one) ? null : sideOf(one, sides);
      if (side === null) continue;
      sides.set(one, side);
      isMoving = true;
    }
  }
  const of = (side: 'own' | 'others') => {
    const all = group.evidence.filter((one) => (sides.get(one) ?? 'others') === side);
    return { first: all.filter((one) => first.has(one)), since: all.filter((one) => !first.has(one)) };
  };
  return { own: of('own'), others: of('others') };
}

function sideOf(one: Evidence, sides: ReadonlyMap<Evidence, 'own' | 'others'>): 'own' | 'others' | null {
  let best: { rank: number; side: 'own' | 'others' } | null = null;
  for (const identifier of identifiersOf(one)) {
    const rank = identifierKinds.indexOf(identifier.kind);
    for (const holder of identifier.holders) {
      const side = sides.get(holder);
      if (side === undefined) continue;
      if (best === null || rank < best.rank || (rank === best.rank && side === 'others'))
        best = { rank, side };
    }
  }
  return best?.side ?? null;
}

/** Known by where it was alone: then it is the address that must not draw it back. */
function isWeakAt(own: readonly Evidence[]): boolean {
  return own.every(({ ids, macs }) =>
    [...ids, ...macs].every(({ isShared, isBanned }) => isShared || isBanned),
  );
}

/** A person says that both are one: the first is the one, unless the rules say otherwise. */
export function mergeByHand(
  devices: PartitionDevices,
  into: string,
  from: string,
  touched: Touched,
  line: number | null,
): CommandAnswer<DeviceRecord> {
  const records = [devices.findDevice(into), devices.findDevice(from)];
  const [a, b] = records;
  if (a == null || b == null) return { refused: 'unknown_device' };
  if (a === b) return { refused: 'same_device' };
  const founders = [a, b].map((record) => (isAddress(record.founder) ? null : record.founder));
  const [first, second] = founders;
  devices.batches += 1;
  const mark = { ...devices.markOf([], 'evidence_changed'), lineOf: () => line };
  if (first == null || second == null) {
    const [strong, weak] = second == null ? [a, b] : [b, a];
    if (!isAddress(weak.founder)) return { refused: 'unknown_device' };
    const looked = sayOf(weak.founder, strong);
    const at = isAddress(strong.founder) ? [] : [strong.founder];
    devices.settle(new Set(at), looked, mark, touched);
  } else {
    const identifier = devices.book.identifier('manual', '', `${a.id}+${b.id}#${devices.batches}`);
    for (const founder of [first, second]) devices.book.tie(founder, identifier);
    devices.settle(new Set([first, second]), new Set(), mark, touched);
  }
  return a.mergedInto ?? a;
}

/** A person says whose the address is. What stands by it is it already. Answers the addresses at which something else may stand now. */
function sayOf(record: AddressRecord, device: DeviceRecord): Set<AddressRecord> {
  const looked = unsay(record);
  const { founder } = device;
  if (founder === record) return looked;
  record.said = device;
  if (isAddress(founder)) addAlias(founder, record);
  else if (!founder.addresses.includes(record)) founder.addresses = append(founder.addresses, record);
  return looked;
}

/** Nobody says any more whose the address is. */
function unsay(record: AddressRecord): Set<AddressRecord> {
  const { said } = record;
  record.said = null;
  if (said === null || !isAddress(said.founder)) return new Set([record]);
  said.founder.aliases = said.founder.aliases.filter((one) => one !== record);
  return new Set([record, said.founder]);
}

/** From now on the value identifies nobody; devices that it alone held together part. */
export function ban(
  devices: PartitionDevices,
  kind: IdentifierKind,
  scope: string,
  value: string,
  touched: Touched,
  line: number | null,
): void {
  const identifier = devices.book.identifier(kind, scope, value);
  identifier.isBanned = true;
  identifier.isShared = true;
  devices.batches += 1;
  const holders = new Set(identifier.holders);
  for (const { group } of identifier.holders) for (const one of group?.evidence ?? []) holders.add(one);
  const addresses = new Set([...holders].flatMap((one) => one.addresses));
  devices.settle(
    holders,
    addresses,
    { ...devices.markOf([], 'evidence_withdrawn'), lineOf: () => line },
    touched,
  );
}

/** A confirmed alias: what is seen at that address alone is that device. */
export function alias(
  devices: PartitionDevices,
  ip: string,
  id: string,
  touched: Touched,
  line: number | null,
): CommandAnswer<DeviceRecord> {
  const device = devices.findDevice(id);
  if (device === null) return { refused: devices.services.has(id) ? 'service_component' : 'unknown_device' };
  const record = devices.addressBook.at(ip);
  const looked = sayOf(record, device);
  devices.batches += 1;
  devices.settle(
    new Set(),
    looked,
    { ...devices.markOf([], 'evidence_changed'), lineOf: () => line },
    touched,
  );
  return device;
}
