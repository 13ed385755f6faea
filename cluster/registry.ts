/**
 * The replicated registry: a state-based CRDT of single-writer shards (docs/ARCHITECTURE.md, Names). This file is its
 * protocol: all events, the step, and the questions that anybody may ask. Pure: time comes in events, effects are
 * carried out by the node. The state is changed in place for speed; the same events always give the same state and
 * effects.
 */
import { watchersMax } from './limits.ts';
import type { RegistryKey } from './names.ts';
import {
  answerFetch,
  compareHash,
  compareOrigins,
  mergeHeads,
  originRows,
  tellOwn,
} from './registry-exchange.ts';
import { findGroup, groupsOf, matches, type RegistryFilter, slotsOf, visibleOf } from './registry-index.ts';
import { endGraces, nodeDown, nodeLeft, nodeUp } from './registry-life.ts';
import { flush, holderOf, put, type RegistryPut, remove, update } from './registry-local.ts';
import { mergeDelta } from './registry-merge.ts';
import { claimIn, type Entry, type Shard } from './registry-shard.ts';
import type { RegistryEffect, RegistryState } from './registry-state.ts';
import type { FetchRequest, HeadsMessage, OriginRow, PutRow, RegistryDelta } from './registry-wire.ts';

export type RegistryEvent =
  /** Local: takes a name for an actor of this node. Without a `refused` effect it is done and visible here. `nowMs`: wall clock. */
  | { type: 'put'; put: RegistryPut; nowMs: number }
  | { type: 'put_many'; puts: readonly RegistryPut[]; nowMs: number }
  | { type: 'update'; key: RegistryKey; metadata: unknown }
  /** With a ref, only if the name is held by that very actor. */
  | { type: 'remove'; key: RegistryKey; ref?: unknown }
  /** Sends what changed locally since the last one: once per turn of the event loop. */
  | { type: 'flush' }
  | { type: 'watch'; watcher: number; filter: RegistryFilter }
  | { type: 'unwatch'; watcher: number }
  /** `tenant`: of a fenced peer, else null. */
  | { type: 'link_up'; peer: string; tenant: string | null }
  | { type: 'link_down'; peer: string }
  /** From the peer whom the link's certificate proved: */
  | { type: 'delta'; peer: string; delta: RegistryDelta }
  | { type: 'fetch'; peer: string; request: FetchRequest }
  | { type: 'heads_hash'; peer: string; high: number; low: number }
  | { type: 'origins'; peer: string; rows: readonly OriginRow[] }
  | { type: 'heads'; peer: string; message: HeadsMessage }
  /** From membership: */
  | { type: 'node_up'; node: string; boot: number }
  | { type: 'node_down'; node: string; boot: number; nowMs: number }
  | { type: 'node_left'; node: string; boot: number }
  /** Monotonic, as in `node_down`. */
  | { type: 'tick'; nowMs: number };

export interface RegistryStep {
  readonly state: RegistryState;
  readonly effects: RegistryEffect[];
}

export function stepRegistry(state: RegistryState, event: RegistryEvent): RegistryStep {
  const effects: RegistryEffect[] = [];
  switch (event.type) {
    case 'put':
      put(state, effects, event.put, event.nowMs);
      break;
    case 'put_many':
      for (const one of event.puts) put(state, effects, one, event.nowMs);
      break;
    case 'update':
      update(state, effects, event.key, event.metadata);
      break;
    case 'remove':
      remove(state, effects, event.key, event.ref);
      break;
    case 'flush':
      flush(state, effects);
      break;
    case 'watch':
      watch(state, effects, event.watcher, event.filter);
      break;
    case 'unwatch':
      state.watchers.delete(event.watcher);
      break;
    case 'link_up':
      state.links.set(event.peer, { tenant: event.tenant, theirs: '', ours: '', steady: 0, mismatches: 0 });
      if (event.tenant === null)
        effects.push({ type: 'send_origins', peer: event.peer, rows: originRows(state) });
      else tellOwn(state, effects, event.peer, event.tenant);
      break;
    case 'link_down':
      state.links.delete(event.peer);
      break;
    case 'delta':
      mergeDelta(state, effects, event.peer, event.delta);
      break;
    case 'fetch':
      answerFetch(state, effects, event.peer, event.request);
      break;
    case 'heads_hash':
      compareHash(state, effects, event.peer, event.high, event.low);
      break;
    case 'origins':
      compareOrigins(state, effects, event.peer, event.rows);
      break;
    case 'heads':
      mergeHeads(state, effects, event.peer, event.message);
      break;
    case 'node_up':
      nodeUp(state, effects, event.node, event.boot);
      break;
    case 'node_down':
      nodeDown(state, effects, event.node, event.boot, event.nowMs);
      break;
    case 'node_left':
      nodeLeft(state, effects, event.node, event.boot);
      break;
    case 'tick':
      endGraces(state, effects, event.nowMs);
      break;
  }
  return { state, effects };
}

/** The live holder of a name. */
export function lookup(state: RegistryState, key: RegistryKey): Entry | null {
  return holderOf(state, key);
}

/** How many names a shard has here beside those that the delta puts. Of an earlier life nothing counts. */
export function heldBeside(state: RegistryState, { origin, boot, tenant, puts }: RegistryDelta): number {
  const known = state.origins.get(origin);
  const shard = known?.boot === boot ? known.shards.get(tenant) : undefined;
  if (shard === undefined) return 0;
  const isHeld = ([partition, kind, id]: PutRow) => {
    const group = findGroup(state.index, tenant, kind, partition);
    return group !== undefined && claimIn(shard, group, id) !== null;
  };
  return shard.entries.size - puts.filter(isHeld).length;
}

/** All visible names that match. */
export function list(state: RegistryState, filter: RegistryFilter): Entry[] {
  if (filter.node !== undefined && filter.kind === undefined) return listOf(state, filter.node, filter);
  const found: Entry[] = [];
  const { node } = filter;
  // The groups match already.
  for (const group of groupsOf(state.index, filter)) {
    for (const slot of slotsOf(group, filter)) {
      const entry = visibleOf(state.index, slot);
      if (entry !== null && (node === undefined || entry.shard.origin.name === node)) found.push(entry);
    }
  }
  return found;
}

/** The same, one by one: what comes or goes meanwhile may be among them or not. */
export function* scan(state: RegistryState, filter: RegistryFilter): Generator<Entry> {
  const { node } = filter;
  for (const group of groupsOf(state.index, filter)) {
    for (const slot of slotsOf(group, filter)) {
      const entry = visibleOf(state.index, slot);
      if (entry !== null && (node === undefined || entry.shard.origin.name === node)) yield entry;
    }
  }
}

/** Of one node: what it holds is known without a look at what all others hold. */
function listOf(state: RegistryState, node: string, filter: RegistryFilter): Entry[] {
  const found: Entry[] = [];
  for (const shard of shardsOf(state, node, filter.tenant)) {
    for (const entry of shard.entries) {
      const { group, id } = entry;
      if (matches(filter, entry) && visibleOf(state.index, group.slots.get(id)) === entry) found.push(entry);
    }
  }
  return found;
}

function shardsOf(state: RegistryState, node: string, tenant: string | undefined): Iterable<Shard> {
  const shards = state.origins.get(node)?.shards;
  if (shards === undefined) return [];
  if (tenant === undefined) return shards.values();
  const shard = shards.get(tenant);
  return shard === undefined ? [] : [shard];
}

function watch(
  state: RegistryState,
  effects: RegistryEffect[],
  watcher: number,
  filter: RegistryFilter,
): void {
  if (state.watchers.size >= watchersMax) {
    effects.push({ type: 'watch_refused', watcher, code: 'too_many' });
    return;
  }
  state.watchers.set(watcher, filter);
  effects.push({ type: 'watch_start', watcher, entries: list(state, filter) });
}
