/**
 * A source is withdrawn: what it alone said is taken back, and what that held together parts. What another source says too stays, with
 * its names and the addresses at which it was. A part at a time; once more takes what is left. Devices of which nothing is left are deleted
 * softly and keep their ids for who tells of them again.
 */
import type { AddressRecord } from './addresses.ts';
import type { DeviceRecord } from './device-record.ts';
import { type Evidence, type Identifier, identifiersOf } from './evidence.ts';
import { oldest } from './identified.ts';
import { identityLimits as limits } from './limits.ts';
import type { PartitionDevices, Touched } from './partition.ts';

export interface Withdrawn {
  /** Sets of identifiers, and addresses at which something was seen, that it is taken out of now. */
  readonly count: number;
  /** There is more: ask again. */
  readonly isMore: boolean;
}

export function withdrawSource(
  devices: PartitionDevices,
  source: string,
  countMax: number,
  touched: Touched,
  line: number | null,
): Withdrawn {
  const { evidence, addresses, isMore } = saidBy(devices, source, countMax);
  if (evidence.length + addresses.length === 0) return { count: 0, isMore: false };
  const dirty = new Set<Evidence>();
  const at = new Set<AddressRecord>(addresses);
  const husks: DeviceRecord[] = [];
  for (const record of addresses)
    record.glimpses = record.glimpses.filter((glimpse) => glimpse.source !== source);
  for (const one of evidence.sort(byStanding)) {
    touched.evidence.add(one);
    if (one.seen.length > 1) unsay(devices, one, source, dirty, touched);
    else takeOut(devices, one, source, { dirty, at, husks, touched });
  }
  devices.batches += 1;
  const mark = { ...devices.markOf([], 'evidence_withdrawn'), lineOf: () => line };
  devices.settle(dirty, at, mark, touched);
  for (const record of at) {
    touched.addresses.add(record);
    const { device, standing } = record;
    if (
      device !== null &&
      standing !== null &&
      standing.evidence.length === 0 &&
      record.glimpses.length === 0
    )
      husks.push(device);
  }
  for (const device of husks) deleteHusk(devices, device, touched);
  return { count: evidence.length + addresses.length, isMore };
}

function saidBy({ book, addressBook }: PartitionDevices, source: string, countMax: number) {
  const evidence: Evidence[] = [];
  const addresses: AddressRecord[] = [];
  const isFull = () => evidence.length + addresses.length >= countMax;
  let isMore = false;
  for (const one of book.all.values()) {
    if (one.saidBy(source) === null) continue;
    isMore = isFull();
    if (isMore) break;
    evidence.push(one);
  }
  if (!isMore)
    for (const record of addressBook.all.values()) {
      if (!record.glimpses.some((glimpse) => glimpse.source === source)) continue;
      isMore = isFull();
      if (isMore) break;
      addresses.push(record);
    }
  return { evidence, addresses, isMore };
}

/** The one that all others were merged into is first to go on elsewhere. */
function byStanding(a: Evidence, b: Evidence): number {
  return isHome(b) - isHome(a) || a.n - b.n;
}

function isHome({ group, founded }: Evidence): number {
  return founded.some((device) => device === group?.device) ? 1 : 0;
}

/** Somebody else says it too. */
function unsay(
  devices: PartitionDevices,
  one: Evidence,
  source: string,
  dirty: Set<Evidence>,
  touched: Touched,
): void {
  const name = one.saidBy(source)!.hostname?.toLowerCase() ?? null;
  one.unsay(source);
  devices.tables.drop(one, source);
  // They are kept by their place among the tables of one.
  for (const table of devices.tables.of(one)) touched.tables.add(table);
  if (name !== null && one.seen.every(({ hostname }) => hostname?.toLowerCase() !== name)) {
    addCarriers(devices, [name], dirty);
    devices.book.dropName(one, name);
  }
  dirty.add(one);
  if (one.group !== null) touched.groups.add(one.group);
}

interface Reach {
  readonly dirty: Set<Evidence>;
  readonly at: Set<AddressRecord>;
  readonly husks: DeviceRecord[];
  readonly touched: Touched;
}

function takeOut(
  devices: PartitionDevices,
  one: Evidence,
  source: string,
  { dirty, at, husks, touched }: Reach,
): void {
  const { book, tables, grouping } = devices;
  const said = identifiersOf(one);
  const { group, core, addresses } = one;
  const mates = (group?.evidence ?? []).filter((other) => other !== one);
  for (const other of mates) dirty.add(other);
  for (const { holders } of said) for (const holder of holders) dirty.add(holder);
  addCarriers(devices, one.names, dirty);
  for (const record of addresses) {
    at.add(record);
    leaveAddress(record, one);
  }
  one.addresses = [];
  if (core !== null) core.evidence = core.evidence.filter((other) => other !== one);
  if (group !== null) group.evidence = mates;
  one.group = null;
  one.core = null;
  one.unsay(source);
  tables.drop(one, source);
  const heir = heirOf(one, mates, source);
  const founded = one.takeFounded();
  if (heir !== null)
    for (const identifier of said.filter(({ kind }) => kind === 'manual')) book.tie(heir, identifier);
  for (const record of founded) devices.inventory.settle(record, heir ?? one);
  const isHusk = heir === null && founded.length > 0;
  book.release(one, isHusk);
  dirty.delete(one);
  if (isHusk) {
    dirty.add(one);
    husks.push(...founded);
  }
  for (const identifier of said) {
    touched.identifiers.add(identifier);
    if (identifier.holders.length > 0) continue;
    grouping.refused.delete(identifier);
    identifier.isShared = identifier.isBanned;
  }
}

function leaveAddress(record: AddressRecord, one: Evidence): void {
  const { holders, holdTimes } = record;
  record.holdTimes = holdTimes.filter((_, at) => holders[at] !== one);
  record.holders = holders.filter((by) => by !== one);
  record.claims = record.claims.filter(({ by }) => by !== one);
  record.overruled = record.overruled.filter((by) => by !== one);
}

/** Rarer, a name may agree where it did not. */
function addCarriers({ book }: PartitionDevices, names: readonly string[], dirty: Set<Evidence>): void {
  for (const name of names) {
    const carriers = book.names.get(name) ?? [];
    if (carriers.length <= limits.nameCarriersMax + 1) for (const carrier of carriers) dirty.add(carrier);
  }
}

/** A device goes on where it was told of without the source, and nothing is another device's. */
function heirOf(one: Evidence, mates: readonly Evidence[], source: string): Evidence | null {
  const others = mates.filter(
    (mate) => mate.founded.length === 0 && mate.seen.some((seen) => seen.source !== source),
  );
  if (others.length === 0) return null;
  const said = new Set<Identifier>(identifiersOf(one).filter(({ isFree }) => isFree));
  const tied = others.filter((other) => identifiersOf(other).some((identifier) => said.has(identifier)));
  return oldest(tied.length > 0 ? tied : others);
}

/** Whoever tells of it again restores it, however old that word is. */
function deleteHusk(devices: PartitionDevices, device: DeviceRecord, touched: Touched): void {
  const { group, mergedInto } = device;
  if (mergedInto !== null || group === null || group.evidence.some(({ seen }) => seen.length > 0)) return;
  devices.hasRetractions = true;
  device.isDeleted = true;
  touched.groups.add(group);
}
