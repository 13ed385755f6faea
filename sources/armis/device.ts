/**
 * A device as Armis lists it, as an update. Armis gives addresses and MACs as one text with commas. Its `lastSeen` is when the device was
 * observed, so it is the update's time: an address of last week must not count as one of today.
 */
import { addressOf, type DeviceUpdate, macOf, member, metadataOf, textOf, timeOf } from '../device-update.ts';
import type { ListedDevice } from '../dialect.ts';
import { limits } from '../limits.ts';

export interface ArmisFrame {
  readonly partition: string;
  /** RFC 3339, of the listing. */
  readonly listedAt: string;
  /** The last complete listing had it. */
  isKnown(id: string): boolean;
  /** False before the first complete listing. */
  readonly hasKnown: boolean;
}

/** Null: it has no id. */
export function readArmisDevice(entry: unknown, frame: ArmisFrame): ListedDevice | null {
  const of = (key: string) => member(entry, key);
  const id = textOf(of('id'), limits.externalIdCharsMax);
  if (id === null || typeof of('id') === 'boolean') return null;
  const ips = listed(of('ipAddress'), addressOf);
  const macs = listed(of('macAddress'), macOf);
  const hostname = textOf(of('name'));
  const update: DeviceUpdate = {
    ...(ips[0] === undefined ? {} : { ip: ips[0] }),
    ...(macs[0] === undefined ? {} : { mac: macs[0] }),
    ...(hostname === null ? {} : { hostname }),
    partition: frame.partition,
    source: 'armis',
    timestamp: observedAt(id, timeOf(of('lastSeen')), frame),
    metadata: metadataOf({
      armis_device_id: id,
      integration_type: 'armis',
      armis_type: of('type'),
      armis_category: of('category'),
      armis_manufacturer: of('manufacturer'),
      armis_model: of('model'),
      armis_operating_system: of('operatingSystem'),
      armis_operating_system_version: of('operatingSystemVersion'),
      armis_risk_level: of('riskLevel'),
      armis_boundaries: nameOf(of('boundaries')),
      armis_site: nameOf(of('site')),
      armis_tags: tags(of('tags')),
      armis_last_seen: timeOf(of('lastSeen')),
      _first_seen: timeOf(of('firstSeen')),
      ...(ips.length > 1 ? { armis_ip_addresses: ips.join(',') } : {}),
      ...(macs.length > 1 ? { armis_mac_addresses: macs.join(',') } : {}),
    }),
  };
  // A device with several network cards: without a table of its own, all but the first would identify nobody.
  if (macs.length > 1) update.interfaces = macs.map((mac, at) => ({ name: `mac${at + 1}`, mac, ips: [] }));
  return { id, update };
}

/**
 * One that the last complete listing did not have is observed now, by being listed again: it may have been retracted since it was
 * last seen, and would stay so. A clock of theirs that is ahead of ours is not followed.
 */
function observedAt(id: string, lastSeen: string | null, frame: ArmisFrame): string {
  const isBack = frame.hasKnown && !frame.isKnown(id);
  if (lastSeen === null || isBack || lastSeen > frame.listedAt) return frame.listedAt;
  return lastSeen;
}

/** Of several in one text, those that are what they should be. */
function listed(value: unknown, read: (text: unknown) => string | null): string[] {
  const texts = Array.isArray(value)
    ? value.slice(0, limits.listedValuesMax)
    : String(textOf(value, limits.metadataValueCharsMax) ?? '').split(',');
  const found = texts.map(read).filter((text) => text !== null);
  return [...new Set(found)].slice(0, limits.listedValuesMax);
}

function nameOf(value: unknown): unknown {
  return typeof value === 'object' ? member(value, 'name') : value;
}

function tags(value: unknown): string | null {
  if (!Array.isArray(value)) return textOf(value, limits.metadataValueCharsMax);
  const found = value
    .slice(0, limits.tagsMax)
    .map((tag) => textOf(tag))
    .filter((tag) => tag !== null);
  return found.length === 0 ? null : found.join(',');
}
