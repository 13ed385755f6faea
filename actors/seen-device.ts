/** What people read of a device: of all that was said of it what is believed, and of a component of the service what it says. */
import type { DeviceRecord } from './identity/device-record.ts';
import { fieldsOf } from './identity/fields.ts';
import type { Group } from './identity/groups.ts';
import type { PartitionDevices } from './identity/partition.ts';
import { isGone } from './identity/services.ts';
import { deviceIdentifiersMax } from './limits.ts';
import type { DeviceDescription, SeenDevice } from './ports/inventory-store.ts';

export function seenDevice(
  record: DeviceRecord,
  group: Group,
  described: ReadonlyMap<string, DeviceDescription>,
): SeenDevice {
  const { id, mergedInto, isDeleted } = record;
  if (mergedInto !== null) return mergedDevice(id, mergedInto.id);
  const { ip, mac, hostname, isAvailable, firstSeenMs, lastSeenMs, sources } = fieldsOf(group);
  const { macs, serial } = hardwareOf(group);
  // Written out, as there is one for each update: a spread makes slower objects.
  return {
    id,
    name: hostname ?? ip ?? mac ?? id,
    isService: false,
    ip,
    mac,
    macs,
    serial,
    hostname,
    firstSeenMs,
    lastSeenMs,
    isAvailable: isDeleted ? false : isAvailable,
    isDeleted,
    sources,
    mergedInto: null,
    described: described.get(id) ?? null,
  };
}

function mergedDevice(id: string, mergedInto: string): SeenDevice {
  const nothing = {
    ip: null,
    mac: null,
    macs: [],
    serial: null,
    hostname: null,
    sources: [],
    described: null,
  };
  const never = { firstSeenMs: null, lastSeenMs: null, isAvailable: null, isDeleted: false };
  return { id, name: id, isService: false, mergedInto, ...nothing, ...never };
}

function hardwareOf({ evidence }: Group): { macs: string[]; serial: string | null } {
  const macs: string[] = [];
  let serial: string | null = null;
  for (const one of evidence) {
    for (const list of [one.macs, one.locals])
      for (const { value } of list)
        if (macs.length < deviceIdentifiersMax && !macs.includes(value)) macs.push(value);
    for (const { kind, value, isShared } of one.ids)
      if (kind === 'serial' && !isShared && (serial === null || value < serial)) serial = value;
  }
  return { macs: macs.length > 1 ? macs.sort() : macs, serial };
}

/** None: there is no such component. */
export function seenComponent({ services }: PartitionDevices, id: string): SeenDevice[] {
  const service = services.get(id);
  if (service === undefined) return [];
  const { observation, firstMs, lastMs, sources } = service;
  const { ip, mac, hostname, isAvailable, confidence } = observation;
  return [
    {
      ...{
        id,
        name: hostname ?? id,
        isService: true,
        ip,
        mac,
        macs: mac === null ? [] : [mac],
        serial: null,
        hostname,
      },
      ...{
        firstSeenMs: firstMs,
        lastSeenMs: lastMs,
        isAvailable: isGone(service) ? false : isAvailable,
        isDeleted: isGone(service),
        sources: [...sources].sort(),
      },
      mergedInto: null,
      described: { type: 'service', vendor: null, model: null, os: null, atMs: lastMs, confidence },
    },
  ];
}
