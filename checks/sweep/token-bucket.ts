/**
 * How fast a sweep may go: a bucket of tokens, one for each packet or connect, on the caller's monotonic clock. Pure. In any
 * span of time no more is taken than the rate allows in it, and what the bucket holds (`sweepBurstMs` of the rate).
 */
import { limits } from '../limits.ts';

export interface TokenBucket {
  readonly perSecond: number;
  readonly capacity: number;
  readonly tokens: number;
  /** Monotonic, of the last filling. */
  readonly atMs: number;
}

export function newBucket(perSecond: number, nowMs: number): TokenBucket {
  const capacity = Math.max(1, (perSecond * limits.sweepBurstMs) / 1_000);
  // Begins with what one probe takes: a sweep of many slices would burst with each.
  return { perSecond, capacity, tokens: 1, atMs: nowMs };
}

export type Taken =
  | { readonly bucket: TokenBucket; readonly ok: true }
  | { readonly bucket: TokenBucket; readonly ok: false; readonly waitMs: number };

/** `count` is at most the capacity, or it is taken when the bucket is full and the bucket owes the rest. */
export function takeTokens(bucket: TokenBucket, count: number, nowMs: number): Taken {
  const { perSecond, capacity } = bucket;
  const passedMs = Math.max(0, nowMs - bucket.atMs);
  const tokens = Math.min(capacity, bucket.tokens + (passedMs * perSecond) / 1_000);
  const filled = { ...bucket, tokens, atMs: Math.max(nowMs, bucket.atMs) };
  const needed = Math.min(count, capacity);
  // A hair of rounding must not make a wait of nothing.
  if (tokens >= needed - 1e-9) return { ok: true, bucket: { ...filled, tokens: tokens - count } };
  return { ok: false, bucket: filled, waitMs: ((needed - tokens) * 1_000) / perSecond };
}
