/**
 * The registry's state as plain data, and back: all that decides, with every order kept that a decision may follow
 * (groups, slots, the claims of a shard), and no metadata. Between `registry-state.ts` and the record's form. The index names
 * a claim by its shard and sequence. Claims and slots are rows of their own, made later: an entry never changes.
 */
import { Ref, Rows } from '../runtime/index.ts';
import { addClaim, groupOf, plainFilter, type RegistryFilter } from './registry-index.ts';
import {
  createOrigin,
  type Entry,
  type Group,
  type Origin,
  oldestFirst,
  type Removal,
  type Returning,
  type Shard,
  setHidden,
  setReturning,
  setSequence,
  shardOf,
} from './registry-shard.ts';
import {
  createRegistry,
  type PeerLink,
  type RegistrySettings,
  type RegistryState,
} from './registry-state.ts';

/** The number of its shard, and its sequence there, which no other claim of the shard has. */
type ClaimName = readonly [shard: number, sequence: number];

type KeptClaim = readonly [
  shard: number,
  group: number,
  id: string,
  ref: unknown,
  sequence: number,
  clock: number,
  supervised: boolean,
];
type KeptRemoval = readonly [shard: number, group: number, id: string, sequence: number];

/** `on`: the link that it was sent on is the present one to the peer, a former one, or there was none. */
interface KeptFetch {
  peer: string;
  on: 'present' | 'former' | 'none';
  wanted: number;
  offered: number;
  offersIgnored: number;
}

type KeptShard = readonly [
  origin: number,
  tenant: string,
  sequence: number,
  removalsFloor: number,
  window: { whole: number; low: number; high: number } | null,
  fetch: KeptFetch | null,
];

type KeptOrigin = readonly [
  name: string,
  boot: number,
  hidden: boolean,
  gone: boolean,
  downAtMs: number,
  met: boolean,
  strangeSinceMs: number | null,
  /** Absent in records from before there was one. */
  returning?: Returning | null,
];

/** Those of the index in its order; then those that only removals name, which are not `indexed`. */
type KeptGroup = readonly [tenant: string, kind: string, partition: string, indexed: boolean];

/**
 * As it was read: all long lists as rows that name each other by their numbers, each list in the state's own order. What is
 * written has `Rows` in the place of the lists.
 */
export interface KeptRegistry {
  node: string;
  boot: number;
  clock: number;
  origins: readonly KeptOrigin[];
  groups: readonly KeptGroup[];
  shards: readonly KeptShard[];
  claims: readonly KeptClaim[];
  removals: readonly KeptRemoval[];
  /** Names removed while a whole shard is told. */
  removed: readonly (readonly [shard: number, id: string, sequence: number])[];
  slots: readonly (readonly [group: number, ...claims: ClaimName[]])[];
  links: readonly [string, PeerLink][];
  watchers: readonly [number, RegistryFilter][];
  pending: readonly (readonly [shard: number, from: number])[];
  changes: readonly (ClaimName | KeptRemoval)[];
}

/** A ref of the claim's own origin is its id alone. What a replay put there stays as it is. */
export function plainRef(ref: unknown, node: string, boot: number): unknown {
  if (ref instanceof Ref) return ref.node === node && ref.boot === boot ? ref.id : ref.toString();
  return typeof ref === 'number' || typeof ref === 'string' ? ref : String(typeof ref);
}

/** About 75 bytes a claim: an id of 20 characters, two clocks, and its name in the index. */
export function weightOf(state: RegistryState): number {
  let bytes = 500 + state.links.size * 120 + state.watchers.size * 60;
  for (const origin of state.origins.values()) {
    bytes += 100 + origin.shards.size * 120;
    for (const shard of origin.shards.values()) bytes += shard.entries.size * 80 + shard.removals.length * 35;
  }
  return bytes;
}

export function snapshotRegistry(state: RegistryState): Record<keyof KeptRegistry, unknown> {
  const { groups, shards, origins } = numbered(state);
  const nameOf = ({ shard, sequence }: Entry): ClaimName => [shards.get(shard)!, sequence];
  const plainRemoval = (shard: Shard, { group, id, sequence }: Removal): KeptRemoval => {
    return [shards.get(shard)!, groups.get(group)!, id, sequence];
  };
  const all = [...shards.keys()];
  const indexed = [...groups.keys()].filter(({ slots }) => slots.size > 0);
  const pending = [...state.pending];
  return {
    node: state.self.name,
    boot: state.self.boot,
    clock: state.clock,
    origins: rowsOf([...origins.keys()].map(plainOrigin)),
    groups: rowsOf(
      [...groups.keys()].map((group): KeptGroup => {
        return [group.tenant, group.kind, group.partition, isIndexed(state, group)];
      }),
    ),
    shards: rowsOf(all.map((shard) => plainShard(state, shard, origins.get(shard.origin)!))),
    claims: new Rows(
      all.flatMap(({ entries }) => [...entries]),
      ({ shard, group, id, ref, sequence, clock, supervised }): KeptClaim => {
        const { name, boot } = shard.origin;
        const at = plainRef(ref, name, boot);
        return [shards.get(shard)!, groups.get(group)!, id, at, sequence, clock, supervised];
      },
    ),
    removals: rowsOf(all.flatMap((shard) => shard.removals.map((one) => plainRemoval(shard, one)))),
    removed: rowsOf(
      all.flatMap((shard) => [...(shard.window?.removed ?? [])].map((row) => [shards.get(shard)!, ...row])),
    ),
    // A slot of several is changed in place.
    slots: new Rows(
      indexed.flatMap(({ slots }) =>
        Array.from(slots.values(), (slot) => (Array.isArray(slot) ? [...slot] : slot)),
      ),
      (slot) => {
        const claims = Array.isArray(slot) ? slot : [slot];
        return [groups.get(claims[0]!.group)!, ...claims.map(nameOf)];
      },
    ),
    links: Array.from(state.links, ([peer, link]) => [peer, { ...link }]),
    watchers: Array.from(state.watchers, ([watcher, filter]) => [watcher, plainFilter(filter)]),
    pending: rowsOf(pending.map(([shard, { from }]) => [shards.get(shard)!, from])),
    changes: rowsOf(
      pending.flatMap(([shard, { changes }]) =>
        changes
          .filter((one) => isToBeTold(shard, one))
          .map((one) => ('shard' in one ? nameOf(one) : plainRemoval(shard, one))),
      ),
    ),
  };
}

/** What changed again since is passed over by the flush, too. */
function isToBeTold({ entries }: Shard, change: Entry | Removal): boolean {
  return !('shard' in change) || entries.has(change);
}

/** Origins, shards and groups with their numbers, in the order in which a restored state has them again. */
function numbered(state: RegistryState) {
  const groups = new Map<Group, number>();
  const shards = new Map<Shard, number>();
  const origins = new Map<Origin, number>();
  const see = (group: Group) => {
    if (!groups.has(group)) groups.set(group, groups.size);
  };
  for (const kinds of state.index.tenants.values()) {
    for (const partitions of kinds.values()) for (const group of partitions.values()) see(group);
  }
  for (const origin of state.origins.values()) {
    origins.set(origin, origins.size);
    for (const shard of origin.shards.values()) shards.set(shard, shards.size);
  }
  for (const shard of shards.keys()) for (const { group } of shard.removals) see(group);
  for (const [shard, { changes }] of state.pending) {
    for (const one of changes) if (isToBeTold(shard, one)) see(one.group);
  }
  return { groups, shards, origins };
}

function isIndexed({ index }: RegistryState, group: Group): boolean {
  return index.tenants.get(group.tenant)?.get(group.kind)?.get(group.partition) === group;
}

function plainOrigin(origin: Origin): KeptOrigin {
  const { name, boot, hidden, gone, downAtMs, met, strangeSinceMs, returning } = origin;
  return [name, boot, hidden, gone, downAtMs, met, strangeSinceMs, returning && { ...returning }];
}

function plainShard(
  { links }: RegistryState,
  { tenant, sequence, removalsFloor, window, fetch }: Shard,
  origin: number,
): KeptShard {
  const told = window && { whole: window.whole, low: window.low, high: window.high };
  if (fetch === null) return [origin, tenant, sequence, removalsFloor, told, null];
  const { peer, link, wanted, offered, offersIgnored } = fetch;
  const on = link === links.get(peer) ? 'present' : link === undefined ? 'none' : 'former';
  return [origin, tenant, sequence, removalsFloor, told, { peer, on, wanted, offered, offersIgnored }];
}

function rowsOf<T>(items: readonly T[]): Rows<T> {
  return new Rows(items, (item) => item);
}

export function restoreRegistry(
  kept: KeptRegistry,
  ownerAmong: RegistrySettings['ownerAmong'],
): RegistryState {
  const state = createRegistry({ node: kept.node, boot: kept.boot, ownerAmong });
  state.clock = kept.clock;
  for (const [peer, link] of kept.links) state.links.set(peer, { ...link });
  for (const [watcher, filter] of kept.watchers) state.watchers.set(watcher, filter);
  const groups = kept.groups.map(([tenant, kind, partition, indexed]): Group => {
    return indexed
      ? groupOf(state.index, tenant, kind, partition)
      : { tenant, kind, partition, slots: new Map() };
  });
  const origins = kept.origins.map(([name, boot, hidden, ...rest]) => {
    const origin = name === kept.node ? state.self : createOrigin(name, boot, state.heads);
    setHidden(origin, hidden);
    let returning: Returning | null;
    [origin.gone, origin.downAtMs, origin.met, origin.strangeSinceMs, returning = null] = rest;
    setReturning(origin, returning && { ...returning });
    state.origins.set(name, origin);
    return origin;
  });
  const shards = kept.shards.map(([origin, tenant]) => shardOf(origins[origin]!, tenant));
  const claims = restoreShards(state, kept, shards, groups);
  const claimOf = ([shard, sequence]: ClaimName) => claims[shard]!.get(sequence)!;
  for (const [, ...names] of kept.slots) {
    for (const name of names) {
      const claim = claimOf(name);
      addClaim(claim, null, claim.group.slots.get(claim.id));
    }
  }
  const pending = kept.pending.map(([at, from]) => {
    const list: { from: number; changes: (Entry | Removal)[] } = { from, changes: [] };
    state.pending.set(shards[at]!, list);
    return [at, list] as const;
  });
  const changesOf = new Map(pending);
  for (const one of kept.changes) {
    const change = one.length === 2 ? claimOf(one) : removalOf(groups, one);
    changesOf.get(one[0])!.changes.push(change);
  }
  return state;
}

/** Answers the claims of each shard by their sequence. */
function restoreShards(
  state: RegistryState,
  kept: KeptRegistry,
  shards: readonly Shard[],
  groups: readonly Group[],
): Map<number, Entry>[] {
  const claims = shards.map(() => new Map<number, Entry>());
  for (const [at, group, id, ref, sequence, clock, supervised] of kept.claims) {
    const shard = shards[at]!;
    const entry = { group: groups[group]!, id, shard, ref, metadata: null, sequence, clock, supervised };
    shard.entries.add(entry);
    claims[at]!.set(sequence, entry);
  }
  for (const one of kept.removals) shards[one[0]]!.removals.push(removalOf(groups, one));
  for (const [at, [, , sequence, removalsFloor, window, fetch]] of kept.shards.entries()) {
    const shard = shards[at]!;
    setSequence(shard, sequence);
    shard.removalsFloor = removalsFloor;
    if (window !== null) {
      shard.window = { ...window, removed: new Map(), before: oldestFirst(shard, window.low) };
    }
    if (fetch === null) continue;
    const { on, ...rest } = fetch;
    const present = state.links.get(fetch.peer);
    shard.fetch = { ...rest, link: on === 'present' ? present : on === 'none' ? undefined : {} };
  }
  for (const [at, id, sequence] of kept.removed) shards[at]!.window!.removed.set(id, sequence);
  return claims;
}

function removalOf(groups: readonly Group[], [, group, id, sequence]: KeptRemoval): Removal {
  return { group: groups[group]!, id, sequence };
}
