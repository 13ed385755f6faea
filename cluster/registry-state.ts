/**
 * The registry's state and its effects, and the one way in which claims come and go: every change is compared before and
 * after, so watchers are told exactly what became visible, and a conflict that this node lost is settled on the spot.
 * Between the writers (`registry.ts`, `registry-merge.ts`, `registry-life.ts`) and the index.
 */

import type { RegistryKey } from './names.ts';
import { addClaim, dropClaim, groupOf, matches, type RegistryIndex, visibleOf } from './registry-index.ts';
import {
  createOrigin,
  type Entry,
  type Group,
  type HeadsSum,
  noteRemoval,
  type Origin,
  type Removal,
  type Shard,
  type Slot,
  setSequence,
  shardOf,
} from './registry-shard.ts';
import { RegistryWatchers } from './registry-watchers.ts';
import type { HeadsMessage, OriginRow, RegistryDelta } from './registry-wire.ts';

export type RegistryRefusal = 'bad_key' | 'name_taken' | 'not_ours';

export type RegistryEffect =
  /** To every linked peer (a fenced one: only its own tenant's), at once. */
  | { type: 'broadcast'; delta: RegistryDelta }
  | { type: 'send_delta'; peer: string; delta: RegistryDelta }
  | { type: 'send_fetch'; peer: string; origin: string; boot: number; tenant: string; since: number }
  | { type: 'send_origins'; peer: string; rows: readonly OriginRow[] }
  | { type: 'send_heads'; peer: string; message: HeadsMessage }
  /** A local `put`, `update` or `remove` that was not done; `holder` is who holds the name. */
  | { type: 'refused'; key: RegistryKey; code: RegistryRefusal; holder: Entry | null }
  /** A name of ours is held by another too, who keeps it. Ours is gone from the registry: its actor exits. */
  | { type: 'name_conflict'; lost: Entry; winner: Entry }
  /** What the watcher sees now; changes to it follow. */
  | { type: 'watch_start'; watcher: number; entries: readonly Entry[] }
  | { type: 'watch_refused'; watcher: number; code: 'too_many' }
  | { type: 'watch'; watcher: number; change: 'added' | 'updated' | 'removed'; entry: Entry }
  /**
   * A peer holds entries of this node's name that this boot did not write: another process has the name, or this boot
   * is not the highest. The node must take a higher boot before it holds any name.
   */
  | { type: 'own_shard_contested'; peer: string; boot: number; sequence: number };

/** What is known of the registry of a linked peer. */
export interface PeerLink {
  /** Fenced: its certificate names this tenant. */
  readonly tenant: string | null;
  /** At the last heartbeat, if they differed; else empty. */
  theirs: string;
  ours: string;
  steady: number;
  mismatches: number;
}

export interface RegistryState {
  readonly self: Origin;
  readonly index: RegistryIndex;
  readonly origins: Map<string, Origin>;
  /** For the heartbeat: kept with every change of an origin. */
  readonly heads: HeadsSum;
  readonly links: Map<string, PeerLink>;
  readonly watchers: RegistryWatchers;
  /** Own changes since the last `flush`, oldest first, by shard. */
  readonly pending: Map<Shard, { from: number; changes: (Entry | Removal)[] }>;
  /** The hybrid clock: never behind what was seen, so what follows another's name is later than it. */
  clock: number;
}

export interface RegistrySettings {
  readonly node: string;
  readonly boot: number;
  /** The best placed of these nodes for a key (`formatKey`), whoever else is alive: `ownerOf(key, nodes)`. */
  ownerAmong(key: string, nodes: readonly string[]): string;
}

export function createRegistry(settings: RegistrySettings): RegistryState {
  const heads = { high: 0, low: 0, returning: 0 };
  const self = createOrigin(settings.node, settings.boot, heads);
  return {
    self,
    index: { tenants: new Map(), ownerAmong: settings.ownerAmong },
    origins: new Map([[self.name, self]]),
    heads,
    links: new Map(),
    watchers: new RegistryWatchers(),
    pending: new Map(),
    clock: 0,
  };
}

/** Tells watchers how the visible claim of one name changed. */
export function tellChange(
  state: RegistryState,
  effects: RegistryEffect[],
  before: Entry | null,
  after: Entry | null,
): void {
  const one = before ?? after;
  if (one === null || before === after || state.watchers.size === 0) return;
  // Both are claims on one name.
  for (const [watcher, filter] of state.watchers.of(one.group.tenant)) {
    // A filter by node can match one side only: for that watcher the name then comes or goes.
    const was = before !== null && matches(filter, before);
    const is = after !== null && matches(filter, after);
    if (is) effects.push({ type: 'watch', watcher, change: was ? 'updated' : 'added', entry: after });
    else if (was) effects.push({ type: 'watch', watcher, change: 'removed', entry: before });
  }
}

/** Puts a claim in the place of the shard's former one. `slot`: that of its name, before. */
export function putClaim(
  state: RegistryState,
  effects: RegistryEffect[],
  entry: Entry,
  replaced: Entry | null,
  slot: Slot | undefined,
): void {
  const { group, id, shard } = entry;
  const before = visibleOf(state.index, slot);
  if (replaced !== null) shard.entries.delete(replaced);
  shard.entries.add(entry);
  const filled = addClaim(entry, replaced, slot);
  tellChange(state, effects, before, visibleOf(state.index, filled));
  if (Array.isArray(filled)) settleOwn(state, effects, group, id);
}

export function takeClaim(state: RegistryState, effects: RegistryEffect[], entry: Entry): void {
  const { group, id, shard } = entry;
  const slot = group.slots.get(id);
  const before = visibleOf(state.index, slot);
  shard.entries.delete(entry);
  tellChange(state, effects, before, visibleOf(state.index, dropClaim(state.index, entry, slot)));
}

/** A name that this node holds and that another holds rightly is given up here, by its only writer. */
export function settleOwn(state: RegistryState, effects: RegistryEffect[], group: Group, id: string): void {
  const slot = group.slots.get(id);
  if (!Array.isArray(slot)) return;
  const own = slot.find((entry) => entry.shard.origin === state.self);
  if (own === undefined) return;
  const winner = visibleOf(state.index, slot);
  if (winner === null || winner === own) return;
  removeOwn(state, effects, own);
  effects.push({ type: 'name_conflict', lost: own, winner });
}

/** The next change of an own shard. */
export function nextSequence(state: RegistryState, shard: Shard): number {
  if (!state.pending.has(shard)) state.pending.set(shard, { from: shard.sequence, changes: [] });
  setSequence(shard, shard.sequence + 1);
  return shard.sequence;
}

export function removeOwn(state: RegistryState, effects: RegistryEffect[], own: Entry): void {
  const { group, id, shard } = own;
  const removal = { group, id, sequence: nextSequence(state, shard) };
  noteRemoval(shard, removal);
  state.pending.get(shard)!.changes.push(removal);
  takeClaim(state, effects, own);
}

/** Milliseconds times 4,096 and a count: later than every claim that this node has seen. */
export function nextClock(state: RegistryState, nowMs: number): number {
  state.clock = Math.max(state.clock + 1, Math.floor(nowMs) * 4_096);
  return state.clock;
}

export function ownShard(state: RegistryState, tenant: string): Shard {
  return shardOf(state.self, tenant);
}

export function groupFor(state: RegistryState, key: RegistryKey): Group {
  return groupOf(state.index, key.tenant, key.kind, key.partition);
}
