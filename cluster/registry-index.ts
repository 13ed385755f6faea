/**
 * All claims on names, found by name and by tenant, kind and partition, and which of them is visible. The tree tenant,
 * kind, partition, id is the only index: a lookup is four steps with short texts, a listing visits only what it lists.
 */
import { formatKey, type RegistryKey, tenantOfNode } from './names.ts';
import type { Entry, Group, Origin, Slot } from './registry-shard.ts';

type Partitions = Map<string, Group>;
type Kinds = Map<string, Partitions>;

export interface RegistryIndex {
  readonly tenants: Map<string, Kinds>;
  /** Settles supervised names: the best placed of these nodes. Must be alike on all nodes whoever else is alive. */
  readonly ownerAmong: (key: string, nodes: readonly string[]) => string;
}

/** Every field that is given must match. */
export interface RegistryFilter {
  readonly tenant?: string;
  readonly kind?: string;
  readonly partition?: string;
  readonly id?: string;
  readonly node?: string;
}

export function findGroup(
  index: RegistryIndex,
  tenant: string,
  kind: string,
  partition: string,
): Group | undefined {
  return index.tenants.get(tenant)?.get(kind)?.get(partition);
}

export function groupOf(index: RegistryIndex, tenant: string, kind: string, partition: string): Group {
  const found = findGroup(index, tenant, kind, partition);
  if (found !== undefined) return found;
  const kinds = index.tenants.get(tenant) ?? new Map<string, Partitions>();
  index.tenants.set(tenant, kinds);
  const partitions = kinds.get(kind) ?? new Map<string, Group>();
  kinds.set(kind, partitions);
  const group: Group = { tenant, partition, kind, slots: new Map() };
  partitions.set(partition, group);
  return group;
}

/** Puts a claim in the place of `replaced`, or beside the others. `slot`: that of its name. Answers what is there now. */
export function addClaim(entry: Entry, replaced: Entry | null, slot: Slot | undefined): Slot {
  if (slot === undefined || slot === replaced) return fill(entry, entry);
  if (!Array.isArray(slot)) return fill(entry, [slot, entry]);
  if (replaced === null) slot.push(entry);
  else slot[slot.indexOf(replaced)] = entry;
  return slot;
}

function fill({ group, id }: Entry, slot: Slot): Slot {
  group.slots.set(id, slot);
  return slot;
}

/**
 * Takes a claim out, and answers what is left in its slot; empty groups go with their last name, so ended tenants leave
 * nothing behind.
 */
export function dropClaim(index: RegistryIndex, entry: Entry, slot: Slot | undefined): Slot | undefined {
  if (Array.isArray(slot)) {
    const rest = slot.filter((one) => one !== entry);
    return fill(entry, rest.length === 1 ? rest[0]! : rest);
  }
  if (slot !== entry) return slot;
  const { group, id } = entry;
  group.slots.delete(id);
  if (group.slots.size === 0) dropGroup(index, group);
  return undefined;
}

function dropGroup(index: RegistryIndex, group: Group): void {
  const kinds = index.tenants.get(group.tenant);
  const partitions = kinds?.get(group.kind);
  if (partitions?.get(group.partition) !== group) return;
  partitions.delete(group.partition);
  if (partitions.size === 0) kinds!.delete(group.kind);
  if (kinds!.size === 0) index.tenants.delete(group.tenant);
}

/**
 * The visible claim of a slot, as if `without` were hidden. What one that is back had told before may be over, and taken anew by
 * itself: until it has told what it holds that counts only where nobody else holds the name.
 */
export function visibleOf(
  index: RegistryIndex,
  slot: Slot | undefined,
  without: Origin | null = null,
): Entry | null {
  if (slot === undefined) return null;
  if (!Array.isArray(slot)) return isSeen(slot, without) ? slot : null;
  const seen = slot.filter((entry) => isSeen(entry, without));
  if (seen.length < 2) return seen[0] ?? null;
  const sure = seen.filter((entry) => entry.shard.origin.returning === null);
  return winnerOf(index, sure.length > 0 ? sure : seen);
}

function isSeen(entry: Entry, without: Origin | null): boolean {
  const origin = entry.shard.origin;
  return !origin.hidden && origin !== without && (origin.returning === null || !entry.supervised);
}

/**
 * Who keeps a name that is held more than once. A platform's node before a tenant's: no customer takes a name from us.
 * Supervised claims come first, the best placed among them; then the
 * earlier, then the first by name. This is one order of all claims that depends on no other claim and on nobody's view,
 * so nodes that each see only some of them still settle on the same one, and never on none.
 */
export function winnerOf(index: RegistryIndex, all: readonly Entry[]): Entry {
  const ours = all.filter((entry) => tenantOfNode(entry.shard.origin.name) === null);
  const claims = ours.length > 0 ? ours : all;
  const supervised = claims.filter((entry) => entry.supervised);
  if (supervised.length > 0) {
    const names = supervised.map((entry) => entry.shard.origin.name);
    const owner = index.ownerAmong(formatKey(keyOf(supervised[0]!)), names);
    return supervised.find((entry) => entry.shard.origin.name === owner) ?? supervised[0]!;
  }
  return claims.reduce((best, entry) => (isEarlier(entry, best) ? entry : best));
}

function isEarlier(a: Entry, b: Entry): boolean {
  return a.clock < b.clock || (a.clock === b.clock && a.shard.origin.name < b.shard.origin.name);
}

export function keyOf(entry: Entry): RegistryKey {
  const { group, id } = entry;
  return { tenant: group.tenant, partition: group.partition, kind: group.kind, id };
}

export function matches(filter: RegistryFilter, entry: Entry): boolean {
  const { group } = entry;
  return (
    (filter.tenant === undefined || filter.tenant === group.tenant) &&
    (filter.kind === undefined || filter.kind === group.kind) &&
    (filter.id === undefined || filter.id === entry.id) &&
    (filter.partition === undefined || filter.partition === group.partition) &&
    (filter.node === undefined || filter.node === entry.shard.origin.name)
  );
}

/** The groups that a filter can match, in the order in which their names first came. */
export function* groupsOf(index: RegistryIndex, filter: RegistryFilter): Generator<Group> {
  for (const kinds of chosen(index.tenants, filter.tenant)) {
    for (const partitions of chosen(kinds, filter.kind)) yield* chosen(partitions, filter.partition);
  }
}

export function slotsOf({ slots }: Group, { id }: RegistryFilter): Iterable<Slot> {
  return chosen(slots, id);
}

function chosen<V>(map: ReadonlyMap<string, V>, key: string | undefined): Iterable<V> {
  if (key === undefined) return map.values();
  const value = map.get(key);
  return value === undefined ? [] : [value];
}

/** A watcher's question without what is no part of it. */
export function plainFilter({ tenant, kind, partition, id, node }: RegistryFilter): RegistryFilter {
  return {
    ...(tenant !== undefined && { tenant }),
    ...(kind !== undefined && { kind }),
    ...(partition !== undefined && { partition }),
    ...(id !== undefined && { id }),
    ...(node !== undefined && { node }),
  };
}
