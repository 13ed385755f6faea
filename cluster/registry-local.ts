/**
 * What this node itself does to the registry: takes, updates and gives up names of its own actors, and tells the others
 * once per turn. Between the node's actors and its own shards; nobody else writes those.
 */
import { isRef, sameRef } from '../runtime/index.ts';
import { isRegistryKey, type RegistryKey, tenantOfNode } from './names.ts';
import { findGroup, visibleOf } from './registry-index.ts';
import { claimIn, deltaParts, type Entry } from './registry-shard.ts';
import {
  groupFor,
  nextClock,
  nextSequence,
  ownShard,
  putClaim,
  type RegistryEffect,
  type RegistryRefusal,
  type RegistryState,
  removeOwn,
} from './registry-state.ts';

export interface RegistryPut {
  readonly key: RegistryKey;
  readonly ref: unknown;
  readonly metadata: unknown;
  readonly supervised: boolean;
}

export function put(state: RegistryState, effects: RegistryEffect[], one: RegistryPut, nowMs: number): void {
  const { key, ref, metadata, supervised } = one;
  if (!isRegistryKey(key)) {
    refuse(effects, key, 'bad_key', null);
    return;
  }
  const group = groupFor(state, key);
  const slot = group.slots.get(key.id);
  const holder = visibleOf(state.index, slot);
  if (holder !== null && !isOutranked(state, holder)) {
    refuse(effects, key, 'name_taken', holder);
    return;
  }
  const shard = ownShard(state, key.tenant);
  const clock = nextClock(state, nowMs);
  const sequence = nextSequence(state, shard);
  const entry: Entry = { group, id: key.id, shard, ref, metadata, sequence, clock, supervised };
  state.pending.get(shard)!.changes.push(entry);
  putClaim(state, effects, entry, null, slot);
}

export function update(
  state: RegistryState,
  effects: RegistryEffect[],
  key: RegistryKey,
  metadata: unknown,
): void {
  const own = ownClaim(state, key);
  if (own === null) {
    refuse(effects, key, 'not_ours', holderOf(state, key));
    return;
  }
  const entry: Entry = { ...own, metadata, sequence: nextSequence(state, own.shard) };
  state.pending.get(own.shard)!.changes.push(entry);
  putClaim(state, effects, entry, own, own.group.slots.get(own.id));
}

export function remove(
  state: RegistryState,
  effects: RegistryEffect[],
  key: RegistryKey,
  ref: unknown,
): void {
  const own = ownClaim(state, key);
  if (own !== null && (ref === undefined || isHolder(own.ref, ref))) removeOwn(state, effects, own);
  else refuse(effects, key, 'not_ours', holderOf(state, key));
}

/** A name that a tenant's node holds is free for a platform's: the other gives it up when it hears of it. */
function isOutranked(state: RegistryState, holder: Entry): boolean {
  return tenantOfNode(holder.shard.origin.name) !== null && tenantOfNode(state.self.name) === null;
}

/** By what the refs say: the same actor may have been looked up twice. */
function isHolder(held: unknown, ref: unknown): boolean {
  return held === ref || (isRef(held) && isRef(ref) && sameRef(held, ref));
}

function ownClaim(state: RegistryState, key: RegistryKey): Entry | null {
  const group = findGroup(state.index, key.tenant, key.kind, key.partition);
  const shard = state.self.shards.get(key.tenant);
  return group === undefined || shard === undefined ? null : claimIn(shard, group, key.id);
}

function refuse(
  effects: RegistryEffect[],
  key: RegistryKey,
  code: RegistryRefusal,
  holder: Entry | null,
): void {
  effects.push({ type: 'refused', key, code, holder });
}

export function flush(state: RegistryState, effects: RegistryEffect[]): void {
  for (const [shard, { from, changes }] of state.pending) {
    // Of a name that changed twice only the last change is told.
    const last = changes.filter((one) => !('shard' in one) || shard.entries.has(one));
    for (const delta of deltaParts(shard, from, last, false)) effects.push({ type: 'broadcast', delta });
  }
  state.pending.clear();
}

/** The visible holder of a name, whoever it is. */
export function holderOf(state: RegistryState, key: RegistryKey): Entry | null {
  return visibleOf(
    state.index,
    findGroup(state.index, key.tenant, key.kind, key.partition)?.slots.get(key.id),
  );
}
