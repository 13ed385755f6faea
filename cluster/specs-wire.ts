/**
 * What the nodes tell each other of child specs, as plain data, and the judges of what arrives: after them every field has
 * its type and every spec its shape. Between the map's machine and the frames.
 */
import { readSpecFields, type SpecFields, specFields } from './child-spec.ts';
import { nodesMax, specBucketsCount, specsPerMessageMax, specWritersMax } from './limits.ts';
import { isKeyId, isNodeName } from './names.ts';
import type { ContextRow, Dot } from './spec-context.ts';
import type { SpecEntry } from './specs-state.ts';

export interface SpecRemoval extends Dot {
  readonly id: string;
}

/** What changed at one node. Serves whoever gets it, in any order, any number of times. */
export interface SpecDelta {
  readonly puts: readonly SpecEntry[];
  readonly removals: readonly SpecRemoval[];
}

/** A hash per bucket of ids; none when nothing is held. */
export interface SpecDigest {
  readonly hashes: readonly number[];
  readonly reply: boolean;
  readonly context: readonly ContextRow[];
  readonly horizonMs: number;
}

/** All that a node holds in the buckets in which it differs from a digest, in parts; the last says which buckets and what it has seen. */
export interface SpecExchange {
  readonly number: number;
  readonly part: number;
  readonly last: boolean;
  readonly buckets: readonly number[];
  readonly context: readonly ContextRow[];
  readonly horizonMs: number;
  readonly entries: readonly SpecEntry[];
}

type EntryRow = readonly [...SpecFields, clock: number, node: string, stamp: number, count: number];

export function deltaRows({ puts, removals }: SpecDelta): unknown[] {
  return [puts.map(entryRow), removals.map(({ id, node, stamp, count }) => [id, node, stamp, count])];
}

export function readSpecDelta(value: unknown): SpecDelta | null {
  if (!isRow(value, 2)) return null;
  const puts = readEntries(value[0]);
  const removals = readAll(value[1], specsPerMessageMax, readRemoval);
  return puts === null || removals === null ? null : { puts, removals };
}

export function digestRow({ hashes, reply, context, horizonMs }: SpecDigest): unknown[] {
  return [hashes, reply, context, horizonMs];
}

export function readSpecDigest(value: unknown): SpecDigest | null {
  if (!isRow(value, 4)) return null;
  const [hashes, reply, rows, horizonMs] = value;
  if (!Array.isArray(hashes) || hashes.length > specBucketsCount || !hashes.every(isCount)) return null;
  const context = readContext(rows);
  if (typeof reply !== 'boolean' || context === null || !isCount(horizonMs)) return null;
  return { hashes, reply, context, horizonMs };
}

export function exchangeRow(exchange: SpecExchange): unknown[] {
  const { number, part, last, buckets, context, horizonMs, entries } = exchange;
  return [number, part, last, buckets, context, horizonMs, entries.map(entryRow)];
}

export function readSpecExchange(value: unknown): SpecExchange | null {
  if (!isRow(value, 7)) return null;
  const [number, part, last, buckets, rows, horizonMs, list] = value;
  if (!isCount(number) || !isCount(part) || typeof last !== 'boolean' || !isCount(horizonMs)) return null;
  if (!Array.isArray(buckets) || buckets.length > specBucketsCount || !buckets.every(isCount)) return null;
  const context = readContext(rows);
  const entries = readEntries(list);
  if (context === null || entries === null) return null;
  return { number, part, last, buckets, context, horizonMs, entries };
}

function entryRow({ spec, clock, node, stamp, count }: SpecEntry): EntryRow {
  return [...specFields(spec), clock, node, stamp, count];
}

function readEntries(value: unknown): SpecEntry[] | null {
  return readAll(value, specsPerMessageMax, readEntry);
}

function readEntry(row: unknown): SpecEntry | null {
  if (!isRow(row, 9)) return null;
  const spec = readSpecFields(row.slice(0, 5));
  const [clock, node, stamp, count] = row.slice(5);
  if (spec === null || !isCount(clock) || !isNodeName(node) || !isCount(stamp) || !isCount(count))
    return null;
  return { spec, clock, node, stamp, count };
}

function readRemoval(row: unknown): SpecRemoval | null {
  if (!isRow(row, 4)) return null;
  const [id, node, stamp, count] = row;
  return isKeyId(id) && isNodeName(node) && isCount(stamp) && isCount(count)
    ? { id, node, stamp, count }
    : null;
}

function readContext(value: unknown): ContextRow[] | null {
  return readAll(value, Math.max(specWritersMax, nodesMax), (row) => {
    if (!isRow(row, 4)) return null;
    const [node, stamp, upTo, beyond] = row;
    if (!isNodeName(node) || !isCount(stamp) || !isCount(upTo)) return null;
    return Array.isArray(beyond) && beyond.every(isCount) ? (row as unknown as ContextRow) : null;
  });
}

function readAll<T>(value: unknown, most: number, read: (row: unknown) => T | null): T[] | null {
  if (!Array.isArray(value) || value.length > most) return null;
  const all: T[] = [];
  for (const row of value) {
    const one = read(row);
    if (one === null) return null;
    all.push(one);
  }
  return all;
}

function isRow(value: unknown, length: number): value is unknown[] {
  return Array.isArray(value) && value.length === length;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
