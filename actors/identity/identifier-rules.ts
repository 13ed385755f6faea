/**
 * What identifies a device and how far it is believed: the kinds with their strength, the MACs that never speak for a device,
 * the sources with their confidence. Facts of the rules, without any state; `docs/DEVICES.md` tells them to users.
 */
import { isJunkSerial } from '../new-device.ts';
import { flagsOfMac, mayIdentify } from '../ports/device-id.ts';

export { isJunkSerial };

/** In the order of priority; the first two are said by people and senders, the rest is evidence. */
export const identifierKinds = [
  /** Two devices that a person made one. */
  'manual',
  /** A `device_id` that its sender asserts. */
  'asserted',
  'agent_id',
  'armis_device_id',
  /** Scoped by the type of the integration. */
  'integration_id',
  'netbox_device_id',
  'serial',
  /** Globally unique. */
  'mac',
  /** Locally administered: it attaches what has nothing better, and never makes two devices one. */
  'local_mac',
] as const;
export type IdentifierKind = (typeof identifierKinds)[number];

/** A device has at most one value of each, and two that differ are never one device. */
export const externalKinds: readonly IdentifierKind[] = [
  'agent_id',
  'armis_device_id',
  'integration_id',
  'netbox_device_id',
];
export const singleValuedKinds: readonly IdentifierKind[] = [...externalKinds, 'serial'];

export type MacClass = 'global' | 'local' | 'nobody';

/** `mac` in normal form. */
export function macClass(mac: string): MacClass {
  if (!mayIdentify(mac)) return 'nobody';
  return (flagsOfMac(mac) & 0x02) === 0 ? 'global' : 'local';
}

const confidences: ReadonlyMap<string, number> = new Map([
  ['manual', 10],
  ['snmp', 9],
  ...(['mapper', 'self-reported', 'agent'] as const).map((source) => [source, 8] as const),
  ...(['integration', 'armis', 'netbox'] as const).map((source) => [source, 7] as const),
  ...(['netflow', 'sysmon'] as const).map((source) => [source, 6] as const),
  ...(['sweep', 'sighting'] as const).map((source) => [source, 5] as const),
]);

/** 10 the most, 1 for a source that nobody knows. */
export function confidenceOf(source: string): number {
  return confidences.get(source) ?? 1;
}

const sightingSources: ReadonlySet<string> = new Set(['sweep', 'sighting', 'netflow', 'sysmon']);

/** Whether an address alone, from this source, is no device yet. */
export function isSightingSource(source: string): boolean {
  return sightingSources.has(source);
}

/** Whether an update of this source with an agent's id is by that agent about itself. */
export function isAboutItself(source: string): boolean {
  return source === 'self-reported' || source === 'agent';
}

const hourMs = 3_600_000;
const subnetLives: ReadonlyMap<string, number> = new Map([
  ['guest', hourMs],
  ['dynamic', 6 * hourMs],
  ['static', 72 * hourMs],
]);

/** How long a sighting is kept, by the class of its subnet (`metadata.subnet_class`). */
export function sightingLifeMs(subnetClass: string | null): number {
  return subnetLives.get(subnetClass ?? '') ?? 24 * hourMs;
}

/** One that may identify before one that may not, then by value. */
export function isBetterMac(mac: string, than: string): boolean {
  const [a, b] = [macClass(mac) === 'nobody', macClass(than) === 'nobody'];
  return a === b ? mac < than : b;
}
