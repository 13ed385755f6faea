/**
 * A made world: tenants, their partitions, the devices in them, and what a round changes. Every tenant and partition counts
 * its addresses, ids, MACs and serials from the same start, so that whoever matches across them is found out. Who tells
 * what of a device is in `telling.ts`.
 */
import type { Random } from '../../runtime/index.ts';
import { type Kind, type Mark, type Mint, mark, newDevice, newMint, type TrueDevice } from './device.ts';
import type { Noise } from './noise.ts';

export interface Partition {
  readonly devices: TrueDevice[];
  readonly mint: Mint;
  readonly freeIps: string[];
}

export interface World {
  readonly partitions: readonly Partition[];
  /** By index. */
  readonly devices: readonly TrueDevice[];
}

/** A partition without a name is the default one; a tenant has one to three. */
const partitionNames = ['', 'north', 'south'];

export function newWorld(devices: number, tenants: number, noise: Noise, random: Random): World {
  const partitions: Partition[] = [];
  const all: TrueDevice[] = [];
  for (let tenant = 0; tenant < tenants; tenant += 1) {
    const names = partitionNames.slice(0, 1 + (tenant % partitionNames.length));
    const first = Math.floor((devices * tenant) / tenants);
    const end = Math.floor((devices * (tenant + 1)) / tenants);
    for (const [at, name] of names.entries()) {
      const count =
        Math.floor(((end - first) * (at + 1)) / names.length) -
        Math.floor(((end - first) * at) / names.length);
      const partition = newPartition(tenant, name, count, all.length, noise, random);
      partitions.push(partition);
      all.push(...partition.devices);
    }
  }
  return { partitions, devices: all };
}

function newPartition(
  tenant: number,
  name: string,
  count: number,
  firstIndex: number,
  noise: Noise,
  random: Random,
): Partition {
  const mint = newMint();
  const ips = shuffled(
    Array.from({ length: Math.ceil(count * 1.3) }, (_, n) => addressOf(n, random.next() < noise.ipv6)),
    random,
  );
  const devices: TrueDevice[] = [];
  for (let number = 0; number < count; number += 1) {
    const place = { tenant, partition: name, number, ip: ips.pop()! };
    devices.push(newDevice(firstIndex + number, place, mint, noise, random));
  }
  shareMarks(devices, mint, noise, random);
  return { devices, mint, freeIps: ips };
}

/** In RFC 5952's form. */
function addressOf(n: number, isV6: boolean): string {
  if (isV6) return `2001:db8::${(n + 0x1a00).toString(16)}`;
  return `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;
}

function shareMarks(devices: readonly TrueDevice[], mint: Mint, noise: Noise, random: Random): void {
  const watchedBy = (kind: Kind | null, source: 'armis' | 'netbox') =>
    shuffled(
      devices.filter((one) => (kind === null || one.kind === kind) && one.sources.includes(source)),
      random,
    );
  const gear = devices.filter(({ kind }) => kind === 'gear');
  for (const pair of groupsOf(
    shuffled(gear, random).slice(0, Math.round(gear.length * noise.virtualMac)),
    2,
    2,
    random,
  )) {
    const known = mark(['00005E000101', '00000C07AC0A', '0007B4000102', '00005E000233'][pair[0]!.index % 4]!);
    for (const one of pair) one.virtual.push(known);
  }
  const paired = watchedBy('gear', 'netbox');
  for (const pair of groupsOf(
    paired.slice(0, Math.round(paired.length * noise.ownVirtualMac)),
    2,
    2,
    random,
  )) {
    const own = sharedMark(mint.mac(), 'netbox');
    for (const one of pair) one.virtual.push(own);
  }
  if (noise.docked > 0) {
    for (const users of groupsOf(watchedBy('laptop', 'armis'), 3, 8, random)) {
      const dock = sharedMark(mint.mac(), 'armis');
      for (const one of users) one.dock = dock;
    }
  }
  const clones = watchedBy('server', 'armis');
  for (const family of groupsOf(clones.slice(0, Math.round(clones.length * noise.cloned)), 2, 5, random)) {
    const serial = sharedMark(mint.serial(), 'armis');
    const card = random.next() < 0.5 ? sharedMark(mint.mac(), 'armis') : null;
    for (const one of family) {
      one.serial = serial;
      if (card !== null) one.cards[0] = card;
    }
  }
  const batch = watchedBy(null, 'armis').filter(({ serial }) => serial?.sharedBy === null);
  const batchSerial = sharedMark(mark('BATCH-2026'), 'armis');
  for (const one of batch.slice(0, Math.round(devices.length * noise.batchSerial))) one.serial = batchSerial;
}

/** What a new round brings. */
export function nextRound({ devices, mint, freeIps }: Partition, noise: Noise, random: Random): void {
  const movers = shuffled(devices, random).slice(0, Math.round(devices.length * noise.addressChanges));
  const ips = [...movers.map(({ ip }) => ip), ...freeIps.splice(0, Math.ceil(movers.length / 5))];
  // Each gets the address of the next, or one that was free: never its own.
  ips.push(...ips.splice(0, 1 + Math.floor(random.next() * Math.max(0, ips.length - movers.length))));
  for (const [at, one] of movers.entries()) one.ip = ips[at]!;
  freeIps.push(...ips.slice(movers.length));
  for (const one of devices) {
    const replaceable = one.cards.findIndex(({ sharedBy }) => sharedBy === null);
    if (one.kind !== 'phone' && replaceable >= 0 && random.next() < noise.cardReplaced)
      one.cards[replaceable] = mint.mac();
    if (one.kind === 'phone' && random.next() < noise.phoneMacRotates) one.cards[0] = mint.localMac();
    if (one.serial?.sharedBy === null && random.next() < noise.boardReplaced) one.serial = mint.serial();
  }
  moveCards(devices, mint, noise, random);
}

/** A card that armis has seen in its first device goes to another one that armis watches; the first gets a new one. */
function moveCards(devices: readonly TrueDevice[], mint: Mint, noise: Noise, random: Random): void {
  const could = devices.filter(
    ({ kind, sources }) => kind !== 'phone' && kind !== 'gear' && sources.includes('armis'),
  );
  for (const from of could) {
    if (random.next() >= noise.cardMoved) continue;
    const at = from.cards.findIndex(({ sharedBy, seenWith }) => sharedBy === null && seenWith.armis.size > 0);
    const to = could[Math.floor(random.next() * could.length)]!;
    if (at < 0 || to === from) continue;
    const place = to.cards.findIndex(({ sharedBy }) => sharedBy === null);
    if (place < 0) continue;
    to.cards[place] = sharedMark(from.cards[at]!, 'armis');
    from.cards[at] = mint.mac();
  }
}

function sharedMark(one: Mark, by: 'armis' | 'netbox'): Mark {
  one.sharedBy = by;
  return one;
}

/** Groups of `least` to `most`; who is left over is in none. */
function groupsOf<T>(all: readonly T[], least: number, most: number, random: Random): T[][] {
  const groups: T[][] = [];
  for (let at = 0; at + least <= all.length; ) {
    const size = least + Math.floor(random.next() * (most - least + 1));
    const group = all.slice(at, at + size);
    if (group.length >= least) groups.push([...group]);
    at += size;
  }
  return groups;
}

export function shuffled<T>(all: readonly T[], random: Random): T[] {
  const mixed = [...all];
  for (let at = mixed.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random.next() * (at + 1));
    [mixed[at], mixed[other]] = [mixed[other]!, mixed[at]!];
  }
  return mixed;
}
