/**
 * The registry's state as plain data, and back: all that decides, with every order kept that a decision may follow
 * (groups, slots, the claims of a shard), and no metadata. Between `registry-state.ts` and the record's form. Claims are
 * numbered by shard, so that the index can name them.
 */
import { Ref } from '../runtime/index.ts';
import { addClaim, groupOf, type RegistryFilter } from './registry-index.ts';
import {
  createOrigin,
  type Entry,
  type Group,
  oldestFirst,
  type Removal,
  type Shard,
  setHidden,
  setSequence,
  shardOf,
} from './registry-shard.ts';
import {
  createRegistry,
  type PeerLink,
  type RegistrySettings,
  type RegistryState,
} from './registry-state.ts';

type KeptClaim = [
  group: number,
  id: string,
  ref: unknown,
  sequence: number,
  clock: number,
  supervised: boolean,
];
type KeptRemoval = [group: number, id: string, sequence: number];

interface KeptShard {
  tenant: string;
  sequence: number;
  removalsFloor: number;
  claims: KeptClaim[];
  removals: KeptRemoval[];
  window: { whole: number; low: number; high: number; removed: [string, number][] } | null;
  /** `on`: the link that it was sent on is the present one to the peer, a former one, or there was none. */
  fetch: {
    peer: string;
    on: 'present' | 'former' | 'none';
    wanted: number;
    offered: number;
    offersIgnored: number;
  } | null;
}

interface KeptOrigin {
  name: string;
  boot: number;
  hidden: boolean;
  gone: boolean;
  downAtMs: number;
  met: boolean;
  strangeSinceMs: number | null;
  shards: KeptShard[];
}

export interface KeptRegistry {
  node: string;
  boot: number;
  clock: number;
  /** Those of the index in its order, each with the numbers of its slots' claims; then those that only removals name. */
  groups: { tenant: string; kind: string; partition: string; slots: (number | number[])[] | null }[];
  origins: KeptOrigin[];
  links: [string, PeerLink][];
  watchers: [number, RegistryFilter][];
  pending: { tenant: string; from: number; changes: (number | KeptRemoval)[] }[];
}

/** A ref of the claim's own origin is its id alone. What a replay put there stays as it is. */
export function plainRef(ref: unknown, node: string, boot: number): unknown {
  if (ref instanceof Ref) return ref.node === node && ref.boot === boot ? ref.id : ref.toString();
  return typeof ref === 'number' || typeof ref === 'string' ? ref : String(typeof ref);
}

/** About 60 bytes a claim: an id of 20 characters, two clocks. */
export function weightOf(state: RegistryState): number {
  let bytes = 500 + state.links.size * 120 + state.watchers.size * 60;
  for (const origin of state.origins.values()) {
    bytes += 100 + origin.shards.size * 120;
    for (const shard of origin.shards.values()) bytes += shard.entries.size * 70 + shard.removals.length * 35;
  }
  return bytes;
}

export function snapshotRegistry(state: RegistryState): KeptRegistry {
  const groups = new Map<Group, number>();
  const numberOf = (group: Group) => {
    const known = groups.get(group);
    if (known !== undefined) return known;
    groups.set(group, groups.size);
    return groups.size - 1;
  };
  for (const kinds of state.index.tenants.values()) {
    for (const partitions of kinds.values()) for (const group of partitions.values()) numberOf(group);
  }
  const indexed = groups.size;
  const claims = new Map<Entry, number>();
  const removal = ({ group, id, sequence }: Removal): KeptRemoval => [numberOf(group), id, sequence];
  const origins = Array.from(state.origins.values(), (origin): KeptOrigin => {
    const { name, boot, hidden, gone, downAtMs, met, strangeSinceMs } = origin;
    const shards = Array.from(origin.shards.values(), (shard) =>
      snapshotShard(state, shard, claims, numberOf, removal),
    );
    return { name, boot, hidden, gone, downAtMs, met, strangeSinceMs, shards };
  });
  const pending = Array.from(state.pending, ([shard, { from, changes }]) => ({
    tenant: shard.tenant,
    from,
    // What changed again since is passed over by the flush, too.
    changes: changes
      .filter((one) => !('shard' in one) || claims.has(one))
      .map((one) => ('shard' in one ? claims.get(one)! : removal(one))),
  }));
  return {
    node: state.self.name,
    boot: state.self.boot,
    clock: state.clock,
    groups: Array.from(groups, ([{ tenant, kind, partition, slots }, at]) => {
      const numbers = Array.from(slots.values(), (slot) =>
        Array.isArray(slot) ? slot.map((entry) => claims.get(entry)!) : claims.get(slot)!,
      );
      return { tenant, kind, partition, slots: at < indexed ? numbers : null };
    }),
    origins,
    links: Array.from(state.links, ([peer, link]) => [peer, { ...link }]),
    watchers: Array.from(state.watchers, ([watcher, filter]) => [watcher, plainFilter(filter)]),
    pending,
  };
}

function snapshotShard(
  state: RegistryState,
  shard: Shard,
  claims: Map<Entry, number>,
  numberOf: (group: Group) => number,
  removal: (one: Removal) => KeptRemoval,
): KeptShard {
  const { tenant, sequence, removalsFloor, window, fetch, origin } = shard;
  return {
    tenant,
    sequence,
    removalsFloor,
    claims: Array.from(shard.entries, (entry): KeptClaim => {
      claims.set(entry, claims.size);
      const { group, id, ref, sequence: at, clock, supervised } = entry;
      return [numberOf(group), id, plainRef(ref, origin.name, origin.boot), at, clock, supervised];
    }),
    removals: shard.removals.map(removal),
    window: window && {
      whole: window.whole,
      low: window.low,
      high: window.high,
      removed: [...window.removed],
    },
    fetch: fetch && {
      peer: fetch.peer,
      on:
        fetch.link === state.links.get(fetch.peer) ? 'present' : fetch.link === undefined ? 'none' : 'former',
      wanted: fetch.wanted,
      offered: fetch.offered,
      offersIgnored: fetch.offersIgnored,
    },
  };
}

export function restoreRegistry(
  kept: KeptRegistry,
  ownerAmong: RegistrySettings['ownerAmong'],
): RegistryState {
  const state = createRegistry({ node: kept.node, boot: kept.boot, ownerAmong });
  state.clock = kept.clock;
  for (const [peer, link] of kept.links) state.links.set(peer, { ...link });
  for (const [watcher, filter] of kept.watchers) state.watchers.set(watcher, filter);
  const groups = kept.groups.map(({ tenant, kind, partition, slots }): Group => {
    if (slots !== null) return groupOf(state.index, tenant, kind, partition);
    return { tenant, kind, partition, slots: new Map() };
  });
  const claims: Entry[] = [];
  for (const one of kept.origins) {
    const origin = one.name === kept.node ? state.self : createOrigin(one.name, one.boot, state.heads);
    state.origins.set(origin.name, origin);
    for (const shard of one.shards)
      claims.push(...restoreShard(state, shardOf(origin, shard.tenant), shard, groups));
    setHidden(origin, one.hidden);
    origin.gone = one.gone;
    origin.downAtMs = one.downAtMs;
    origin.met = one.met;
    origin.strangeSinceMs = one.strangeSinceMs;
  }
  for (const { slots } of kept.groups) {
    for (const slot of (slots ?? []).flat()) addClaim(claims[slot]!, null);
  }
  for (const { tenant, from, changes } of kept.pending) {
    const restored = changes.map((one) => (typeof one === 'number' ? claims[one]! : removalOf(groups, one)));
    state.pending.set(shardOf(state.self, tenant), { from, changes: restored });
  }
  return state;
}

function restoreShard(
  state: RegistryState,
  shard: Shard,
  kept: KeptShard,
  groups: readonly Group[],
): Entry[] {
  setSequence(shard, kept.sequence);
  const entries = kept.claims.map(([group, id, ref, sequence, clock, supervised]): Entry => {
    return { group: groups[group]!, id, shard, ref, metadata: null, sequence, clock, supervised };
  });
  for (const entry of entries) shard.entries.add(entry);
  shard.removals = kept.removals.map((one) => removalOf(groups, one));
  shard.removalsFloor = kept.removalsFloor;
  if (kept.window !== null) {
    const before = oldestFirst(shard, kept.window.low);
    shard.window = { ...kept.window, removed: new Map(kept.window.removed), before };
  }
  if (kept.fetch !== null) {
    const { on, ...fetch } = kept.fetch;
    const present = state.links.get(fetch.peer);
    shard.fetch = { ...fetch, link: on === 'present' ? present : on === 'none' ? undefined : {} };
  }
  return entries;
}

function removalOf(groups: readonly Group[], [group, id, sequence]: KeptRemoval): Removal {
  return { group: groups[group]!, id, sequence };
}

/** A watcher's question without what is no part of it. */
export function plainFilter({ tenant, kind, partition, node }: RegistryFilter): RegistryFilter {
  return {
    ...(tenant !== undefined && { tenant }),
    ...(kind !== undefined && { kind }),
    ...(partition !== undefined && { partition }),
    ...(node !== undefined && { node }),
  };
}
