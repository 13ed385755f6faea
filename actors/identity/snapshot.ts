/**
 * The whole memory of a reconciler as lines of JSON, and back: for `picket reconcile --state` and for whoever keeps it elsewhere. The
 * grouping is no part of it: it is a function of what is, and is decided again when it is read.
 */

import type { AddressRecord, Glimpse } from './addresses.ts';
import { type DeviceRecord, isAddress, type MergeRow } from './device-record.ts';
import type { Evidence, Identifier, Seen } from './evidence.ts';
import { listsOf } from './husks.ts';
import type { IdentifierKind } from './identifier-rules.ts';
import type { PartitionDevices } from './partition.ts';
import type { Observation } from './read-update.ts';
import type { Reconciler } from './reconciler.ts';
import type { Separation } from './separations.ts';
import { BadSnapshot, Loader } from './snapshot-loader.ts';
import { type SourceTable, type TableTimes, timesOf } from './source-tables.ts';

export type Triple = readonly [kind: IdentifierKind, scope: string, value: string];

export interface EvidenceRow {
  n: number;
  ids: Triple[];
  macs: Triple[];
  claims: Triple[];
  locals: Triple[];
  localClaims: Triple[];
  overruled: Triple[];
  seedMac: string | null;
  first: [ms: number, order: number, ip: string | null];
  names: readonly string[];
  seen: readonly Seen[];
  /** Of its interface tables, in their order; absent: it has none. */
  tables?: TableTimes[];
  /** Of one that says nothing any more, what it said: as the first five. */
  husk?: Triple[][];
  /** It was withdrawn: only its number is taken. */
  isGone?: true;
}

/** The text of one of them, which changes less often. */
export interface InterfacesRow {
  n: number;
  at: number;
  source: string;
  text: string;
}

export interface AddressRow {
  ip: string;
  holds: [ms: number, n: number][];
  glimpses: readonly Glimpse[];
  claims: [n: number, instants: number[], lastMs: number][];
  said: string | null;
  overruled: number[];
}

export interface RecordRow {
  id: string;
  createdIn: number;
  /** The number of evidence, or an address. */
  founder: number | string;
  assertedMs: number | null;
  mergedInto: string | null;
  merge: MergeRow | null;
  deletedAtMs: number | null;
  isDeleted: boolean;
}

export interface PartitionRow {
  name: string;
  nowMs: number | null;
  batches: number;
}

interface ServiceRow {
  id: string;
  observation: Observation;
  firstMs: number;
  lastMs: number;
  sources: string[];
  deletedAtMs?: number | null;
}

export type SnapshotLine =
  | { picket_devices: 1 }
  | { partition: PartitionRow }
  | { ban: Triple }
  | { evidence: EvidenceRow }
  | { interfaces: InterfacesRow }
  | { address: AddressRow }
  | { device: RecordRow }
  | { merge: MergeRow }
  | { separation: { own: Triple[]; others: Triple[] } }
  | { service: ServiceRow };

export function tripleOf({ kind, scope, value }: Identifier): Triple {
  return [kind, scope, value];
}

export function evidenceRow(one: Evidence, { book, tables }: PartitionDevices): EvidenceRow {
  if (!book.all.has(one.n)) return goneRow(one.n);
  const all = tables.of(one);
  const husk = book.husks.isEmpty ? null : book.husks.saidBy(one);
  const { n, seedMac, names, seen, firstMs, firstOrder, firstIp } = one;
  const rows = (list: readonly Identifier[]) => list.map(tripleOf);
  return {
    ...{ n, ids: rows(one.ids), macs: rows(one.macs), claims: rows(one.claims), locals: rows(one.locals) },
    ...{ localClaims: rows(one.localClaims), overruled: rows(one.overruled), seedMac },
    ...{ first: [firstMs, firstOrder, firstIp], names, seen },
    ...(all.length > 0 && { tables: all.map(timesOf) }),
    ...(husk !== null && { husk: listsOf(husk).map(rows) }),
  };
}

function goneRow(n: number): EvidenceRow {
  const nothing = { ids: [], macs: [], claims: [], locals: [], localClaims: [], overruled: [] };
  return { n, ...nothing, seedMac: null, first: [0, 0, null], names: [], seen: [], isGone: true };
}

export function interfacesRow(table: SourceTable, { tables }: PartitionDevices): InterfacesRow {
  const { by, source, text } = table;
  return { n: by.n, at: tables.of(by).indexOf(table), source, text };
}

export function addressRow({
  ip,
  holdTimes,
  holders,
  glimpses,
  claims,
  said,
  overruled,
}: AddressRecord): AddressRow {
  return {
    ip,
    holds: holders.map((by, at) => [holdTimes[at]!, by.n]),
    glimpses,
    claims: claims.map(({ by, instants, lastMs }) => [by.n, instants, lastMs]),
    said: said?.id ?? null,
    overruled: overruled.map(({ n }) => n),
  };
}

export function recordRow(record: DeviceRecord): RecordRow {
  const { id, createdIn, founder, assertedMs, mergedInto, merge, deletedAtMs, isDeleted } = record;
  return {
    ...{ id, createdIn, founder: isAddress(founder) ? founder.ip : founder.n, assertedMs },
    ...{ mergedInto: mergedInto?.id ?? null, merge, deletedAtMs, isDeleted },
  };
}

export function separationRow({ own, others }: Separation): { own: Triple[]; others: Triple[] } {
  return { own: [...own].map(tripleOf), others: [...others].map(tripleOf) };
}

export function* snapshot(reconciler: Reconciler): Generator<SnapshotLine> {
  yield { picket_devices: 1 };
  for (const devices of reconciler.partitions.values()) yield* snapshotOf(devices);
}

function* snapshotOf(devices: PartitionDevices): Generator<SnapshotLine> {
  const { name, nowMs, batches, book, addressBook, inventory, separations, services } = devices;
  yield { partition: { name, nowMs: Number.isFinite(nowMs) ? nowMs : null, batches } };
  for (const identifier of book.identifiers()) if (identifier.isBanned) yield { ban: tripleOf(identifier) };
  for (const one of book.all.values()) yield { evidence: evidenceRow(one, devices) };
  if (book.lastN > 0 && !book.all.has(book.lastN)) yield { evidence: goneRow(book.lastN) };
  for (const by of devices.tables.owners())
    for (const table of devices.tables.of(by)) yield { interfaces: interfacesRow(table, devices) };
  for (const record of inventory.records.values()) yield { device: recordRow(record) };
  for (const record of addressBook.all.values()) yield { address: addressRow(record) };
  for (const merge of inventory.merges) yield { merge };
  for (const one of separations.all) yield { separation: separationRow(one) };
  for (const { sources, ...service } of services.values())
    yield { service: { ...service, sources: [...sources].sort() } };
}

/** Reads what `snapshot` gave into a reconciler that is empty. Throws `BadSnapshot`. */
export function restore(lines: Iterable<unknown>, reconciler: Reconciler): void {
  let loader: Loader | null = null;
  let isHeaded = false;
  for (const line of lines) {
    if (typeof line !== 'object' || line === null) throw new BadSnapshot('a line is no object');
    const said = line as SnapshotLine;
    if ('picket_devices' in said) {
      if (said.picket_devices !== 1) throw new BadSnapshot('it was written by another version');
      isHeaded = true;
    } else if (!isHeaded) throw new BadSnapshot('it is no state of devices');
    else if ('partition' in said) {
      loader?.finish();
      loader = new Loader(reconciler.partition(said.partition.name), said.partition);
    } else if (loader === null) throw new BadSnapshot('no partition is named');
    else loader.take(said);
  }
  loader?.finish();
}
