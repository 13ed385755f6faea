/**
 * What of a partition is in the store as it is in memory, so that a batch does not write all that it came by: kept beside the memory,
 * and made anew with it. To believe that something is not written costs a write that changes nothing; the other way round must not be.
 */
import type { AddressRecord } from './identity/addresses.ts';
import type { DeviceRecord } from './identity/device-record.ts';
import type { Evidence, Identifier } from './identity/evidence.ts';
import { conflictRow } from './identity/final-state.ts';
import type { Group } from './identity/groups.ts';
import type { PartitionDevices } from './identity/partition.ts';
import { sightingAt } from './identity/sightings.ts';

export class Told {
  merges = 0;
  separations = 0;
  readonly conflicts = new Set<Identifier>();
  readonly sightings = new Set<AddressRecord>();
  private nowMs = Number.NEGATIVE_INFINITY;
  private readonly groups = new WeakMap<Group, string>();
  private readonly evidence = new WeakMap<Evidence, string>();

  /** Of a partition that was read: all of it, but for `merges` and `separations`, which its reader counted. */
  tell(devices: PartitionDevices): void {
    const { book, addressBook, inventory, nowMs } = devices;
    this.nowMs = nowMs;
    const groups = new Set<Group>();
    for (const one of book.all.values()) {
      this.isOtherEvidence(one);
      if (one.group !== null) groups.add(one.group);
    }
    for (const record of addressBook.all.values()) {
      if (record.standing !== null) groups.add(record.standing);
      if (sightingAt(record, nowMs) !== null) this.sightings.add(record);
    }
    for (const group of groups) this.isOther(group, inventory.recordsOf(group));
    for (const identifier of book.identifiers())
      if (conflictRow(devices, identifier) !== null) this.conflicts.add(identifier);
  }

  /** Whether its devices, and whose its identifiers are, may be other ones than were told; from now on they are told. */
  isOther(group: Group, records: readonly DeviceRecord[]): boolean {
    const parts = records.map(({ id, assertedMs, mergedInto, deletedAtMs, isDeleted }) =>
      [id, assertedMs, mergedInto?.id, deletedAtMs, isDeleted].join(' '),
    );
    const now = `${group.evidence.length} ${parts.join(',')}`;
    if (this.groups.get(group) === now) return false;
    this.groups.set(group, now);
    return true;
  }

  /** Whether a person, or another piece of evidence, changed what is in it. */
  isOtherEvidence(one: Evidence): boolean {
    const now = [one.ids, one.macs, one.locals, one.overruled].map(({ length }) => length).join(' ');
    if (this.evidence.get(one) === now) return false;
    this.evidence.set(one, now);
    return true;
  }

  isLater(nowMs: number): boolean {
    const isLater = nowMs > this.nowMs;
    this.nowMs = Math.max(nowMs, this.nowMs);
    return isLater;
  }
}
