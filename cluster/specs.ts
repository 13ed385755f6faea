/**
 * The map of child specs that every node holds: what was started and not yet stopped, whoever asked for it. This file is
 * its protocol, `(state, event) -> {state, effects}`. A spec is versioned by a hybrid clock and by the dot of its write; what
 * was removed is known by spec-context.ts, so no order, loss, repetition or absence brings a removed child back. The
 * state is changed in place; the same events always give the same state and effects.
 */
import type { ChildSpec } from './child-spec.ts';
import { specsForgetEveryMs, specsMax, specsPerMessageMax, tombstoneRetentionMs } from './limits.ts';
import { forget, see, writerOf } from './spec-context.ts';
import { compareDigest, digestOf, mergeExchange } from './spec-exchange.ts';
import { drop, hold, type SpecEntry, type SpecsEffect, type SpecsState, take } from './specs-state.ts';
import type { SpecDelta, SpecDigest, SpecExchange } from './specs-wire.ts';

/** `nowMs`: wall clock. */
export type SpecsEvent =
  /** Local. The spec takes the place of what its id had. */
  | { type: 'put'; spec: ChildSpec; nowMs: number }
  | { type: 'remove'; id: string }
  /** Tells the others what changed here since the last one: once per turn of the event loop. */
  | { type: 'flush' }
  | { type: 'link_up'; peer: string }
  | { type: 'link_down'; peer: string }
  /** From linked peers: */
  | { type: 'delta'; peer: string; delta: SpecDelta }
  | { type: 'hash'; peer: string; high: number; low: number }
  | { type: 'digest'; peer: string; digest: SpecDigest; nowMs: number }
  | { type: 'exchange'; peer: string; exchange: SpecExchange; nowMs: number }
  /** Compares with the linked peers; now and then forgets writers. `boots`: present life of each known node, asked for then. */
  | { type: 'tick'; nowMs: number; boots: ReadonlyMap<string, number> };

export interface SpecsStep {
  readonly state: SpecsState;
  readonly effects: SpecsEffect[];
}

export function stepSpecs(state: SpecsState, event: SpecsEvent): SpecsStep {
  const effects: SpecsEffect[] = [];
  const changed = new Set<string>();
  switch (event.type) {
    case 'put':
      put(state, effects, changed, event.spec, event.nowMs);
      break;
    case 'remove':
      remove(state, changed, event.id);
      break;
    case 'flush':
      flush(state, effects);
      break;
    case 'link_up':
      state.links.set(event.peer, { number: 0, told: [], expected: 0, differed: 0 });
      effects.push({ type: 'send_digest', peer: event.peer, digest: digestOf(state, false) });
      break;
    case 'link_down':
      state.links.delete(event.peer);
      break;
    case 'delta':
      mergeDelta(state, changed, event.delta);
      break;
    case 'hash':
      compareHash(state, effects, event.peer, event.high, event.low);
      break;
    case 'digest':
      compareDigest(state, effects, event.peer, event.digest);
      renewWriter(state, event.digest.context, event.digest.horizonMs, event.nowMs);
      break;
    case 'exchange':
      mergeExchange(state, changed, event.peer, event.exchange);
      renewWriter(state, event.exchange.context, event.exchange.horizonMs, event.nowMs);
      break;
    case 'tick':
      tick(state, effects, event.nowMs, event.boots);
      break;
  }
  if (changed.size > 0) effects.push({ type: 'changed', ids: [...changed] });
  return { state, effects };
}

function put(
  state: SpecsState,
  effects: SpecsEffect[],
  changed: Set<string>,
  spec: ChildSpec,
  nowMs: number,
): void {
  if (!state.entries.has(spec.id) && state.entries.size >= specsMax) {
    effects.push({ type: 'refused', id: spec.id, code: 'too_many' });
    return;
  }
  remove(state, changed, spec.id);
  state.clock = Math.max(state.clock + 1, Math.floor(nowMs) * 4_096);
  // A life of a writer begins with its first write: no node can have forgotten it before that.
  if (state.written === 0) state.stamp = Math.max(state.stamp, Math.floor(nowMs));
  state.written += 1;
  const { node, stamp, written: count, clock } = state;
  const entry: SpecEntry = { spec, clock, node, stamp, count };
  see(state.context, entry);
  hold(state, entry);
  state.pending.puts.push(entry);
  changed.add(spec.id);
}

/** All that is known under the id; what another node writes meanwhile stays. */
function remove(state: SpecsState, changed: Set<string>, id: string): void {
  for (const entry of state.entries.get(id) ?? []) {
    drop(state, id, entry);
    const { node, stamp, count } = entry;
    state.pending.removals.push({ id, node, stamp, count });
    changed.add(id);
  }
}

function flush(state: SpecsState, effects: SpecsEffect[]): void {
  const { puts, removals } = state.pending;
  state.pending = { puts: [], removals: [] };
  // What was put and taken away again in one turn is told as removed only.
  const held = puts.filter((entry) => state.entries.get(entry.spec.id)?.includes(entry));
  for (let at = 0; at < Math.max(held.length, removals.length); at += specsPerMessageMax) {
    const to = at + specsPerMessageMax;
    effects.push({
      type: 'broadcast',
      delta: { puts: held.slice(at, to), removals: removals.slice(at, to) },
    });
  }
}

function mergeDelta(state: SpecsState, changed: Set<string>, { puts, removals }: SpecDelta): void {
  for (const removal of removals) {
    see(state.context, removal);
    if (drop(state, removal.id, removal)) changed.add(removal.id);
  }
  for (const entry of puts) take(state, changed, entry);
}

/** Deltas may be under way: one difference is normal, a second one is compared closely. */
function compareHash(
  state: SpecsState,
  effects: SpecsEffect[],
  peer: string,
  high: number,
  low: number,
): void {
  const link = state.links.get(peer);
  if (link === undefined) return;
  const alike = high === state.hashHigh >>> 0 && low === state.hashLow >>> 0;
  link.differed = alike ? 0 : link.differed + 1;
  if (link.differed < 2) return;
  link.differed = 0;
  effects.push({ type: 'send_digest', peer, digest: digestOf(state, true) });
}

/** A peer has forgotten this writer: what it writes from now on must not count as seen there. */
function renewWriter(
  state: SpecsState,
  context: readonly (readonly [string, number, ...unknown[]])[],
  horizonMs: number,
  nowMs: number,
): void {
  if (state.written === 0 || state.stamp >= horizonMs) return;
  if (context.some(([node, stamp]) => node === state.node && stamp === state.stamp)) return;
  state.stamp = Math.max(horizonMs, Math.floor(nowMs), state.stamp + 1);
  state.written = 0;
}

/** Whether a tick at this instant looks at `boots`. */
export function isForgettingDue(state: SpecsState, nowMs: number): boolean {
  return nowMs - state.forgotAtMs >= specsForgetEveryMs;
}

function tick(
  state: SpecsState,
  effects: SpecsEffect[],
  nowMs: number,
  boots: ReadonlyMap<string, number>,
): void {
  if (state.context.writers.size > 0 && state.links.size > 0) {
    effects.push({ type: 'broadcast_hash', high: state.hashHigh >>> 0, low: state.hashLow >>> 0 });
  }
  if (!isForgettingDue(state, nowMs)) return;
  state.forgotAtMs = nowMs;
  const held = new Set<string>();
  for (const siblings of state.entries.values()) for (const entry of siblings) held.add(writerOf(entry));
  const isNeeded = ({ node, stamp }: { node: string; stamp: number }) =>
    stamp >= (boots.get(node) ?? Number.POSITIVE_INFINITY) || held.has(writerOf({ node, stamp }));
  forget(state.context, isNeeded, nowMs, tombstoneRetentionMs);
}
