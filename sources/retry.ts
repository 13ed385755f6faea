/**
 * Whether a request that failed is made again, and after how long. Pure. Only what may pass by itself is tried again: a refused
 * token or a page that is none will be the same a second later. Backoff doubles, with full jitter, so that many sources that
 * failed at once do not come back at once.
 */
import type { SourceFault, SourceFaultCode } from './errors.ts';
import { limits } from './limits.ts';

export interface FailedAttempt {
  readonly fault: SourceFault;
  /** 1 for the first. */
  readonly attempt: number;
  /** What the other side asked for (`Retry-After`), or null. */
  readonly retryAfterMs: number | null;
  /** What is left of the listing's time. */
  readonly leftMs: number;
  /** In [0, 1). */
  readonly chance: number;
}

export type RetryDecision = { readonly again: true; readonly afterMs: number } | { readonly again: false };

const passing: readonly SourceFaultCode[] = [
  'name_not_found',
  'connection_failed',
  'request_timeout',
  'rate_limited',
  'server_error',
];

export function decideRetry(failed: FailedAttempt): RetryDecision {
  const { fault, attempt, retryAfterMs, leftMs, chance } = failed;
  if (!passing.includes(fault.code) || attempt >= limits.attemptsMax) return { again: false };
  if (retryAfterMs !== null && retryAfterMs > limits.retryAfterMsMax) return { again: false };
  const ceilingMs = Math.min(limits.backoffMsMin * 2 ** attempt, limits.backoffMsMax);
  const backoffMs = Math.round(ceilingMs / 2 + (chance * ceilingMs) / 2);
  const afterMs = Math.max(backoffMs, retryAfterMs ?? 0);
  return afterMs >= leftMs ? { again: false } : { again: true, afterMs };
}

/** `Retry-After` (RFC 9110 §10.2.3): seconds or a date. Null for what is neither. */
export function readRetryAfter(text: string | undefined, nowWallMs: number): number | null {
  if (text === undefined) return null;
  if (/^\s*\d{1,9}\s*$/.test(text)) return Number(text) * 1_000;
  const atMs = Date.parse(text);
  return Number.isFinite(atMs) ? Math.max(0, atMs - nowWallMs) : null;
}
