/**
 * How two nodes that differ in their child specs find out where and mend it: each tells a digest (a hash per bucket), and
 * answers the other's with all that it holds in the buckets that differ and all that it has seen. Between the hash and the
 * map; nothing is asked for, each side tells.
 */
import { specsPerMessageMax } from './limits.ts';
import { contextOf, contextRows, formatDot, hasSeen, seeAll } from './spec-context.ts';
import { bucketOf, drop, type SpecEntry, type SpecsEffect, type SpecsState, take } from './specs-state.ts';
import type { SpecDigest, SpecExchange } from './specs-wire.ts';

/** `reply`: tell me yours. */
export function digestOf(state: SpecsState, reply: boolean): SpecDigest {
  const { context, bucketHashes } = state;
  const hashes = state.entries.size === 0 ? [] : [...bucketHashes];
  return { hashes, reply, context: contextRows(context), horizonMs: context.horizonMs };
}

/** Tells what is held in the buckets that differ, and what was seen. Both are of this moment, which `seeAll` relies on. */
export function compareDigest(
  state: SpecsState,
  effects: SpecsEffect[],
  peer: string,
  digest: SpecDigest,
): void {
  if (digest.reply) effects.push({ type: 'send_digest', peer, digest: digestOf(state, false) });
  const differing = new Set<number>();
  // By number: pairs of an iterator would be made for every bucket with every link of a node that joins.
  for (let bucket = 0; bucket < state.bucketHashes.length; bucket += 1) {
    if ((digest.hashes[bucket] ?? 0) !== state.bucketHashes[bucket]) differing.add(bucket);
  }
  const entries: SpecEntry[] = [];
  if (differing.size > 0) {
    for (const [id, siblings] of state.entries) if (differing.has(bucketOf(id))) entries.push(...siblings);
  }
  const context = contextRows(state.context);
  state.exchanges += 1;
  const parts = Math.max(1, Math.ceil(entries.length / specsPerMessageMax));
  for (let part = 0; part < parts; part += 1) {
    const last = part === parts - 1;
    const exchange: SpecExchange = {
      number: state.exchanges,
      part,
      last,
      // Only with the last part is it known what is not there.
      buckets: last ? [...differing] : [],
      context: last ? context : [],
      horizonMs: last ? state.context.horizonMs : 0,
      entries: entries.slice(part * specsPerMessageMax, (part + 1) * specsPerMessageMax),
    };
    effects.push({ type: 'send_exchange', peer, exchange });
  }
}

/**
 * Takes what the peer holds and drops what it has seen and holds no more. A hole in the parts leaves out the rest: the
 * next comparison finds what is missing.
 */
export function mergeExchange(
  state: SpecsState,
  changed: Set<string>,
  peer: string,
  exchange: SpecExchange,
): void {
  const link = state.links.get(peer);
  if (link === undefined) return;
  if (exchange.part === 0) {
    link.number = exchange.number;
    link.told = [];
  } else if (link.number !== exchange.number || link.expected !== exchange.part) return;
  link.expected = exchange.part + 1;
  link.told.push(...exchange.entries);
  if (!exchange.last) return;
  const { told } = link;
  link.told = [];
  link.expected = 0;
  const theirs = contextOf(exchange.context, exchange.horizonMs);
  const toldDots = new Set(told.map(formatDot));
  const differing = new Set(exchange.buckets);
  for (const [id, siblings] of [...state.entries]) {
    if (!differing.has(bucketOf(id))) continue;
    for (const entry of siblings) {
      if (toldDots.has(formatDot(entry)) || !hasSeen(theirs, entry)) continue;
      drop(state, id, entry);
      changed.add(id);
    }
  }
  for (const entry of told) take(state, changed, entry);
  seeAll(state.context, exchange.context);
}
