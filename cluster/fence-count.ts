/**
 * What a tenant's peer was refused, by rule, and what that leads to: a line in the log at a bounded rate, and the end of
 * the link when it goes on. Pure; kept by peer, not by link, so that an attacker who links again is still known.
 */
import type { FenceRule } from './fence.ts';
import { fenceLogEveryMs, fenceRefusalsLeakPerS, fenceRefusalsMax } from './limits.ts';

export interface Refusals {
  readonly byRule: Partial<Record<FenceRule, number>>;
  total: number;
  /** Refusals that have not leaked away, at `atMs`. */
  level: number;
  atMs: number;
  loggedAtMs: number;
  /** Refused since the last line. */
  unlogged: number;
}

export function noRefusals(): Refusals {
  return {
    byRule: {},
    total: 0,
    level: 0,
    atMs: 0,
    loggedAtMs: Number.NEGATIVE_INFINITY,
    unlogged: 0,
  };
}

/** `log`: how many this line stands for; null: none is due. */
export interface RefusalAnswer {
  readonly log: number | null;
  readonly close: boolean;
}

/** Changes the counts in place. `nowMs`: monotonic. */
export function noteRefusal(refusals: Refusals, rule: FenceRule, nowMs: number): RefusalAnswer {
  refusals.byRule[rule] = (refusals.byRule[rule] ?? 0) + 1;
  refusals.total += 1;
  refusals.unlogged += 1;
  refusals.level = levelAt(refusals, nowMs) + 1;
  refusals.atMs = nowMs;
  const close = refusals.level > fenceRefusalsMax;
  if (nowMs - refusals.loggedAtMs < fenceLogEveryMs) return { log: null, close };
  const log = refusals.unlogged;
  refusals.unlogged = 0;
  refusals.loggedAtMs = nowMs;
  return { log, close };
}

/** After a link was closed for it, the peer may link again when half of that has leaked away. */
export function mayLink(refusals: Refusals, nowMs: number): boolean {
  return levelAt(refusals, nowMs) <= fenceRefusalsMax / 2;
}

function levelAt({ level, atMs }: Refusals, nowMs: number): number {
  return Math.max(0, level - (Math.max(0, nowMs - atMs) * fenceRefusalsLeakPerS) / 1_000);
}
