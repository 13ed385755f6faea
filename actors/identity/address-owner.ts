/**
 * To which device belongs what was seen at an address: who held it nearest in time, else who has it as a confirmed alias. Read from the
 * addresses and the grouping as they are; changes nothing.
 */
import { type AddressRecord, type Glimpse, nearestHold } from './addresses.ts';
import { append } from './append.ts';
import { type DeviceRecord, isAddress } from './device-record.ts';
import type { Evidence } from './evidence.ts';
import type { Group } from './groups.ts';
import { isIdentified } from './identified.ts';
import { identityLimits as limits } from './limits.ts';

/** Addresses from which one was led to the next by what people said. */
type Led = readonly AddressRecord[];
const noRecords: Led = [];

/** With a table of its own it is a device, even when others claim all that stands in it. */
export function ownerOf(one: Evidence, last: { record: AddressRecord; atMs: number }): Group | null {
  if (isPlaceless(one)) return ownerAt(last.record, last.atMs);
  return one.claims.length > 0 && !one.isAdrift ? null : holderAt(one, last);
}

/** It has nothing but an address: a MAC that different devices have says nothing, one that two claim says that it is theirs. */
export function isPlaceless({ isAdrift, claims, macs }: Evidence): boolean {
  return (
    !isAdrift && claims.length === 0 && macs.every(({ isBanned, witness }) => isBanned || witness !== null)
  );
}

/** Of the devices that hold a MAC of it the one that was at its address nearest in time. */
function holderAt(one: Evidence, { record, atMs }: { record: AddressRecord; atMs: number }): Group | null {
  const holding = new Set<Group | null>();
  for (const { holders } of one.macs)
    for (const holder of holders) if (isIdentified(holder)) holding.add(holder.group);
  return nearestHold(record, atMs, (by) => isIdentified(by) && holding.has(by.group))?.group ?? null;
}

/** The device to which something at this address belongs at this instant; null: it stands by the address. */
export function ownerAt(record: AddressRecord, atMs: number): Group | null {
  const by = nearestHold(record, atMs, isIdentified);
  return by?.group ?? aliasOf(record);
}

/**
 * The device of a confirmed alias: the one that a person said, else the one that showed it last. What stands by an address and has
 * another as its alias is the device that is known to have that other one.
 */
export function aliasOf(record: AddressRecord, led: Led = noRecords): Group | null {
  const { said, claims, aliases } = record;
  for (const { holders } of aliases) {
    const strong = holders.findLast(isIdentified);
    if (strong !== undefined) return strong.group;
  }
  const place = said === null ? null : placeOf(said, record, led);
  if (place !== null && place.address === null) return place;
  if (claims.length === 0) return place;
  const confirmed = claims.filter(
    ({ by, instants }) => instants.length >= limits.aliasSightingsMin && isIdentified(by),
  );
  confirmed.sort((a, b) => b.lastMs - a.lastMs || b.by.firstMs - a.by.firstMs || b.by.n - a.by.n);
  return confirmed[0]?.by.group ?? place;
}

/**
 * Where the device is as things are grouped now: who was only just regrouped, or read back, is not named yet. One by whose address
 * nothing stands any more is where that address leads, unless it leads in a circle.
 */
function placeOf({ group, founder }: DeviceRecord, from: AddressRecord, led: Led): Group | null {
  if (!isAddress(founder)) return founder.group;
  if (founder.standing !== null) return founder.standing;
  if (founder === from || led.includes(founder)) return group;
  const first = founder.glimpses[0] ?? founder.holds.find(({ by }) => !isIdentified(by));
  const by = first === undefined ? null : nearestHold(founder, first.atMs, isIdentified);
  return by?.group ?? aliasOf(founder, [...led, from]) ?? group;
}

const noGlimpses: readonly Glimpse[] = [];

export function standingGlimpses(record: AddressRecord): readonly Glimpse[] {
  const { glimpses } = record;
  let standing = noGlimpses;
  for (const glimpse of glimpses)
    if (ownerAt(record, glimpse.atMs) === null) standing = append(standing, glimpse);
  return standing;
}

/** Whether something there may belong to who is at the address. */
export function mayDraw({ glimpses, device, holders, said }: AddressRecord): boolean {
  if (glimpses.length > 0 || device !== null || said !== null) return true;
  for (const by of holders) if (!isIdentified(by)) return true;
  return false;
}

export function lastHold(one: Evidence): { record: AddressRecord; atMs: number } | null {
  let last: { record: AddressRecord; atMs: number } | null = null;
  for (const record of one.addresses) {
    const at = record.lastHeldMs(one);
    if (at === null) continue;
    if (last === null || at > last.atMs || (at === last.atMs && record.ip < last.record.ip))
      last = { record, atMs: at };
  }
  return last;
}

/** To whom belongs what was seen at an address and does not stand by it. */
export function ownerOfRest(record: AddressRecord, standing: readonly Glimpse[]): Group | null {
  const kept = new Set(standing);
  const first =
    record.glimpses.find((glimpse) => !kept.has(glimpse)) ?? record.holds.find(({ by }) => !isIdentified(by));
  return (first === undefined ? null : ownerAt(record, first.atMs)) ?? aliasOf(record);
}

/** Where something was seen that nothing else identifies. */
export function placesOf(members: readonly Evidence[]): string[] {
  const ips = new Set(members.flatMap(({ addresses }) => addresses.map(({ ip }) => `ip:${ip}`)));
  return [...ips].slice(0, limits.evidenceTextsMax);
}

/** A confirmed alias, or who held the address nearest in time. */
export function addressReason(record: AddressRecord): string {
  const first = record.glimpses[0] ?? record.holds[0];
  const alias = aliasOf(record);
  return alias !== null && (first === undefined || ownerAt(record, first.atMs) === alias)
    ? 'ip_alias_conflict'
    : 'ip';
}
