/**
 * The decision of a tenant's scheduler: which due instants to hand out, and which row accounts for each. Pure but for
 * its own state (changed in place, for speed); time comes in events and is the database's. The scheduler actor performs
 * the effects: it arms one timer, picks pollers, and gives rows to the writer.
 *
 * The rule (docs/ARCHITECTURE.md, Accounting): every due instant is covered by exactly one row, a result or a gap. An
 * instant is `pending` from its time until a row is given out for it; the watermark of a check is the last instant
 * before its oldest pending one. What comes after its instant was written off, or for an earlier holder of the lease, is
 * `late`.
 */

import { adopt } from './adoption.ts';
import { giveUpAwaited, passAwaited } from './awaited-instants.ts';
import { again, notRun, returned, runNow, toGap } from './handouts.ts';
import { answerGraceMs } from './limits.ts';
import {
  type Accounting,
  type Pending,
  queueNext,
  resume,
  retire,
  settle,
  skip,
  type Tracked,
  track,
} from './open-instants.ts';
import type { Check, GapRow, ResultRow, WatermarkRow } from './ports/check.ts';
import type { AccountedCheck } from './ports/result-store.ts';
import { versionOf } from './schedule.ts';
import { coverMissed, takeSchedule } from './schedule-change.ts';
import { coverBefore, type RunTerms, release, standStill, take, whyNot } from './standstill.ts';

export type AccountingEvent =
  /** Once, first: what the tenant has and what is accounted for. Instants up to now that nothing covers become gaps. */
  | {
      type: 'adopt';
      checks: readonly Check[];
      accounted: readonly AccountedCheck[];
      nowMs: number;
      reason: string;
      terms?: RunTerms;
      /** Due instants of this day, up to the watermarks, that gaps cover. */
      gapsToday?: number;
    }
  /** What the tenant may run has changed. */
  | { type: 'terms'; terms: RunTerms; nowMs: number }
  | { type: 'added'; checks: readonly Check[]; nowMs: number }
  /** A removed check with a new version of its schedule. */
  | { type: 'restored'; check: Check; nowMs: number }
  /** The check with its ended schedule: what is pending is still awaited. */
  | { type: 'removed'; check: Check }
  /** The check with another version of its schedule: what is left of the one before is accounted for all the same. */
  | { type: 'changed'; check: Check; nowMs: number }
  | { type: 'tick'; nowMs: number }
  | { type: 'result'; row: ResultRow; nowMs: number }
  /** A poller or the dispatch could not have it run. `gap` reasons are joined into one gap while they last. */
  | { type: 'not_run'; checkId: string; dueAtMs: number; reason: string; as: 'gap' | 'skipped' }
  /** The edge agent that was to run it did not, and another may. */
  | { type: 'returned'; checkId: string; dueAtMs: number; reason: string; nowMs: number }
  /** A run that a person asks for, at an instant of its own beside the schedule: it is stored, and accounts for nothing. */
  | { type: 'run_now'; checkId: string; nowMs: number }
  /** The poller is gone: what it had is handed out again. */
  | { type: 'poller_lost'; poller: string; nowMs: number }
  /** Edge agents are gone: what was awaited of one that runs nothing by itself any more is handed out. */
  | { type: 'agents_lost'; isThere(partition: string, agent: string): boolean; nowMs: number };

export type AccountingEffect =
  /** `except`: the edge agent that had it and did not run it; `because`: why it is handed out again. */
  | {
      type: 'dispatch';
      check: Check;
      dueAtMs: number;
      attempt: number;
      expiresAtMs: number;
      except?: string | null;
      because?: string;
    }
  /** `intervalMs`: of the version that made the instant due; null: of a run that was asked for, which accounts for none. */
  | { type: 'result'; row: ResultRow; intervalMs: number | null }
  | { type: 'late'; row: ResultRow }
  | { type: 'gap'; row: GapRow }
  | { type: 'watermark'; row: WatermarkRow }
  /** The next instant at which a `tick` is needed. */
  | { type: 'wake'; atMs: number };

export function account(state: Accounting, event: AccountingEvent): AccountingEffect[] {
  const effects: AccountingEffect[] = [];
  switch (event.type) {
    case 'adopt':
      adopt(state, event, effects);
      tick(state, event.nowMs, effects);
      break;
    case 'added':
      for (const check of event.checks) if (!state.checks.has(check.id)) track(state, check, null);
      tick(state, event.nowMs, effects);
      break;
    case 'restored':
      resume(state, event.check);
      tick(state, event.nowMs, effects);
      break;
    case 'removed': {
      const tracked = state.checks.get(event.check.id);
      if (tracked !== undefined) {
        const isMissed = takeSchedule(state, tracked, event.check);
        if (isMissed) coverMissed(tracked, event.check.archivedAtMs ?? 0, effects);
        retire(state, tracked);
      }
      return effects;
    }
    case 'changed': {
      const tracked = state.checks.get(event.check.id);
      if (tracked === undefined) return effects;
      tick(state, event.nowMs, effects);
      takeSchedule(state, tracked, event.check);
      coverMissed(tracked, event.nowMs, effects);
      queueNext(state, tracked);
      tick(state, event.nowMs, effects);
      break;
    }
    case 'tick':
      tick(state, event.nowMs, effects);
      break;
    case 'terms':
      // What was due until now was so under the terms of before.
      tick(state, event.nowMs, effects);
      state.allowance.terms = event.terms;
      release(state, event.nowMs, effects);
      break;
    case 'result':
      takeResult(state, event.row, event.nowMs, effects);
      return effects;
    case 'not_run':
      notRun(state, event, effects);
      return effects;
    case 'returned':
      returned(state, event, effects);
      return effects;
    case 'run_now':
      runNow(state, event.checkId, event.nowMs, effects);
      return effects;
    case 'poller_lost':
      pollerLost(state, event, effects);
      return effects;
    case 'agents_lost':
      giveUpAwaited(state, event, effects);
      return effects;
  }
  const nextMs = Math.min(state.due.peek()?.atMs ?? Infinity, state.expiry.peek()?.atMs ?? Infinity);
  if (nextMs !== Infinity) effects.push({ type: 'wake', atMs: nextMs });
  return effects;
}

function pollerLost(
  state: Accounting,
  { poller, nowMs }: AccountingEvent & { type: 'poller_lost' },
  effects: AccountingEffect[],
): void {
  for (const tracked of state.checks.values()) {
    for (const pending of [...tracked.pending]) {
      if (pending.poller === poller) again(state, tracked, pending, nowMs, 'poller_lost', effects);
    }
  }
}

/** Whether a row for the instant is still wanted; a run that was asked for counts too. */
export function isOpen(state: Accounting, checkId: string, dueAtMs: number): boolean {
  if (state.extra.get(checkId)?.dueMs === dueAtMs) return true;
  return state.checks.get(checkId)?.pending.some(({ dueMs }) => dueMs === dueAtMs) ?? false;
}

function tick(state: Accounting, nowMs: number, effects: AccountingEffect[]): void {
  for (let entry = state.due.peek(); entry !== undefined && entry.atMs <= nowMs; entry = state.due.peek()) {
    state.due.pop();
    const tracked = state.checks.get(entry.checkId);
    if (tracked?.queuedMs === entry.atMs) fallDue(state, tracked, entry.atMs, nowMs, effects);
  }
  for (
    let entry = state.expiry.peek();
    entry !== undefined && entry.atMs <= nowMs;
    entry = state.expiry.peek()
  ) {
    state.expiry.pop();
    const tracked = state.checks.get(entry.checkId);
    const pending = tracked?.pending.find(({ dueMs }) => dueMs === entry.dueMs);
    if (tracked === undefined || pending === undefined) continue;
    if (pending.awaited !== null) {
      if (pending.awaited.untilMs <= nowMs) toGap(state, tracked, pending, 'not_pushed', effects);
    } else {
      skip(state, tracked, pending, pending.poller === null ? 'no_poller' : 'no_answer', effects);
    }
  }
}

function fallDue(
  state: Accounting,
  tracked: Tracked,
  dueMs: number,
  nowMs: number,
  effects: AccountingEffect[],
): void {
  const { check } = tracked;
  coverBefore(tracked, dueMs, effects);
  const version = versionOf(check.schedule, dueMs);
  // The schedule was ended or changed after this instant was queued.
  if (version === null) {
    queueNext(state, tracked);
    retire(state, tracked);
    return;
  }
  const held = whyNot(state.allowance, dueMs);
  if (held !== null) {
    standStill(state, tracked, dueMs, nowMs, held, effects);
    return;
  }
  take(state.allowance, dueMs);
  // What waits for a poller does not run: its successor waits beside it, and both may be one gap.
  const overrun = tracked.pending.some(({ poller }) => poller !== null);
  const expiresAtMs = dueMs + check.timeoutMs + answerGraceMs;
  const pending: Pending = {
    dueMs,
    beforeMs: tracked.lastDueMs,
    version,
    poller: null,
    attempt: 1,
    expiresAtMs,
    awaited: null,
    agent: null,
  };
  tracked.pending.push(pending);
  tracked.lastDueMs = dueMs;
  state.pending += 1;
  queueNext(state, tracked);
  if (overrun) {
    skip(state, tracked, pending, 'overrun', effects);
    return;
  }
  state.expiry.push({ atMs: expiresAtMs, checkId: check.id, dueMs });
  effects.push({ type: 'dispatch', check, dueAtMs: dueMs, attempt: 1, expiresAtMs });
}

function takeResult(state: Accounting, row: ResultRow, nowMs: number, effects: AccountingEffect[]): void {
  const tracked = state.checks.get(row.checkId);
  if (state.extra.get(row.checkId)?.dueMs === row.dueAtMs) {
    state.extra.delete(row.checkId);
    effects.push({ type: 'result', row, intervalMs: null });
    return;
  }
  if (
    tracked === undefined ||
    row.dueAtMs > nowMs ||
    versionOf(tracked.check.schedule, row.dueAtMs) === null
  ) {
    state.refused += 1;
    return;
  }
  const pending = tracked.pending.find(({ dueMs }) => dueMs === row.dueAtMs);
  if (pending === undefined) {
    state.late += 1;
    // The gap that it may split must not be extended by its old beginning afterwards.
    tracked.openGap = null;
    effects.push({ type: 'late', row });
    return;
  }
  effects.push({ type: 'result', row, intervalMs: pending.version.intervalMs });
  settle(state, tracked, pending, effects);
  passAwaited(state, tracked, row.dueAtMs, effects);
}
