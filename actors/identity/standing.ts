/**
 * Devices that stand, or once stood, by an address alone: in which order addresses are looked at, and which devices go along when the one
 * that they were merged into becomes another. Between the grouping of addresses and the naming of devices (`inventory.ts`). Pure.
 */

import type { AddressRecord } from './addresses.ts';
import { append } from './append.ts';
import { type DeviceRecord, isAddress } from './device-record.ts';
import type { Evidence } from './evidence.ts';
import type { Group } from './groups.ts';

/** An address that is said to be another name of one comes after that one. */
export function placesFirst(addresses: ReadonlySet<AddressRecord>): ReadonlySet<AddressRecord> {
  if (!areSaid(addresses)) return addresses;
  const ordered = new Set<AddressRecord>();
  for (const record of addresses) {
    const chain: AddressRecord[] = [];
    for (let at: AddressRecord | null = record; at !== null && addresses.has(at) && !ordered.has(at); ) {
      if (chain.includes(at)) break;
      chain.push(at);
      const founder: Evidence | AddressRecord | undefined = (at.said?.mergedInto ?? at.said)?.founder;
      at = founder !== undefined && isAddress(founder) ? founder : null;
    }
    for (const one of chain.reverse()) ordered.add(one);
  }
  return ordered;
}

/** Whether any of them is said to be another name of something. */
function areSaid(addresses: ReadonlySet<AddressRecord>): boolean {
  for (const { said } of addresses) if (said !== null) return true;
  return false;
}

/** As it was, as long as all of it is still there: what was merged into what stands there stays with it. */
export function groupAt(record: AddressRecord): Group {
  const { standing } = record;
  if (standing?.address === record && standing.evidence.every(({ group }) => group === standing))
    return standing;
  return { evidence: [], isStrong: false, address: record, device: null };
}

/** Of addresses that were not looked at: what was merged into the device of the group goes along when that is another one now. */
export function addResting(
  founded: readonly DeviceRecord[],
  group: Group,
  lookedAt: ReadonlySet<AddressRecord>,
): readonly DeviceRecord[] {
  let records = founded;
  for (const { addresses } of group.evidence)
    for (const record of addresses) {
      const { device } = record;
      if (device === null || device.group !== group || lookedAt.has(record)) continue;
      if (!records.includes(device)) records = append(records, device);
    }
  return records;
}
