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

/** All of a device's record that ever changes, and which evidence it was told of. */
interface ToldDevice {
  readonly founder: DeviceRecord['founder'];
  readonly assertedMs: number | null;
  readonly mergedInto: DeviceRecord | null;
  readonly merge: DeviceRecord['merge'];
  readonly deletedAtMs: number | null;
  readonly isDeleted: boolean;
  readonly group: Group | null;
  /** A short list is replaced when it changes, a long one grows too. */
  readonly evidence: readonly Evidence[] | null;
  readonly members: number;
}

/** More than evidence has identifiers of one kind, and four such numbers are a whole number that is exact. */
const listLengthMax = 8_192;

export class Told {
  merges = 0;
  separations = 0;
  readonly conflicts = new Set<Identifier>();
  readonly sightings = new Set<AddressRecord>();
  /** Of devices that have interfaces what those were made of. Of what was read back it is not known. */
  readonly interfaces = new Map<DeviceRecord, string>();
  private nowMs = Number.NEGATIVE_INFINITY;
  private readonly devices = new Map<DeviceRecord, ToldDevice>();
  /** How many identifiers of each kind, by the evidence's number. */
  private readonly evidence: number[] = [];
  /** Whose each is, as people read it; null: nobody's. Of what was read back it is not known. */
  private readonly owners = new Map<Identifier, string | null>();

  /** Of a partition that was read: all of it, but for `merges` and `separations`, which its reader counted, and whose identifiers are. */
  tell(devices: PartitionDevices): void {
    const { book, addressBook, inventory, tables, nowMs } = devices;
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
    for (const group of groups) this.changedOf(group, inventory.recordsOf(group));
    for (const { group } of tables.owners())
      if (group?.device != null) this.interfaces.set(group.device, 'unknown');
    for (const identifier of book.identifiers())
      if (conflictRow(devices, identifier) !== null) this.conflicts.add(identifier);
  }

  /**
   * Which of its devices are other ones than were told, and whether whose its identifiers are may be another; from now on they are
   * told.
   */
  changedOf(group: Group, records: readonly DeviceRecord[]): { changed: DeviceRecord[]; isOther: boolean } {
    const changed: DeviceRecord[] = [];
    let isOther = true;
    for (const record of records) {
      const told = this.devices.get(record);
      const isSame = told !== undefined && isAsTold(record, told);
      if (!isSame) changed.push(record);
      if (record.mergedInto !== null) {
        if (!isSame) this.devices.set(record, toldOf(record, null));
        continue;
      }
      const isHome =
        isSame &&
        told.group === group &&
        told.evidence === group.evidence &&
        told.members === group.evidence.length;
      if (isHome) isOther = false;
      else this.devices.set(record, toldOf(record, group));
    }
    return { changed, isOther: isOther || changed.length > 0 };
  }

  /** Whether it was there before. */
  knows(record: DeviceRecord): boolean {
    return this.devices.has(record);
  }

  /** Whether a person, or another piece of evidence, changed what is in it. */
  isOtherEvidence({ n, ids, macs, locals, overruled }: Evidence): boolean {
    let now = 0;
    for (const { length } of [ids, macs, locals, overruled])
      now = now * listLengthMax + Math.min(length, listLengthMax - 1);
    if (this.evidence[n] === now) return false;
    this.evidence[n] = now;
    return true;
  }

  /** Whether it is another's than was told; from now on it is told. */
  isOtherOwner(identifier: Identifier, owner: string | null): boolean {
    if (this.owners.get(identifier) === owner) return false;
    this.owners.set(identifier, owner);
    return true;
  }

  isLater(nowMs: number): boolean {
    const isLater = nowMs > this.nowMs;
    this.nowMs = Math.max(nowMs, this.nowMs);
    return isLater;
  }
}

function isAsTold(record: DeviceRecord, told: ToldDevice): boolean {
  return (
    record.founder === told.founder &&
    record.assertedMs === told.assertedMs &&
    record.mergedInto === told.mergedInto &&
    record.merge === told.merge &&
    record.deletedAtMs === told.deletedAtMs &&
    record.isDeleted === told.isDeleted
  );
}

function toldOf(record: DeviceRecord, group: Group | null): ToldDevice {
  const { founder, assertedMs, mergedInto, merge, deletedAtMs, isDeleted } = record;
  const evidence = group?.evidence ?? null;
  const members = evidence?.length ?? 0;
  return { founder, assertedMs, mergedInto, merge, deletedAtMs, isDeleted, group, evidence, members };
}
