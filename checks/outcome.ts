/**
 * What goes into a check and what comes out of it, and how an outcome is worded. Structurally the same as the check
 * and result rows of the monitor, which are not imported: this room also runs at the edge, without the monitor.
 * Text from the network never reaches a reason unclean or at full length.
 */
import type { CheckRefusal } from './errors.ts';
import { limits } from './limits.ts';

export interface CheckRequest {
  readonly kind: 'tcp' | 'http' | 'icmp' | 'dns';
  readonly target: string;
  readonly port: number | null;
  /** One deadline over the whole check, name lookup included. */
  readonly timeoutMs: number;
  readonly settings: Readonly<Record<string, string>>;
}

/** `unknown`: this run could not tell (refused by the guard, aborted, the agent lacks something). */
export type CheckStatus = 'success' | 'warning' | 'critical' | 'unknown' | 'timeout';

export interface CheckOutcome {
  readonly status: CheckStatus;
  /** Milliseconds to the microsecond; null when the target did not answer. */
  readonly latencyMs: number | null;
  /** Null on success. The start of a reason is stable; people and filters rely on it. */
  readonly reason: string | null;
}

export function succeeded(latencyMs: number): CheckOutcome {
  return { status: 'success', latencyMs: toMicrosecond(latencyMs), reason: null };
}

export function warned(reason: string, latencyMs: number | null): CheckOutcome {
  return { status: 'warning', latencyMs: latencyMs === null ? null : toMicrosecond(latencyMs), reason };
}

export function failed(reason: string, latencyMs: number | null = null): CheckOutcome {
  return {
    status: 'critical',
    latencyMs: latencyMs === null ? null : toMicrosecond(latencyMs),
    reason: readable(reason),
  };
}

export function untold(reason: string): CheckOutcome {
  return { status: 'unknown', latencyMs: null, reason: readable(reason) };
}

export function timedOut(timeoutMs: number): CheckOutcome {
  return { status: 'timeout', latencyMs: null, reason: `no answer within ${timeoutMs} ms` };
}

export function refused(refusal: CheckRefusal): CheckOutcome {
  return untold(`${refusal.code}: ${refusal.detail}`);
}

/** One line of at most `reasonCharsMax` characters: control and bidirectional characters become spaces. */
export function readable(text: string): string {
  const clean = text
    .slice(0, limits.reasonCharsMax * 2)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
  return clean.length <= limits.reasonCharsMax ? clean : `${clean.slice(0, limits.reasonCharsMax - 3)}...`;
}

function toMicrosecond(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
