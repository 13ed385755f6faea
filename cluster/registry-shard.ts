/**
 * One shard of the registry: what one node (the origin) holds for one tenant, in the order in which the origin changed
 * it. Only the origin writes a shard; everyone else holds a copy up to a sequence. Between the index (who is visible) and
 * the exchange (what a peer lacks). Knows nothing of visibility, peers or time.
 */
import { highLane, lowLane, mix32, numberHash, textHash } from './hash.ts';
import { removalsKeptMax } from './limits.ts';
import { tenantOfNode } from './names.ts';
import { entriesMaxOf, type PutRow, type RegistryDelta, type RemovalRow } from './registry-wire.ts';

/** The exclusive or of what all visible origins of the platform hash to: two lanes, 64 bits. */
export interface HeadsSum {
  high: number;
  low: number;
  /** How many of these origins are returning: mostly none, so that a heartbeat need not look at its sender's. */
  returning: number;
}

/** All names of one tenant, partition and kind. A slot holds the one claim on a name, or an array of several. */
export interface Group {
  readonly tenant: string;
  readonly partition: string;
  readonly kind: string;
  readonly slots: Map<string, Slot>;
}

export type Slot = Entry | Entry[];

/** One claim on a name. Never changed: an update is another entry in its place. */
export interface Entry {
  readonly group: Group;
  readonly id: string;
  readonly shard: Shard;
  readonly ref: unknown;
  readonly metadata: unknown;
  /** The shard's sequence when the origin last changed it. */
  readonly sequence: number;
  /** When the name was taken: milliseconds times 4,096 of the origin's hybrid clock. Updates keep it. */
  readonly clock: number;
  /** Placed by the distributed supervisor: its conflicts are settled by placement. */
  readonly supervised: boolean;
}

export interface Origin {
  readonly name: string;
  readonly boot: number;
  readonly shards: Map<string, Shard>;
  /** Its node is down: nothing of it is visible. */
  hidden: boolean;
  /** Its node left, or its grace is over: nothing of this boot is taken any more until the node is up again. */
  gone: boolean;
  downAtMs: number;
  /**
   * Its node is back, and has not told yet which of its supervised names it still holds: until it has, they are as hidden.
   * Null: they count.
   */
  returning: Returning | null;
  /** Membership has seen it up. What others tell of a node that this one never meets is not believed for ever. */
  met: boolean;
  /** When that was looked at first. */
  strangeSinceMs: number | null;
  /** Exclusive or of the shards' hashes: two lanes, 64 bits. */
  hashHigh: number;
  hashLow: number;
  /** What its hash is part of while it is visible, so that no heartbeat walks over all origins; null: it is fenced. */
  readonly sum: HeadsSum | null;
}

export interface Returning {
  /** It told how far its shards are; what is missing here is fetched. */
  told: boolean;
  /** When that was looked at first. */
  sinceMs: number | null;
}

export interface Shard {
  readonly origin: Origin;
  readonly tenant: string;
  /** Everything up to here is held. */
  sequence: number;
  readonly entries: Set<Entry>;
  /** The last removals, oldest first; those at or before `removalsFloor` are forgotten. */
  removals: Removal[];
  removalsFloor: number;
  /**
   * While a whole shard is told from its newest part down, as it stood at `whole`: everything in (low, high] is held
   * already. `removed` are names removed meanwhile: an older part may still list them. `before` is what was held when it
   * opened and has not been judged by a part yet, oldest change first: with every entry looked at for every part, a new
   * node's work would grow with the square of the names.
   */
  window: ShardWindow | null;
  /** Of the name that was merged last: most are of the same. Held while a name is in it. */
  group: Group | null;
  /** The fetch under way, so that the same part is not fetched from everyone who offers it. */
  fetch: ShardFetch | null;
  readonly hashBaseHigh: number;
  readonly hashBaseLow: number;
}

export interface ShardWindow {
  whole: number;
  low: number;
  high: number;
  readonly removed: Map<string, number>;
  readonly before: Entry[];
}

export interface ShardFetch {
  readonly peer: string;
  /** The link that it was sent on: with the link, the answer is lost. */
  readonly link: object | undefined;
  /** The answer is complete here. */
  readonly wanted: number;
  /** The furthest that anybody offered since. */
  offered: number;
  offersIgnored: number;
}

export interface Removal {
  readonly group: Group;
  readonly id: string;
  readonly sequence: number;
}

export function createOrigin(name: string, boot: number, heads: HeadsSum): Origin {
  return {
    name,
    boot,
    shards: new Map(),
    hidden: false,
    gone: false,
    downAtMs: 0,
    returning: null,
    met: false,
    strangeSinceMs: null,
    hashHigh: 0,
    hashLow: 0,
    // A tenant's node: its names are known to those that it has a link to, and go no further.
    sum: tenantOfNode(name) === null ? heads : null,
  };
}

export function setHidden(origin: Origin, hidden: boolean): void {
  if (origin.hidden === hidden) return;
  origin.hidden = hidden;
  addToSum(origin, origin.hashHigh, origin.hashLow);
}

export function setReturning(origin: Origin, returning: Returning | null): void {
  if (origin.sum !== null)
    origin.sum.returning += Number(returning !== null) - Number(origin.returning !== null);
  origin.returning = returning;
}

/** Drops its shards and with them its hash. */
export function emptyOrigin(origin: Origin): void {
  if (!origin.hidden) addToSum(origin, origin.hashHigh, origin.hashLow);
  origin.shards.clear();
  origin.hashHigh = 0;
  origin.hashLow = 0;
}

function addToSum({ sum }: Origin, high: number, low: number): void {
  if (sum === null) return;
  sum.high ^= high;
  sum.low ^= low;
}

export function shardOf(origin: Origin, tenant: string): Shard {
  let shard = origin.shards.get(tenant);
  if (shard === undefined) {
    const name = `${origin.name}/${tenant}`;
    shard = {
      origin,
      tenant,
      sequence: 0,
      entries: new Set(),
      removals: [],
      removalsFloor: 0,
      window: null,
      group: null,
      fetch: null,
      hashBaseHigh: numberHash(origin.boot, textHash(name, highLane)),
      hashBaseLow: numberHash(origin.boot, textHash(name, lowLane)),
    };
    origin.shards.set(tenant, shard);
  }
  return shard;
}

/** Moves the shard's head and, with it, the origin's hash. A shard at 0 counts for nothing. */
export function setSequence(shard: Shard, sequence: number): void {
  const origin = shard.origin;
  const high = headHash(shard.hashBaseHigh, shard.sequence) ^ headHash(shard.hashBaseHigh, sequence);
  const low = headHash(shard.hashBaseLow, shard.sequence) ^ headHash(shard.hashBaseLow, sequence);
  origin.hashHigh ^= high;
  origin.hashLow ^= low;
  if (!origin.hidden) addToSum(origin, high, low);
  shard.sequence = sequence;
}

function headHash(base: number, sequence: number): number {
  return sequence === 0 ? 0 : mix32(numberHash(sequence, base) + base) | 0;
}

export function noteRemoval(shard: Shard, removal: Removal): void {
  shard.removals.push(removal);
  // Cut in halves, so that the cost of forgetting is spread and the memory stays bounded.
  if (shard.removals.length >= removalsKeptMax * 2) {
    shard.removals = shard.removals.slice(removalsKeptMax);
    shard.removalsFloor = Math.max(shard.removalsFloor, shard.removals[0]!.sequence - 1);
  }
}

/** What was changed at or before `upTo`, by its last change. */
export function oldestFirst(shard: Shard, upTo: number): Entry[] {
  const found = [...shard.entries].filter(({ sequence }) => sequence <= upTo);
  return found.sort((a, b) => a.sequence - b.sequence);
}

/** The claim of this shard on a name. */
export function claimIn(shard: Shard, group: Group, id: string): Entry | null {
  return claimAt(shard, group.slots.get(id));
}

/** The same, where the name's slot is at hand. */
export function claimAt(shard: Shard, slot: Slot | undefined): Entry | null {
  if (slot === undefined) return null;
  if (!Array.isArray(slot)) return slot.shard === shard ? slot : null;
  return slot.find((entry) => entry.shard === shard) ?? null;
}

export function putRow(entry: Entry): PutRow {
  const { group, id, ref, metadata, sequence, clock, supervised } = entry;
  return [group.partition, group.kind, id, ref, metadata, sequence, clock, supervised];
}

export function removalRow(removal: Removal): RemovalRow {
  return [removal.group.partition, removal.group.kind, removal.id, removal.sequence];
}

/** What somebody who holds the shard up to `since` lacks: one part or more, to be sent in this order. */
export function deltasSince(shard: Shard, since: number): RegistryDelta[] {
  // Whoever is behind the forgotten removals must be told the whole. Also who holds nothing: by the time of the answer it
  // may hold something that an older delta brought.
  const whole = since < shard.removalsFloor;
  const changes: (Entry | Removal)[] = [];
  for (const entry of shard.entries) if (whole || entry.sequence > since) changes.push(entry);
  if (!whole) {
    for (const removal of shard.removals) {
      if (removal.sequence > since && claimIn(shard, removal.group, removal.id) === null)
        changes.push(removal);
    }
  }
  changes.sort((a, b) => a.sequence - b.sequence);
  const parts = deltaParts(shard, whole ? 0 : since, changes, whole);
  return whole ? parts.reverse() : parts;
}

/**
 * Cuts changes, sorted by sequence, into deltas that join without a hole from `from` to the shard's head. A whole shard
 * is later sent newest part first: a name that changed since is then seen at its new place before its old place is told
 * as empty, so no watcher sees it go and come.
 */
export function deltaParts(
  shard: Shard,
  from: number,
  changes: readonly (Entry | Removal)[],
  whole: boolean,
): RegistryDelta[] {
  const parts: RegistryDelta[] = [];
  const entriesMax = entriesMaxOf(shard.origin.name, whole);
  let partFrom = from;
  for (let at = 0; at === 0 || at < changes.length; at += entriesMax) {
    const part = changes.slice(at, at + entriesMax);
    const to = at + entriesMax >= changes.length ? shard.sequence : part.at(-1)!.sequence;
    const puts: PutRow[] = [];
    const removals: RemovalRow[] = [];
    for (const one of part) {
      if ('shard' in one) puts.push(putRow(one));
      else removals.push(removalRow(one));
    }
    const { origin, tenant } = shard;
    const head = whole ? shard.sequence : 0;
    parts.push({
      origin: origin.name,
      boot: origin.boot,
      tenant,
      from: partFrom,
      to,
      whole: head,
      puts,
      removals,
    });
    partFrom = to;
  }
  return parts;
}
