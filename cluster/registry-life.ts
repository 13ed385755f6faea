/**
 * How nodes' comings and goings change what is visible: names of a node that is down are hidden at once and kept for a
 * grace time, those of one that left or of an earlier boot are dropped. Membership decides which; this file carries it out.
 */
import { downGraceMs, nodesMax, returnedNamesMs, strangerKeptMs } from './limits.ts';
import { dropClaim, visibleOf } from './registry-index.ts';
import {
  createOrigin,
  type Entry,
  emptyOrigin,
  type Origin,
  setHidden,
  setReturning,
} from './registry-shard.ts';
import { type RegistryEffect, type RegistryState, settleOwn, tellChange } from './registry-state.ts';

export function nodeUp(state: RegistryState, effects: RegistryEffect[], name: string, boot: number): void {
  const known = state.origins.get(name);
  if (known === state.self) return;
  if (known === undefined) {
    if (state.origins.size < nodesMax) state.origins.set(name, createOrigin(name, boot, state.heads));
  } else if (known.boot < boot) {
    replaceOrigin(state, effects, known, boot);
  } else if (known.boot === boot) {
    known.gone = false;
    show(state, effects, known);
  }
  const origin = state.origins.get(name);
  if (origin?.boot === boot) origin.met = true;
}

export function nodeDown(
  state: RegistryState,
  effects: RegistryEffect[],
  name: string,
  boot: number,
  nowMs: number,
): void {
  const origin = lifeOf(state, effects, name, boot);
  if (origin === null || origin.hidden) return;
  origin.downAtMs = nowMs;
  hide(state, effects, origin);
}

export function nodeLeft(state: RegistryState, effects: RegistryEffect[], name: string, boot: number): void {
  const origin = lifeOf(state, effects, name, boot);
  if (origin === null) return;
  hide(state, effects, origin);
  purge(state, origin);
}

/** Drops the names of nodes whose grace is over, and hides those of nodes that others told of and that never came. */
export function endGraces(state: RegistryState, effects: RegistryEffect[], nowMs: number): void {
  for (const origin of state.origins.values()) {
    if (origin !== state.self && !origin.hidden && !origin.met) {
      origin.strangeSinceMs ??= nowMs;
      if (nowMs - origin.strangeSinceMs < strangerKeptMs) continue;
      origin.downAtMs = nowMs;
      hide(state, effects, origin);
    } else if (origin.hidden && !origin.gone && nowMs - origin.downAtMs >= downGraceMs) purge(state, origin);
    if (origin.returning === null) continue;
    origin.returning.sinceMs ??= nowMs;
    if (nowMs - origin.returning.sinceMs >= returnedNamesMs) returned(state, effects, origin);
  }
}

/** Ends a former life: its names go, whoever claims them in the new one. */
export function replaceOrigin(
  state: RegistryState,
  effects: RegistryEffect[],
  former: Origin,
  boot: number,
): Origin {
  hide(state, effects, former);
  purge(state, former);
  const origin = createOrigin(former.name, boot, state.heads);
  state.origins.set(origin.name, origin);
  return origin;
}

/** The origin of exactly this boot, made if it is news; null when a later one is known, or it is this node itself. */
function lifeOf(state: RegistryState, effects: RegistryEffect[], name: string, boot: number): Origin | null {
  const known = state.origins.get(name);
  if (known === state.self) return null;
  if (known === undefined) {
    if (state.origins.size >= nodesMax) return null;
    const origin = createOrigin(name, boot, state.heads);
    state.origins.set(name, origin);
    return origin;
  }
  if (known.boot > boot) return null;
  return known.boot === boot ? known : replaceOrigin(state, effects, known, boot);
}

/** It told what it holds: all that it has told is here when nothing is under way any more. */
export function returnedIfTold(state: RegistryState, effects: RegistryEffect[], origin: Origin): void {
  if (origin.returning?.told !== true) return;
  for (const { fetch } of origin.shards.values()) if (fetch !== null) return;
  returned(state, effects, origin);
}

/** All its names count from now on. */
export function returned(state: RegistryState, effects: RegistryEffect[], origin: Origin): void {
  if (origin.returning === null) return;
  const slotOf = ({ group, id }: Entry) => group.slots.get(id);
  const before = Array.from(entriesOf(origin), (entry) => ({
    entry,
    seen: visibleOf(state.index, slotOf(entry)),
  }));
  setReturning(origin, null);
  if (origin.hidden) return;
  for (const { entry, seen } of before) {
    tellChange(state, effects, seen, visibleOf(state.index, slotOf(entry)));
    settleOwn(state, effects, entry.group, entry.id);
  }
}

function hide(state: RegistryState, effects: RegistryEffect[], origin: Origin): void {
  if (origin.hidden) return;
  if (state.watchers.size > 0) {
    for (const entry of entriesOf(origin)) {
      const slot = entry.group.slots.get(entry.id);
      tellChange(state, effects, visibleOf(state.index, slot), visibleOf(state.index, slot, origin));
    }
  }
  setReturning(origin, null);
  setHidden(origin, true);
}

function show(state: RegistryState, effects: RegistryEffect[], origin: Origin): void {
  if (!origin.hidden) return;
  setHidden(origin, false);
  const entries = [...entriesOf(origin)];
  // Nothing is compared with a tenant's node.
  if (origin.sum !== null && entries.length > 0) setReturning(origin, { told: false, sinceMs: null });
  showAll(state, effects, origin, entries);
}

/** `entries`: a copy, since a conflict that we lose takes an own claim out of its slot while we walk. */
function showAll(
  state: RegistryState,
  effects: RegistryEffect[],
  origin: Origin,
  entries: readonly Entry[],
): void {
  for (const entry of entries) {
    const slot = entry.group.slots.get(entry.id);
    if (state.watchers.size > 0) {
      tellChange(state, effects, visibleOf(state.index, slot, origin), visibleOf(state.index, slot));
    }
    settleOwn(state, effects, entry.group, entry.id);
  }
}

function purge(state: RegistryState, origin: Origin): void {
  for (const entry of entriesOf(origin)) dropClaim(state.index, entry, entry.group.slots.get(entry.id));
  emptyOrigin(origin);
  origin.gone = true;
}

function* entriesOf(origin: Origin): Generator<Entry> {
  for (const shard of origin.shards.values()) yield* shard.entries;
}
