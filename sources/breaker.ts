/**
 * When a source that fails is left in peace: closed, it runs as it is scheduled; after so many failures in a row it is open and
 * nothing is asked of the other side for a while, longer each time; half open, one run tries. Pure; whoever runs listings keeps the state.
 */
import { limits } from './limits.ts';

export type Breaker =
  | { readonly state: 'closed'; readonly failures: number }
  /** `openings`: how often in a row, which is how long it stays open. */
  | { readonly state: 'open'; readonly untilMs: number; readonly openings: number }
  | { readonly state: 'half_open'; readonly openings: number };

export type BreakerEvent =
  /** Somebody wants to run; by hand means that a person said so, who is let through an open one as its trial. */
  | { readonly type: 'asked'; readonly nowMs: number; readonly byHand: boolean }
  | { readonly type: 'succeeded' }
  | { readonly type: 'failed'; readonly nowMs: number }
  /** It ended without a word about the other side: cancelled, or its node went. */
  | { readonly type: 'undecided'; readonly nowMs: number };

export interface BreakerStep {
  readonly breaker: Breaker;
  /** Answers `asked`. */
  readonly mayRun: boolean;
}

export const closedBreaker: Breaker = { state: 'closed', failures: 0 };

export function stepBreaker(breaker: Breaker, event: BreakerEvent): BreakerStep {
  switch (event.type) {
    case 'asked':
      return asked(breaker, event);
    case 'succeeded':
      return { breaker: closedBreaker, mayRun: false };
    case 'failed':
      return { breaker: failed(breaker, event.nowMs), mayRun: false };
    case 'undecided':
      if (breaker.state !== 'half_open') return { breaker, mayRun: false };
      // The trial told nothing: the next one who asks is the trial.
      return { breaker: { state: 'open', untilMs: event.nowMs, openings: breaker.openings }, mayRun: false };
  }
}

function asked(breaker: Breaker, { nowMs, byHand }: BreakerEvent & { type: 'asked' }): BreakerStep {
  if (breaker.state === 'closed') return { breaker, mayRun: true };
  // One trial at a time.
  if (breaker.state === 'half_open') return { breaker, mayRun: false };
  if (nowMs < breaker.untilMs && !byHand) return { breaker, mayRun: false };
  return { breaker: { state: 'half_open', openings: breaker.openings }, mayRun: true };
}

function failed(breaker: Breaker, nowMs: number): Breaker {
  if (breaker.state === 'closed') {
    const failures = breaker.failures + 1;
    return failures < limits.breakerFailuresMax ? { state: 'closed', failures } : opened(1, nowMs);
  }
  return opened(breaker.state === 'half_open' ? breaker.openings + 1 : breaker.openings, nowMs);
}

function opened(openings: number, nowMs: number): Breaker {
  const openMs = Math.min(limits.breakerOpenMsMin * 2 ** Math.min(openings - 1, 20), limits.breakerOpenMsMax);
  return { state: 'open', untilMs: nowMs + openMs, openings };
}
