/**
 * What is open of a tenant's accounting: per check the instants that wait for a row, the gap that may grow, and the
 * watermark. The structure that `accounting.ts` decides over; changed in place, for speed.
 */
import type { AccountingEffect } from './accounting.ts';
import { type Timed, TimeHeap } from './heap.ts';
import type { Check, GapRow, ResultRow, ResultStatus, ScheduleVersion } from './ports/check.ts';
import { type DueRun, nextDue, versionOf } from './schedule.ts';
import type { Allowance, StandstillReason } from './standstill.ts';

export interface Pending {
  dueMs: number;
  /** The instant handled before it: the watermark while this one is the oldest pending. */
  beforeMs: number | null;
  version: ScheduleVersion;
  poller: string | null;
  attempt: number;
  expiresAtMs: number;
}

export interface Tracked {
  check: Check;
  lastDueMs: number | null;
  pending: Pending[];
  openGap: { row: GapRow; version: number } | null;
  watermarkMs: number | null;
  /** The instant that it is queued for; another entry of the queue is an old one. */
  queuedMs: number | null;
  /** Why what lies between `lastDueMs` and `queuedMs` does not run; null: nothing lies there. */
  still: StandstillReason | null;
}

interface DueEntry extends Timed {
  readonly checkId: string;
}

interface ExpiryEntry extends Timed {
  readonly checkId: string;
  readonly dueMs: number;
}

export interface Accounting {
  readonly checks: Map<string, Tracked>;
  readonly due: TimeHeap<DueEntry>;
  readonly expiry: TimeHeap<ExpiryEntry>;
  /** Instants of runs that were asked for, by check, until their result comes or they expire. */
  readonly extra: Map<string, { dueMs: number; expiresAtMs: number }>;
  allowance: Allowance;
  /** Results that name an instant which is none of the check's, or no check of ours. */
  refused: number;
  late: number;
  pending: number;
}

export function accounting(): Accounting {
  return {
    checks: new Map(),
    due: new TimeHeap(),
    expiry: new TimeHeap(),
    extra: new Map(),
    allowance: { terms: { suspendedSinceMs: null, resultsPerDay: null }, day: 0, used: 0 },
    refused: 0,
    late: 0,
    pending: 0,
  };
}

export function track(state: Accounting, check: Check, lastDueMs: number | null): void {
  const tracked: Tracked = {
    check,
    lastDueMs,
    pending: [],
    openGap: null,
    watermarkMs: lastDueMs,
    queuedMs: null,
    still: null,
  };
  state.checks.set(check.id, tracked);
  queueNext(state, tracked);
}

/** A check that came back: only what its newest version makes due is new; what is still awaited from before stays so. */
export function resume(state: Accounting, check: Check): void {
  const tracked = state.checks.get(check.id);
  if (tracked === undefined) {
    track(state, check, check.schedule.at(-1)!.validFromMs - 1);
    return;
  }
  tracked.check = check;
  queueNext(state, tracked);
}

export function queueNext(state: Accounting, tracked: Tracked): void {
  queueFrom(state, tracked, Number.MIN_SAFE_INTEGER);
}

/** Its first instant at or after `fromMs` that was not handled; when none is that late, the first that is left. */
export function queueFrom(state: Accounting, tracked: Tracked, fromMs: number): void {
  const { schedule, id } = tracked.check;
  const lastMs = tracked.lastDueMs ?? Number.MIN_SAFE_INTEGER;
  const next = nextDue(schedule, Math.max(fromMs - 1, lastMs)) ?? nextDue(schedule, lastMs);
  tracked.queuedMs = next?.dueMs ?? null;
  if (next !== null) state.due.push({ atMs: next.dueMs, checkId: id });
}

export function skip(
  state: Accounting,
  tracked: Tracked,
  pending: Pending,
  reason: string,
  effects: AccountingEffect[],
): void {
  const { dueMs, poller, version } = pending;
  const row = syntheticRow(tracked.check.id, dueMs, reason, poller);
  effects.push({ type: 'result', row, intervalMs: version.intervalMs });
  settle(state, tracked, pending, effects);
}

export function settle(
  state: Accounting,
  tracked: Tracked,
  pending: Pending,
  effects: AccountingEffect[],
): void {
  tracked.pending.splice(tracked.pending.indexOf(pending), 1);
  state.pending -= 1;
  retire(state, tracked);
  raiseWatermark(tracked, effects);
}

export function raiseWatermark(tracked: Tracked, effects: AccountingEffect[]): void {
  const oldest = tracked.pending[0];
  const watermarkMs = oldest === undefined ? tracked.lastDueMs : oldest.beforeMs;
  if (watermarkMs === null || watermarkMs === tracked.watermarkMs) return;
  tracked.watermarkMs = watermarkMs;
  effects.push({ type: 'watermark', row: { checkId: tracked.check.id, dueAtMs: watermarkMs } });
}

/** The run of instants is a gap, which lengthens the last one of the check when it follows on it. */
export function growGap(
  tracked: Tracked,
  { fromMs, toMs, intervalMs, count }: DueRun,
  reason: string,
  effects: AccountingEffect[],
): void {
  const version = versionOf(tracked.check.schedule, fromMs)?.version ?? 0;
  const open = tracked.openGap;
  const follows =
    open !== null &&
    open.version === version &&
    open.row.reason === reason &&
    open.row.toMs + intervalMs === fromMs;
  const row: GapRow = follows
    ? { ...open.row, toMs, count: open.row.count + count }
    : { checkId: tracked.check.id, fromMs, toMs, intervalMs, count, reason };
  tracked.openGap = { row, version };
  effects.push({ type: 'gap', row });
}

/** A removed check is let go once nothing of it is due or pending any more. */
export function retire(state: Accounting, tracked: Tracked): void {
  const { check, pending, lastDueMs } = tracked;
  if (check.archivedAtMs === null || pending.length > 0) return;
  if (nextDue(check.schedule, lastDueMs ?? Number.MIN_SAFE_INTEGER) === null) state.checks.delete(check.id);
}

/** The row of an instant that nothing ran for: `skipped`, with its reason. */
export function syntheticRow(
  checkId: string,
  dueAtMs: number,
  reason: string,
  poller: string | null,
): ResultRow {
  const status: ResultStatus = 'skipped';
  return { checkId, dueAtMs, startedAtMs: null, latencyMs: null, status, reason, agent: null, poller };
}
