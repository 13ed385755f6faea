/**
 * The id of a device that is new: a hash of what identified it first, so that whoever sees the same device first gives it
 * the same id, wherever its inventory came from. Pure; which MACs may speak for a device is decided here too. Deciding
 * whether a sighting is a device that is known already is not.
 */
import { hash } from 'node:crypto';
import type { NewDevice } from './device.ts';

/** In the order in which they are hashed. */
const kinds = ['agent', 'armis', 'integration', 'netbox', 'mac', 'ip'] as const;
export type DeviceSeed = readonly [kind: (typeof kinds)[number], value: string];

const ambiguous = /agent:|armis:|integration:|netbox:|mac:|ip:/;

/** Any seeds, in any order; at least one. `count` from 2 on: the ids before it are other devices'. */
export function deviceId(partition: string, seeds: readonly DeviceSeed[], count = 1): string {
  const ordered =
    seeds.length < 2 ? seeds : [...seeds].sort(([a], [b]) => kinds.indexOf(a) - kinds.indexOf(b));
  // Joined without separator two sets of seeds could read alike; then lengths go with the values.
  const text = ordered.some(([, value]) => ambiguous.test(value))
    ? `serviceradar-device-v4:partition:${bytesOf(partition)}:${partition}${ordered.map(([kind, value]) => `;${kind}:${bytesOf(value)}:${value}`).join('')}`
    : `serviceradar-device-v3:partition:${partition}:${ordered.map(([kind, value]) => `${kind}:${value}`).join('')}`;
  const counted = count === 1 ? text : `${text}#${count}`;
  return idOf(hash('sha256', counted, 'buffer'));
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}

/** The first 16 bytes as a UUID of version 4; random ones for a device of which nothing is known. */
export function idOf(bytes: Uint8Array): string {
  let at = prefix.length;
  for (let n = 0; n < 16; n += 1) {
    const byte = n === 6 ? (bytes[n]! & 0x0f) | 0x40 : n === 8 ? (bytes[n]! & 0x3f) | 0x80 : bytes[n]!;
    if (n === 4 || n === 6 || n === 8 || n === 10) at += 1;
    written[at] = digits.charCodeAt(byte >> 4);
    written[at + 1] = digits.charCodeAt(byte & 0x0f);
    at += 2;
  }
  return written.toString('latin1');
}

const prefix = 'sr:';
const digits = '0123456789abcdef';
/** Where an id is written before it is a text: one that is put together of pieces holds on to them, which take eight times its memory. */
const written = Buffer.from(`${prefix}00000000-0000-0000-0000-000000000000`, 'latin1');

/** What a device is known by when nothing but itself was said of it: its first MAC that may identify, else its address. */
export function seedsOf({ macs, addresses }: Pick<NewDevice, 'macs' | 'addresses'>): DeviceSeed[] {
  const mac = macs.find(mayIdentify);
  if (mac !== undefined) return [['mac', mac]];
  const [address] = addresses;
  return address === undefined ? [] : [['ip', address]];
}

/** VRRP and CARP, HSRP, GLBP: many routers answer with these. */
const virtualRouters = /^(?:00005E000[12]|00000C07AC|00000C9FF|000573A00|0007B400)/;

/** `mac` in normal form. Zero, broadcast, multicast and virtual routers' identify nobody. */
export function mayIdentify(mac: string): boolean {
  const isGroup = (flagsOfMac(mac) & 0x01) !== 0;
  // Zero and all virtual routers begin with three zeros, which few others do.
  return !isGroup && !(mac.startsWith('000') && (mac === '000000000000' || virtualRouters.test(mac)));
}

/** Of a MAC in normal form the low bits of the first octet: 0x01 a group, 0x02 locally administered. */
export function flagsOfMac(mac: string): number {
  const code = mac.charCodeAt(1);
  // Of '0' to '9' the low bits are those of the digit, 'A' is ten.
  return (code < 0x41 ? code : code - 0x37) & 0x03;
}
