/**
 * What is remembered of a tenant's devices, as a store keeps it: written by whoever holds the tenant's lease, a batch at once and
 * all or nothing; read back by the next holder, and by people. Fails with a `StoreError`.
 */
import type { Device } from './device.ts';
import type { DocumentKind } from './document-store.ts';

export interface InventoryPlace {
  readonly tenantId: string;
  readonly epoch: number;
}

/** In the order in which they are read back: none refers to one of a kind after it. */
export const inventoryRowKinds = [
  'partition',
  'ban',
  'evidence',
  'interfaces',
  'device',
  'address',
  'merge',
  'separation',
  'service',
] as const;
export type InventoryRowKind = (typeof inventoryRowKinds)[number];

/** `row` is whatever JSON its writer makes of it; it comes back as it was. */
export interface InventoryRow {
  readonly kind: InventoryRowKind;
  /** One of its kind and partition. */
  readonly key: string;
  readonly row: unknown;
}

/** What people read of a device. Instants are Unix milliseconds. */
export interface SeenDevice {
  readonly id: string;
  readonly name: string;
  readonly isService: boolean;
  readonly ip: string | null;
  readonly mac: string | null;
  readonly macs: readonly string[];
  readonly serial: string | null;
  readonly hostname: string | null;
  readonly firstSeenMs: number | null;
  readonly lastSeenMs: number | null;
  readonly isAvailable: boolean | null;
  readonly isDeleted: boolean;
  readonly sources: readonly string[];
  /** The device that it is now; the rest of it stays as it was written last. */
  readonly mergedInto: string | null;
  /** What this batch said of it; a word of a better source stands for 24 h. Null: nothing. */
  readonly described: DeviceDescription | null;
}

export interface DeviceDescription {
  readonly type: string | null;
  readonly vendor: string | null;
  readonly model: string | null;
  readonly os: string | null;
  readonly atMs: number;
  readonly confidence: number;
}

export interface IdentifierPlace {
  readonly type: string;
  readonly scope: string;
  readonly value: string;
}

export interface SeenIdentifier extends IdentifierPlace {
  /** Null: it identifies nobody (any more). */
  readonly deviceId: string | null;
  readonly status: 'live' | 'history';
}

export interface SeenConflict extends IdentifierPlace {
  /** Null: it is none (any more). */
  readonly reason: string | null;
  readonly devices: readonly string[];
}

export interface SeenSighting {
  readonly ip: string;
  /** None: it is a device now, or over. */
  readonly sources: readonly string[];
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
  readonly expiresAtMs: number;
}

/** Of a device. Instants are Unix milliseconds. */
export interface SeenInterface {
  /** Empty: none, but then it has a MAC. */
  readonly name: string;
  /** In normal form; empty: none. No other of the device has both. */
  readonly mac: string;
  readonly addresses: readonly string[];
  readonly sources: readonly string[];
  readonly firstSeenMs: number;
  readonly lastSeenMs: number;
}

/** All that a device has: what it had besides is gone. */
export interface SeenInterfaces {
  readonly deviceId: string;
  readonly interfaces: readonly SeenInterface[];
}

export interface AuditedMerge {
  /** Which one of its partition, from 0 on. */
  readonly n: number;
  readonly what: 'merge' | 'separation';
  readonly from: string;
  readonly to: string;
  readonly reason: string;
  readonly evidence: readonly string[];
  readonly atMs: number;
  /** An operator; null: the rules. */
  readonly who: string | null;
  readonly why: string | null;
  /** As it is read back. */
  readonly row: unknown;
}

/** What became of the updates of a document, or the word for why nothing could. */
export interface DocumentReconciled {
  readonly ordinal: number;
  readonly updates: number;
  readonly taken: number;
  /** How many by what was wrong with them. */
  readonly refused: Readonly<Record<string, number>>;
  /** The first that were refused, for people. */
  readonly examples: readonly { readonly item: number; readonly error: string }[];
  readonly failed: string | null;
}

export interface InventoryChanges {
  readonly partition: string;
  readonly rows: readonly InventoryRow[];
  readonly partitionRow: InventoryRow | null;
  /** Otherwise its row is written only when anything else is: what nothing came of writes nothing. */
  readonly isPartitionNew: boolean;
  readonly devices: readonly SeenDevice[];
  readonly identifiers: readonly SeenIdentifier[];
  readonly conflicts: readonly SeenConflict[];
  readonly sightings: readonly SeenSighting[];
  readonly interfaces: readonly SeenInterfaces[];
  readonly merges: readonly AuditedMerge[];
  /** Which document is over with this batch. */
  readonly document: DocumentReconciled | null;
}

/** Changes as a store writes them: made once, written as often as it takes. What is in it is the store's. */
export interface PreparedChanges {
  readonly prepared: unknown;
}

export interface DocumentToReconcile {
  readonly ordinal: number;
  readonly id: string;
  readonly agent: string;
  readonly partition: string;
  readonly kind: DocumentKind;
  readonly receivedAtMs: number;
}

/** As somebody wrote it down: of its kind the first, the second... (`ordinal`). */
export interface DeviceToSee {
  readonly ordinal: number;
  readonly id: string;
  readonly partition: string;
  readonly addresses: readonly string[];
  readonly macs: readonly string[];
  readonly serial: string | null;
  readonly createdAtMs: number;
}

export interface InventoryStore {
  /** From here on nothing is written under an earlier epoch. False: a later one was here. */
  claim(place: InventoryPlace): Promise<boolean>;
  /** All that is remembered, a page at a time: each partition's rows after its own, in the order of the kinds. */
  load(tenantId: string): AsyncIterable<readonly InventoryRow[]>;
  /** Asks nothing of the store: the time that it takes may be that in which others are written. */
  prepare(changes: InventoryChanges): PreparedChanges;
  /** All of it or nothing; answers how many rows are other ones now. `fenced`: a later epoch was here. */
  write(
    place: InventoryPlace,
    changes: PreparedChanges,
  ): Promise<{ written: number } | { refused: 'fenced' }>;
  /** Devices that somebody wrote down and nothing was seen of, by age; those after this one. */
  unseenByHand(tenantId: string, afterOrdinal: number, limit: number): Promise<DeviceToSee[]>;
  /** The oldest that is whole and not in the inventory. */
  nextDocument(tenantId: string): Promise<DocumentToReconcile | null>;
}

/** A device with what was seen of it; of a schema one version behind nothing was. */
export interface ListedDevice extends Device {
  readonly byHand: boolean;
  readonly hostname: string | null;
  readonly ip: string | null;
  readonly mac: string | null;
  readonly vendor: string | null;
  readonly model: string | null;
  readonly os: string | null;
  readonly firstSeenMs: number | null;
  readonly lastSeenMs: number | null;
  readonly isAvailable: boolean | null;
  readonly isDeleted: boolean;
  readonly sources: readonly string[];
  readonly mergedInto: string | null;
}

export interface ListedConflict extends SeenConflict {
  readonly partition: string;
  readonly reason: string;
  readonly sinceMs: number;
}

export interface ListedMerge extends Omit<AuditedMerge, 'row' | 'n'> {
  readonly partition: string;
}

export interface IdentifiedBy extends IdentifierPlace {
  readonly deviceId: string;
  readonly name: string;
}

export interface InventoryQuery {
  readonly which: 'live' | 'archived' | 'merged';
  /** Of these only those in this group, by its name; null: all. */
  readonly group?: string | null;
  /** The last device of the page before. */
  readonly after: string | null;
  readonly limit: number;
}

/** What anybody of the platform reads of it. */
export interface InventoryShelf {
  /** By age; those that live, those that are archived, or those that were merged into others. */
  list(tenantId: string, query: InventoryQuery): Promise<ListedDevice[]>;
  find(tenantId: string, id: string): Promise<ListedDevice | null>;
  /** Whom any of these identifies now, with what; null: nobody. */
  holder(tenantId: string, partition: string, any: readonly IdentifierPlace[]): Promise<IdentifiedBy | null>;
  identifiers(tenantId: string, deviceId: string): Promise<(SeenIdentifier & { deviceId: string })[]>;
  /** By name and MAC. */
  interfaces(tenantId: string, deviceId: string): Promise<SeenInterface[]>;
  /** Oldest first; those of one device, and of what was merged into it. */
  merges(tenantId: string, deviceId: string): Promise<ListedMerge[]>;
  /** What became of a document; null: it is not in the inventory yet. */
  reconciled(tenantId: string, ordinal: number): Promise<(DocumentReconciled & { atMs: number }) | null>;
  /** The newest first. */
  conflicts(tenantId: string, limit: number): Promise<ListedConflict[]>;
}
