/** A device as an id that was given once, and the audit row of what became of it. */
import type { AddressRecord } from './addresses.ts';
import type { Evidence } from './evidence.ts';
import type { Group } from './groups.ts';

export interface DeviceRecord {
  readonly id: string;
  /** Of the batch that made it. */
  readonly createdIn: number;
  founder: Evidence | AddressRecord;
  /** Since when somebody asserts this id; null: it is one of ours. */
  assertedMs: number | null;
  mergedInto: DeviceRecord | null;
  /** The last time that it was merged, as long as it is. */
  merge: MergeRow | null;
  deletedAtMs: number | null;
  /** Retracted, and nothing that identifies it was seen since. */
  isDeleted: boolean;
  group: Group | null;
}

/** `from` was merged into `to`; of a separation: `from` came out of `to`. */
export interface MergeRow {
  readonly what: 'merge' | 'separation';
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  readonly evidence: readonly string[];
  readonly atMs: number;
  readonly line: number | null;
  /** The evidence of `from` at that moment, by number: what an unmerge gives back. */
  readonly members: readonly number[];
  /** Of `to` at that moment. */
  readonly others: readonly number[];
}

export function isAddress(founder: Evidence | AddressRecord): founder is AddressRecord {
  return 'glimpses' in founder;
}
