/**
 * A source says that a device is gone: it is deleted softly, and a later observation of something that identifies it restores it. Who
 * names a device by an address alone retracts nothing.
 */

import type { DeviceRecord } from './device-record.ts';
import { macClass } from './identifier-rules.ts';
import type { Placed } from './outcomes.ts';
import type { PartitionDevices, Touched } from './partition.ts';
import type { Observation } from './read-update.ts';
import { isGone } from './services.ts';

export function applyRetraction(devices: PartitionDevices, one: Placed, touched: Touched): void {
  const { observation } = one;
  if (observation.service !== null) {
    retractComponent(devices, one, observation.service);
    return;
  }
  const found = retracted(devices, observation);
  if (typeof found === 'string') {
    one.drop = found;
    return;
  }
  one.device = found;
  const { atMs } = observation;
  const record = found;
  devices.hasRetractions = true;
  record.deletedAtMs = Math.max(record.deletedAtMs ?? atMs, atMs);
  const was = record.isDeleted;
  devices.judgeDeleted(record);
  one.retracted = record.isDeleted ? (was ? 'already' : 'deleted') : 'seen_since';
  if (record.group !== null) touched.groups.add(record.group);
}

/** It is named by its id, which is all that it has. */
function retractComponent({ services }: PartitionDevices, one: Placed, id: string): void {
  const service = services.get(id);
  if (service === undefined) {
    one.drop = 'unknown_device';
    return;
  }
  const was = isGone(service);
  const { atMs } = one.observation;
  service.deletedAtMs = Math.max(service.deletedAtMs ?? atMs, atMs);
  one.service = service;
  one.retracted = isGone(service) ? (was ? 'already' : 'deleted') : 'seen_since';
}

function retracted(
  devices: PartitionDevices,
  observation: Observation,
): DeviceRecord | 'unknown_device' | 'weak_retraction' {
  const { named, mac } = observation;
  let isNamed = named.length > 0;
  for (const { kind, scope, value } of named) {
    if (kind === 'asserted') {
      const device = devices.findDevice(value);
      if (device !== null) return device;
    }
    const holders = devices.book.find(kind, scope, value)?.holders ?? [];
    const groups = new Set(holders.map(({ group }) => group));
    const [group] = groups;
    if (groups.size === 1 && group?.device != null) return group.device;
  }
  if (mac !== null && macClass(mac) === 'global') {
    isNamed = true;
    const identifier = devices.book.find('mac', '', mac);
    const groups = new Set(
      identifier === null || identifier.isShared ? [] : identifier.holders.map(({ group }) => group),
    );
    const [group] = groups;
    if (groups.size === 1 && group?.device != null) return group.device;
  }
  return isNamed ? 'unknown_device' : 'weak_retraction';
}
