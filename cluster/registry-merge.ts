/**
 * Deltas of peers, merged. A delta is applied only where it joins what is held; else the missing
 * part is fetched. So order, loss, duplication and relays do no harm.
 *
 * What is checked here: no delta writes this node's own shards; an older boot writes nothing; an entry speaks only for the
 * tenant of its delta; over a fenced link each end tells its own shard of the tenant and no other. What is left to the
 * fence and the link: that `peer` is who it says (its certificate), and that refs inside name their origin. A trusted
 * peer may relay any other platform node's shard and is believed.
 */
import { tenantOfNode } from './names.ts';
import { advance, contest, fetchMissing, originFor } from './registry-exchange.ts';
import { findGroup, groupOf } from './registry-index.ts';
import {
  claimAt,
  claimIn,
  type Entry,
  type Group,
  noteRemoval,
  oldestFirst,
  type Shard,
  shardOf,
} from './registry-shard.ts';
import { putClaim, type RegistryEffect, type RegistryState, takeClaim } from './registry-state.ts';
import type { PutRow, RegistryDelta } from './registry-wire.ts';

export function mergeDelta(
  state: RegistryState,
  effects: RegistryEffect[],
  peer: string,
  delta: RegistryDelta,
): void {
  // A tenant's node speaks for itself and for its tenant; nobody else speaks for it.
  const tenant = tenantOfNode(delta.origin) ?? state.links.get(peer)?.tenant ?? null;
  if (tenant !== null && (delta.origin !== peer || delta.tenant !== tenant)) return;
  if (delta.origin === state.self.name) {
    contest(state, effects, peer, delta.boot, delta.tenant, delta.to);
    return;
  }
  const origin = originFor(state, effects, delta.origin, delta.boot);
  if (origin === null) return;
  const shard = shardOf(origin, delta.tenant);
  if (delta.whole > 0) {
    mergeWhole(state, effects, shard, delta);
    return;
  }
  const { window } = shard;
  // While the whole shard is being told, only what joins its newest part is taken; the rest would bring back what is gone.
  const held = window === null ? shard.sequence : window.high;
  if (delta.from > held || (window !== null && delta.from < window.low)) {
    if (window === null) fetchMissing(state, effects, shard, peer, delta.to, 1);
    return;
  }
  if (delta.to <= held) return;
  for (const [partition, kind, id, sequence] of delta.removals) {
    if (sequence <= held) continue;
    if (window !== null) window.removed.set(`${partition}/${kind}/${id}`, sequence);
    const { tenant } = shard;
    const group = findGroup(state.index, tenant, kind, partition) ?? {
      tenant,
      partition,
      kind,
      slots: new Map(),
    };
    // Also of a name that came and went unseen here: whoever is told by us may hold it.
    noteRemoval(shard, { group, id, sequence });
    const entry = claimIn(shard, group, id);
    if (entry !== null) takeClaim(state, effects, entry);
  }
  for (const row of delta.puts) if (row[5] > held) mergePut(state, effects, shard, row);
  if (window === null) advance(state, effects, shard, delta.to);
  else window.high = delta.to;
}

/**
 * One part of a whole shard, newest first: names of its range that are not listed do not exist. Only a chain without a
 * hole from the shard's head down is taken; of anything else we would not know what was removed in between.
 */
function mergeWhole(
  state: RegistryState,
  effects: RegistryEffect[],
  shard: Shard,
  delta: RegistryDelta,
): void {
  const { window } = shard;
  if (window !== null && window.whole === delta.whole && delta.to >= window.low && delta.from < window.low) {
    window.low = delta.from;
  } else if (delta.to === delta.whole && delta.whole > Math.max(shard.sequence, window?.whole ?? 0)) {
    const before = oldestFirst(shard, delta.to);
    shard.window = { whole: delta.whole, low: delta.from, high: delta.to, removed: new Map(), before };
  } else return;
  const { removed, before } = shard.window!;
  const listed = new Set<Entry>();
  for (const row of delta.puts) {
    if ((removed.get(`${row[0]}/${row[1]}/${row[2]}`) ?? 0) > row[5]) continue;
    const entry = mergePut(state, effects, shard, row);
    if (entry !== null) listed.add(entry);
  }
  // Of what came since the window opened nothing is in the range of a part that is still to come.
  for (let last = before.at(-1); last !== undefined && last.sequence > delta.from; last = before.at(-1)) {
    before.pop();
    if (shard.entries.has(last) && !listed.has(last)) takeClaim(state, effects, last);
  }
  const told = shard.window!;
  if (told.low > 0) return;
  shard.window = null;
  // Which names were removed on the way is not known here, so nobody can be helped from before this point.
  shard.removals = [];
  shard.removalsFloor = told.high;
  advance(state, effects, shard, told.high);
}

/** Mostly found without the index, whose tables are looked up three times. A group without names may be in it no more. */
function groupOfShard(state: RegistryState, shard: Shard, kind: string, partition: string): Group {
  const { group: last } = shard;
  if (last !== null && last.kind === kind && last.partition === partition && last.slots.size > 0) return last;
  const group = groupOf(state.index, shard.tenant, kind, partition);
  shard.group = group;
  return group;
}

/** The claim that the shard now has on the name: the row's, or a later one that was held already. */
function mergePut(state: RegistryState, effects: RegistryEffect[], shard: Shard, row: PutRow): Entry | null {
  const [partition, kind, id, ref, metadata, sequence, clock, supervised] = row;
  const group = groupOfShard(state, shard, kind, partition);
  const slot = group.slots.get(id);
  const former = claimAt(shard, slot);
  if (former !== null && former.sequence >= sequence) return former;
  const entry: Entry = { group, id, shard, ref, metadata, sequence, clock, supervised };
  // A clock that a customer sets is not followed: ours would then be as far off as it likes.
  if (tenantOfNode(shard.origin.name) === null) state.clock = Math.max(state.clock, clock);
  putClaim(state, effects, entry, former, slot);
  return entry;
}
