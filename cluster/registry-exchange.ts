/**
 * How replicas find out where they differ and mend it: one hash on every heartbeat, then hashes per origin, then heads
 * per shard, then a fetch of what is missing. Between the heartbeat and `registry-merge.ts`. Each side fetches what it
 * lacks; nothing is pushed on suspicion.
 */
import {
  fetchOffersIgnoredMax,
  headsOfferWeight,
  headsPerMessageMax,
  mismatchesMax,
  nodesMax,
  steadyMismatchesMax,
} from './limits.ts';
import { tenantOfNode } from './names.ts';
import { replaceOrigin, returned, returnedIfTold } from './registry-life.ts';
import {
  createOrigin,
  deltasSince,
  type Origin,
  type Shard,
  setSequence,
  shardOf,
} from './registry-shard.ts';
import type { RegistryEffect, RegistryState } from './registry-state.ts';
import type { FetchRequest, HeadRow, HeadsMessage, OriginRow } from './registry-wire.ts';

/** The origin as of this boot, or null when nothing of it may be taken. A higher boot ends the former life. */
export function originFor(
  state: RegistryState,
  effects: RegistryEffect[],
  name: string,
  boot: number,
): Origin | null {
  const known = state.origins.get(name);
  if (known === undefined) {
    if (state.origins.size >= nodesMax) return null;
    const origin = createOrigin(name, boot, state.heads);
    state.origins.set(name, origin);
    return origin;
  }
  if (known.boot < boot) return replaceOrigin(state, effects, known, boot);
  return known.boot === boot && !known.gone ? known : null;
}

/** Moves the head on; a fetch that was answered makes room for the next, if more was offered meanwhile. */
export function advance(
  state: RegistryState,
  effects: RegistryEffect[],
  shard: Shard,
  sequence: number,
): void {
  if (sequence > shard.sequence) setSequence(shard, sequence);
  const { fetch } = shard;
  if (fetch === null) return;
  fetch.offersIgnored = 0;
  if (shard.sequence < fetch.wanted) return;
  shard.fetch = null;
  if (fetch.offered > shard.sequence) fetchMissing(state, effects, shard, fetch.peer, fetch.offered, 1);
  returnedIfTold(state, effects, shard.origin);
}

/**
 * Asks one peer for what is missing up to `offered`. A linked origin is asked itself and nobody else, so a new node does
 * not learn every shard from everyone; other origins are asked for at one peer at a time. An answer that goes on coming
 * is waited for; one that does not is given up after some offers.
 */
export function fetchMissing(
  state: RegistryState,
  effects: RegistryEffect[],
  shard: Shard,
  peer: string,
  offered: number,
  weight: number,
): void {
  const { origin, tenant, fetch, sequence } = shard;
  if (peer !== origin.name && state.links.has(origin.name)) return;
  if (fetch !== null && fetch.link === state.links.get(fetch.peer)) {
    fetch.offered = Math.max(fetch.offered, offered);
    fetch.offersIgnored += weight;
    if (fetch.offersIgnored < fetchOffersIgnoredMax) return;
  }
  shard.fetch = { peer, link: state.links.get(peer), wanted: offered, offered, offersIgnored: 0 };
  shard.window = null;
  effects.push({ type: 'send_fetch', peer, origin: origin.name, boot: origin.boot, tenant, since: sequence });
}

/** For the heartbeat: equal on two nodes when all their visible shards stand alike. Two lanes of 32 bits, unsigned. */
export function headsHash(state: RegistryState): { high: number; low: number } {
  const { high, low } = state.heads;
  return { high: high >>> 0, low: low >>> 0 };
}

/** Fetches what the peer is ahead in; answers with ours when asked to. */
export function mergeHeads(
  state: RegistryState,
  effects: RegistryEffect[],
  peer: string,
  message: HeadsMessage,
): void {
  const teller = state.origins.get(peer);
  for (const [name, boot, tenant, sequence] of message.heads) {
    if (name === peer && boot === teller?.boot && teller.returning !== null) teller.returning.told = true;
    if (name === state.self.name) {
      contest(state, effects, peer, boot, tenant, sequence);
      continue;
    }
    // Names of a tenant's node are told by itself alone.
    const origin = tenantOfNode(name) === null ? originFor(state, effects, name, boot) : null;
    if (origin === null || sequence === 0) continue;
    const shard = shardOf(origin, tenant);
    if (sequence > shard.sequence) fetchMissing(state, effects, shard, peer, sequence, headsOfferWeight);
  }
  if (teller !== undefined) returnedIfTold(state, effects, teller);
  if (message.reply) sendHeads(state, effects, peer, message.origins, false);
}

export function sendHeads(
  state: RegistryState,
  effects: RegistryEffect[],
  peer: string,
  origins: readonly string[],
  reply: boolean,
): void {
  const rows: HeadRow[] = [];
  for (const name of origins) {
    const origin = state.origins.get(name);
    if (origin === undefined || origin.hidden || isFenced(origin)) continue;
    for (const shard of origin.shards.values()) {
      if (shard.sequence > 0) rows.push([name, origin.boot, shard.tenant, shard.sequence]);
    }
  }
  if (rows.length === 0 && !reply) return;
  for (let at = 0; at === 0 || at < rows.length; at += headsPerMessageMax) {
    const message = {
      origins: at === 0 ? origins : [],
      heads: rows.slice(at, at + headsPerMessageMax),
      reply,
    };
    effects.push({ type: 'send_heads', peer, message: at === 0 ? message : { ...message, reply: false } });
  }
}

export function answerFetch(
  state: RegistryState,
  effects: RegistryEffect[],
  peer: string,
  request: FetchRequest,
): void {
  const origin = state.origins.get(request.origin);
  const shard = origin?.shards.get(request.tenant);
  if (origin === undefined || shard === undefined || origin.boot !== request.boot) return;
  // Half of a whole shard is no answer: what is missing in it would be taken for removed or for held.
  if (origin.hidden || shard.window !== null || request.since >= shard.sequence) return;
  // Over a fenced link each end tells its own shard; other nodes have those of a tenant's node from itself.
  const scope = state.links.get(peer)?.tenant ?? null;
  if (scope !== null ? origin !== state.self || request.tenant !== scope : isFenced(origin)) return;
  for (const delta of deltasSince(shard, request.since)) effects.push({ type: 'send_delta', peer, delta });
}

/** To a peer across the fence: the whole of this node's own shard of the tenant, since nothing is compared with it. */
export function tellOwn(state: RegistryState, effects: RegistryEffect[], peer: string, tenant: string): void {
  const shard = state.self.shards.get(tenant);
  if (shard === undefined || shard.sequence === 0) return;
  for (const delta of deltasSince(shard, 0)) effects.push({ type: 'send_delta', peer, delta });
}

function isFenced(origin: Origin): boolean {
  return origin.sum === null;
}

/** Whether `compareHash` would change nothing: the peer's hash is ours, as it was. */
export function isHashAsBefore(state: RegistryState, peer: string, high: number, low: number): boolean {
  const { heads } = state;
  const link = state.links.get(peer);
  if (link === undefined || link.tenant !== null) return true;
  if (heads.returning > 0 && (state.origins.get(peer)?.returning ?? null) !== null) return false;
  return link.mismatches === 0 && link.theirs === '' && heads.high >>> 0 === high && heads.low >>> 0 === low;
}

/** The hash of a peer's heartbeat beside ours. */
export function compareHash(
  state: RegistryState,
  effects: RegistryEffect[],
  peer: string,
  high: number,
  low: number,
): void {
  const link = state.links.get(peer);
  if (link === undefined || link.tenant !== null) return;
  const { heads } = state;
  if (heads.high >>> 0 === high && heads.low >>> 0 === low) {
    link.mismatches = 0;
    link.steady = 0;
    // Nothing that differs later is the same as this.
    link.theirs = '';
    link.ours = '';
    // What it holds is what is held of it here.
    const teller = state.origins.get(peer);
    if (teller !== undefined) returned(state, effects, teller);
    return;
  }
  const theirs = `${high}.${low}`;
  const ours = `${heads.high >>> 0}.${heads.low >>> 0}`;
  link.mismatches += 1;
  const still = theirs === link.theirs && ours === link.ours;
  link.steady = still ? link.steady + 1 : 1;
  link.theirs = theirs;
  link.ours = ours;
  if (link.steady < steadyMismatchesMax && link.mismatches < mismatchesMax) return;
  link.steady = 0;
  link.mismatches = 0;
  effects.push({ type: 'send_origins', peer, rows: originRows(state) });
}

export function originRows(state: RegistryState): OriginRow[] {
  const rows: OriginRow[] = [];
  for (const { name, boot, hidden, hashHigh, hashLow } of state.origins.values()) {
    if (!hidden && tenantOfNode(name) === null && (hashHigh | hashLow) !== 0)
      rows.push([name, boot, hashHigh >>> 0, hashLow >>> 0]);
  }
  return rows;
}

/** Asks for heads of, and tells ours of, every origin on which we differ. */
export function compareOrigins(
  state: RegistryState,
  effects: RegistryEffect[],
  peer: string,
  rows: readonly OriginRow[],
): void {
  const ours = new Map(originRows(state).map((row) => [row[0], row]));
  const teller = state.origins.get(peer);
  const differing: string[] = [];
  for (const row of rows) {
    if (tenantOfNode(row[0]) !== null) continue;
    const own = ours.get(row[0]);
    if (own === undefined || own[1] !== row[1] || own[2] !== row[2] || own[3] !== row[3])
      differing.push(row[0]);
    else if (row[0] === peer) returned(state, effects, teller!);
    ours.delete(row[0]);
  }
  differing.push(...ours.keys());
  if (differing.length > 0) sendHeads(state, effects, peer, differing, true);
}

/** A peer tells of this node's own shards: what this life did not write is another's who has our name. */
export function contest(
  state: RegistryState,
  effects: RegistryEffect[],
  peer: string,
  boot: number,
  tenant: string,
  sequence: number,
): void {
  const written = state.self.shards.get(tenant)?.sequence ?? 0;
  if (boot < state.self.boot || (boot === state.self.boot && sequence <= written)) return;
  effects.push({ type: 'own_shard_contested', peer, boot, sequence });
}
