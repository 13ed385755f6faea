/**
 * Which devices have other interfaces than people read of them, and all that those have now. Between the tables in a partition's memory
 * and what is written (`inventory-changes.ts`). What is as it was told is not put together again.
 */

import { deviceInterfaces, tablesOf } from './identity/device-interfaces.ts';
import type { DeviceRecord } from './identity/device-record.ts';
import type { Group } from './identity/groups.ts';
import type { PartitionDevices } from './identity/partition.ts';
import type { SourceTable } from './identity/source-tables.ts';
import type { SeenInterfaces } from './ports/inventory-store.ts';
import { interfaceSeenStepMs } from './reconcile-limits.ts';
import type { Told } from './told.ts';

/** Of the devices of a group, of which `records` are all; from now on they are told. */
export function changedInterfaces(
  { tables }: PartitionDevices,
  group: Group,
  records: readonly DeviceRecord[],
  { interfaces: told }: Told,
): SeenInterfaces[] {
  if (tables.isEmpty && told.size === 0) return [];
  const changed: SeenInterfaces[] = [];
  for (const record of records)
    if (record !== group.device && told.delete(record)) changed.push({ deviceId: record.id, interfaces: [] });
  const { device } = group;
  if (device === null) return changed;
  const all = tablesOf(group, tables);
  const now = all.map(printOf).sort().join(' ');
  if ((told.get(device) ?? '') === now) return changed;
  if (now === '') told.delete(device);
  else told.set(device, now);
  changed.push({ deviceId: device.id, interfaces: seenOf(all) });
  return changed;
}

/** All that its rows are made of. */
function printOf({ version, firstMs, atMs, confidence }: SourceTable): string {
  return `${version}:${stepOf(firstMs)}:${stepOf(atMs)}:${confidence}`;
}

function seenOf(tables: readonly SourceTable[]): SeenInterfaces['interfaces'] {
  return deviceInterfaces(tables).rows.map(({ firstMs, lastMs, ...row }) => ({
    ...row,
    firstSeenMs: stepOf(firstMs),
    lastSeenMs: stepOf(lastMs),
  }));
}

/** A table that says the same again within it is no other one. */
function stepOf(ms: number): number {
  return Math.floor(ms / interfaceSeenStepMs) * interfaceSeenStepMs;
}
