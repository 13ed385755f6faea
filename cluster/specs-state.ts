/**
 * What the map of child specs consists of, and its hashes: one for all specs, and one for each of some buckets, so that two
 * nodes find out where they differ without telling each other everything. Between specs.ts and spec-exchange.ts.
 */
import type { ChildSpec } from './child-spec.ts';
import { highLane, lowLane, mix32, numberHash, textHash } from './hash.ts';
import { specBucketsCount } from './limits.ts';
import { createContext, type Dot, type SpecContext, sameDot, see } from './spec-context.ts';
import type { SpecDelta, SpecDigest, SpecExchange, SpecRemoval } from './specs-wire.ts';

/** A spec and the write that it comes from. Never changed. */
export interface SpecEntry extends Dot {
  readonly spec: ChildSpec;
  /** Milliseconds times 4,096 of the writer's hybrid clock: of two specs with one id the later counts. */
  readonly clock: number;
}

export type SpecsEffect =
  /** To every linked peer. */
  | { type: 'broadcast'; delta: SpecDelta }
  | { type: 'broadcast_hash'; high: number; low: number }
  | { type: 'send_digest'; peer: string; digest: SpecDigest }
  | { type: 'send_exchange'; peer: string; exchange: SpecExchange }
  /** What is wanted under these ids is now what `entries` says. */
  | { type: 'changed'; ids: readonly string[] }
  | { type: 'refused'; id: string; code: 'too_many' };

export interface SpecsState {
  readonly node: string;
  /** The life of this node as a writer, and how much it wrote. */
  stamp: number;
  written: number;
  clock: number;
  /** By id, the latest first. More than one only where nodes wrote to one id without knowing of each other. */
  readonly entries: Map<string, readonly SpecEntry[]>;
  readonly context: SpecContext;
  hashHigh: number;
  hashLow: number;
  readonly bucketHashes: Uint32Array;
  readonly links: Map<string, SpecsLink>;
  pending: { puts: SpecEntry[]; removals: SpecRemoval[] };
  forgotAtMs: number;
  /** Exchanges told so far: their numbers. */
  exchanges: number;
}

export interface SpecsLink {
  /** The exchange that is under way, what was told in it so far, and the part that comes next. */
  number: number;
  told: SpecEntry[];
  expected: number;
  /** How often in a row its hash was another. */
  differed: number;
}

/** `stamp`: the boot of the node. */
export function createSpecs(node: string, stamp: number): SpecsState {
  return {
    node,
    stamp,
    written: 0,
    clock: 0,
    entries: new Map(),
    context: createContext(),
    hashHigh: 0,
    hashLow: 0,
    bucketHashes: new Uint32Array(specBucketsCount),
    links: new Map(),
    pending: { puts: [], removals: [] },
    forgotAtMs: 0,
    exchanges: 0,
  };
}

/** The spec that counts under an id. */
export function specOf(state: SpecsState, id: string): SpecEntry | null {
  return state.entries.get(id)?.[0] ?? null;
}

export function hold(state: SpecsState, entry: SpecEntry): void {
  const { id } = entry.spec;
  const beside = state.entries.get(id);
  state.entries.set(id, beside === undefined ? [entry] : [...beside, entry].sort(latestFirst));
  rehash(state, entry);
}

/** False when it is not held. */
export function drop(state: SpecsState, id: string, dot: Dot): boolean {
  const held = state.entries.get(id);
  const entry = held?.find((one) => sameDot(one, dot));
  if (held === undefined || entry === undefined) return false;
  if (held.length === 1) state.entries.delete(id);
  else
    state.entries.set(
      id,
      held.filter((one) => one !== entry),
    );
  rehash(state, entry);
  return true;
}

/** A spec that another node holds: taken unless its write was seen before, for then it is held, or was removed. */
export function take(state: SpecsState, changed: Set<string>, incoming: SpecEntry): void {
  if (!see(state.context, incoming)) return;
  state.clock = Math.max(state.clock, incoming.clock);
  hold(state, incoming);
  changed.add(incoming.spec.id);
}

function latestFirst(a: SpecEntry, b: SpecEntry): number {
  if (a.clock !== b.clock) return b.clock - a.clock;
  if (a.node !== b.node) return a.node < b.node ? 1 : -1;
  return b.stamp - a.stamp || b.count - a.count;
}

export function bucketOf(id: string): number {
  return textHash(id, lowLane) % specBucketsCount;
}

/** Puts an entry into the hashes, or takes it out: the same operation. */
function rehash(state: SpecsState, { spec, node, stamp, count }: SpecEntry): void {
  const high = mix32(
    numberHash(stamp, textHash(node, highLane)) ^ numberHash(count, textHash(spec.id, highLane)),
  );
  const low = mix32(
    numberHash(count, textHash(node, lowLane)) ^ numberHash(stamp, textHash(spec.id, lowLane)),
  );
  state.hashHigh ^= high;
  state.hashLow ^= low;
  const bucket = bucketOf(spec.id);
  state.bucketHashes[bucket] = state.bucketHashes[bucket]! ^ high;
}
