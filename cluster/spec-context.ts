/**
 * What one node has seen of all that was ever written to the map of child specs: for each writer the count up to which
 * it has seen everything, and what lies beyond. It stands in the place of tombstones: a spec that is not held, although its
 * dot was seen, was removed (the optimised OR-set of Bieniusa et al., 2012). Pure data; knows no specs and no peers.
 */

/** One write: the `count`th of the writer `node` since `stamp`, which begins at one for each life of the node. */
export interface Dot {
  readonly node: string;
  /** Milliseconds since 1970 when this life of the writer began. */
  readonly stamp: number;
  readonly count: number;
}

interface Seen {
  readonly node: string;
  readonly stamp: number;
  upTo: number;
  readonly beyond: Set<number>;
  /** When it was last seen to be needed; see `forget`. Wall clock. */
  neededMs: number;
}

export interface SpecContext {
  readonly writers: Map<string, Seen>;
  /** Writers that began before this and are not known here were forgotten: all of theirs counts as seen. */
  horizonMs: number;
}

/** As it travels. */
export type ContextRow = readonly [node: string, stamp: number, upTo: number, beyond: readonly number[]];

export function createContext(): SpecContext {
  return { writers: new Map(), horizonMs: 0 };
}

export function writerOf(dot: { node: string; stamp: number }): string {
  return `${dot.node}.${dot.stamp}`;
}

export function formatDot(dot: Dot): string {
  return `${dot.node}.${dot.stamp}.${dot.count}`;
}

export function sameDot(a: Dot, b: Dot): boolean {
  return a.count === b.count && a.stamp === b.stamp && a.node === b.node;
}

export function hasSeen(context: SpecContext, dot: Dot): boolean {
  const seen = context.writers.get(writerOf(dot));
  if (seen === undefined) return dot.stamp < context.horizonMs;
  return dot.count <= seen.upTo || seen.beyond.has(dot.count);
}

/** False when it was seen before. */
export function see(context: SpecContext, dot: Dot): boolean {
  const { count } = dot;
  const known = context.writers.get(writerOf(dot));
  if (known === undefined && dot.stamp < context.horizonMs) return false;
  if (known !== undefined && (count <= known.upTo || known.beyond.has(count))) return false;
  const seen = known ?? seenOf(context, dot);
  if (count === seen.upTo + 1) seen.upTo = count;
  else seen.beyond.add(count);
  close(seen);
  return true;
}

/** Takes over all that another node has seen. Only after everything that it still holds of it was merged. */
export function seeAll(context: SpecContext, rows: readonly ContextRow[]): void {
  for (const [node, stamp, upTo, beyond] of rows) {
    const known = context.writers.has(writerOf({ node, stamp }));
    if (!known && stamp < context.horizonMs) continue;
    const seen = seenOf(context, { node, stamp });
    if (upTo > seen.upTo) seen.upTo = upTo;
    for (const count of beyond) if (count > seen.upTo) seen.beyond.add(count);
    for (const count of seen.beyond) if (count <= seen.upTo) seen.beyond.delete(count);
    close(seen);
  }
}

export function contextRows(context: SpecContext): ContextRow[] {
  return [...context.writers.values()].map(({ node, stamp, upTo, beyond }) => [
    node,
    stamp,
    upTo,
    [...beyond].sort((a, b) => a - b),
  ]);
}

/** As it is kept: with when each was needed. */
export type SeenRow = readonly [...ContextRow, neededMs: number];

export function seenRows(context: SpecContext): SeenRow[] {
  const rows = contextRows(context);
  return [...context.writers.values()].map(({ neededMs }, at): SeenRow => [...rows[at]!, neededMs]);
}

export function restoreContext(context: SpecContext, rows: readonly SeenRow[], horizonMs: number): void {
  for (const [node, stamp, upTo, beyond, neededMs] of rows) {
    const seen = seenOf(context, { node, stamp });
    seen.upTo = upTo;
    for (const count of beyond) seen.beyond.add(count);
    seen.neededMs = neededMs;
  }
  context.horizonMs = horizonMs;
}

/** A context that arrived, to be asked with `hasSeen`. */
export function contextOf(rows: readonly ContextRow[], horizonMs: number): SpecContext {
  const context = { writers: new Map<string, Seen>(), horizonMs: 0 };
  seeAll(context, rows);
  context.horizonMs = horizonMs;
  return context;
}

/**
 * Forgets writers that nobody has needed for `retentionMs`. What an absent node still holds of them counts as removed
 * when it comes back: it rejoins with nothing of that.
 */
export function forget(
  context: SpecContext,
  isNeeded: (writer: { node: string; stamp: number }) => boolean,
  nowMs: number,
  retentionMs: number,
): void {
  for (const [key, seen] of context.writers) {
    if (seen.neededMs === 0 || isNeeded(seen)) seen.neededMs = nowMs;
    if (nowMs - seen.neededMs <= retentionMs) continue;
    context.writers.delete(key);
    context.horizonMs = Math.max(context.horizonMs, seen.stamp + 1);
  }
}

function seenOf(context: SpecContext, writer: { node: string; stamp: number }): Seen {
  const key = writerOf(writer);
  let seen = context.writers.get(key);
  if (seen === undefined) {
    seen = { node: writer.node, stamp: writer.stamp, upTo: 0, beyond: new Set(), neededMs: 0 };
    context.writers.set(key, seen);
  }
  return seen;
}

function close(seen: Seen): void {
  while (seen.beyond.size > 0 && seen.beyond.delete(seen.upTo + 1)) seen.upTo += 1;
}
