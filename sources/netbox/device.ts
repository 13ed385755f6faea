/**
 * A device as NetBox lists it, as an update. NetBox is what people wrote down, so the time of the listing is the update's: it says what is
 * recorded now, not when somebody saw it.
 */
import {
  addressOf,
  type DeviceInterface,
  type DeviceUpdate,
  macOf,
  member,
  metadataOf,
  textOf,
} from '../device-update.ts';
import type { ListedDevice } from '../dialect.ts';
import { limits } from '../limits.ts';

/** Null: it has no id. */
export function readNetboxDevice(entry: unknown, partition: string, listedAt: string): ListedDevice | null {
  const of = (key: string) => member(entry, key);
  const id = of('id');
  if (!Number.isSafeInteger(id)) return null;
  const ip = addressIn(of('primary_ip4')) ?? addressIn(of('primary_ip6')) ?? addressIn(of('primary_ip'));
  const ip6 = addressIn(of('primary_ip6'));
  const hostname = textOf(of('name'));
  const type = of('device_type');
  const update: DeviceUpdate = {
    ...(ip === null ? {} : { ip }),
    ...(hostname === null ? {} : { hostname }),
    partition,
    source: 'netbox',
    timestamp: listedAt,
    metadata: metadataOf({
      netbox_device_id: id,
      integration_type: 'netbox',
      serial: textOf(of('serial'), limits.serialCharsMax),
      netbox_asset_tag: of('asset_tag'),
      netbox_site: nameOf(of('site')),
      netbox_location: nameOf(of('location')),
      netbox_rack: nameOf(of('rack')),
      // Before NetBox 4.0 it was called device_role.
      netbox_role: nameOf(of('role')) ?? nameOf(of('device_role')),
      netbox_manufacturer: nameOf(member(type, 'manufacturer')),
      netbox_model: member(type, 'model'),
      netbox_platform: nameOf(of('platform')),
      netbox_status: member(of('status'), 'value'),
      netbox_tenant: nameOf(of('tenant')),
      netbox_tags: tags(of('tags')),
      ...(ip6 === null || ip6 === ip ? {} : { netbox_primary_ip6: ip6 }),
    }),
  };
  return { id: String(id), update };
}

/** `10.0.0.1/24`, without its length. */
function addressIn(value: unknown): string | null {
  return addressOf(textOf(member(value, 'address'))?.split('/')[0]);
}

/** What belongs to something else is an object with its name. */
function nameOf(value: unknown): unknown {
  return member(value, 'name') ?? undefined;
}

function tags(value: unknown): string | null {
  if (!Array.isArray(value)) return null;
  const found = value
    .slice(0, limits.tagsMax)
    .map((tag) => textOf(nameOf(tag)))
    .filter((tag) => tag !== null);
  return found.length === 0 ? null : found.join(',');
}

/** An interface with a MAC, and whose it is. Null: it has none. */
export function readNetboxInterface(entry: unknown): { deviceId: string; one: DeviceInterface } | null {
  const deviceId = member(member(entry, 'device'), 'id');
  // From NetBox 4.2 on MACs are objects of their own; this field is the primary one's.
  const mac = macOf(member(entry, 'mac_address'));
  if (!Number.isSafeInteger(deviceId) || mac === null) return null;
  return { deviceId: String(deviceId), one: { name: textOf(member(entry, 'name')) ?? mac, mac, ips: [] } };
}

export function withInterfaces(
  devices: readonly ListedDevice[],
  found: ReadonlyMap<string, readonly DeviceInterface[]>,
): ListedDevice[] {
  return devices.map((device) => {
    const interfaces = found.get(device.id);
    if (interfaces === undefined || interfaces.length === 0) return device;
    return {
      ...device,
      update: { ...device.update, interfaces: interfaces.slice(0, limits.interfacesOfDeviceMax) },
    };
  });
}
