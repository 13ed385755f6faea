/**
 * Instants that are not to run: those of a suspended tenant, and those past a day's quota. Pure, beside `accounting.ts`.
 * They are covered by a gap that grows in steps, so that a tenant that stands still for days costs next to nothing.
 */
import type { AccountingEffect } from './accounting.ts';
import { standstillStepMs } from './limits.ts';
import {
  type Accounting,
  growGap,
  queueFrom,
  queueNext,
  raiseWatermark,
  retire,
  type Tracked,
} from './open-instants.ts';
import { dueRuns } from './schedule.ts';

const dayMs = 86_400_000;

/** What a tenant may run. */
export interface RunTerms {
  /** On the database's clock; null: it is not suspended. */
  suspendedSinceMs: number | null;
  /** Results of due instants of one day (UTC); null: no quota. */
  resultsPerDay: number | null;
}

export const noTerms: RunTerms = { suspendedSinceMs: null, resultsPerDay: null };

export type StandstillReason = 'suspended' | 'quota';

/** Runs of the day that is under way, counted when their instant falls due and given back when it becomes a gap. */
export interface Allowance {
  terms: RunTerms;
  day: number;
  used: number;
}

export function allowanceOf(terms: RunTerms, nowMs: number, used: number): Allowance {
  return { terms, day: dayOf(nowMs), used };
}

export function dayOf(atMs: number): number {
  return Math.floor(atMs / dayMs);
}

export function dayStartMs(atMs: number): number {
  return dayOf(atMs) * dayMs;
}

/** Null: the instant may run. */
export function whyNot({ terms, day, used }: Allowance, dueMs: number): StandstillReason | null {
  if (terms.suspendedSinceMs !== null) return 'suspended';
  const { resultsPerDay } = terms;
  if (resultsPerDay === null || dayOf(dueMs) < day) return null;
  return (dayOf(dueMs) > day ? 0 : used) >= resultsPerDay ? 'quota' : null;
}

export function take(allowance: Allowance, dueMs: number): void {
  const day = dayOf(dueMs);
  if (day < allowance.day) return;
  if (day > allowance.day) {
    allowance.day = day;
    allowance.used = 0;
  }
  allowance.used += 1;
}

export function giveBack(allowance: Allowance, dueMs: number): void {
  if (dayOf(dueMs) === allowance.day && allowance.used > 0) allowance.used -= 1;
}

/** The instant at `dueMs`, and with it all up to now that are held back by the same reason; looks again later. */
export function standStill(
  state: Accounting,
  tracked: Tracked,
  dueMs: number,
  nowMs: number,
  reason: StandstillReason,
  effects: AccountingEffect[],
): void {
  // A quota ends with its day; a suspension when somebody ends it.
  const endMs = reason === 'quota' ? dayStartMs(dueMs) + dayMs : Number.POSITIVE_INFINITY;
  cover(tracked, Math.min(nowMs, endMs - 1), reason, effects);
  tracked.still = reason;
  queueFrom(state, tracked, Math.min(nowMs + standstillStepMs, endMs));
  retire(state, tracked);
}

/** What was held back before the instant that is due now. */
export function coverBefore(tracked: Tracked, dueMs: number, effects: AccountingEffect[]): void {
  if (tracked.still === null) return;
  cover(tracked, dueMs - 1, tracked.still, effects);
  tracked.still = null;
}

/** Everything that was held back up to now is covered, and every check is due again at its next instant. */
export function release(state: Accounting, nowMs: number, effects: AccountingEffect[]): void {
  for (const tracked of [...state.checks.values()]) {
    if (tracked.still === null) continue;
    cover(tracked, nowMs, tracked.still, effects);
    tracked.still = null;
    queueNext(state, tracked);
    retire(state, tracked);
  }
}

function cover(
  tracked: Tracked,
  untilMs: number,
  reason: StandstillReason,
  effects: AccountingEffect[],
): void {
  const { schedule } = tracked.check;
  for (const run of dueRuns(schedule, tracked.lastDueMs ?? Number.MIN_SAFE_INTEGER, untilMs)) {
    growGap(tracked, run, reason, effects);
    tracked.lastDueMs = run.toMs;
  }
  raiseWatermark(tracked, effects);
}
