/**
 * What becomes of an instant that was handed out: who has it, that it is handed out once more, or that nobody runs it; and the
 * run that a person asks for. Pure, beside `accounting.ts`.
 */
import type { AccountingEffect, AccountingEvent } from './accounting.ts';
import { answerGraceMs, attemptsMax, redispatchLeftMs } from './limits.ts';
import {
  type Accounting,
  growGap,
  type Pending,
  settle,
  skip,
  syntheticRow,
  type Tracked,
} from './open-instants.ts';
import { versionOf } from './schedule.ts';
import { giveBack, take } from './standstill.ts';

/** Notes who has the instant, so that the loss of a poller finds it. False when it is no longer pending. */
export function handedTo(
  state: Accounting,
  checkId: string,
  dueAtMs: number,
  poller: string,
  agent: string | null = null,
): boolean {
  const extra = state.extra.get(checkId);
  if (extra?.dueMs === dueAtMs) extra.agent = agent;
  const pending = state.checks.get(checkId)?.pending.find(({ dueMs }) => dueMs === dueAtMs);
  if (pending === undefined) return false;
  pending.poller = poller;
  pending.agent = agent;
  return true;
}

/** To another, while there is time and it was not tried too often. */
export function again(
  state: Accounting,
  tracked: Tracked,
  pending: Pending,
  nowMs: number,
  reason: string,
  effects: AccountingEffect[],
): void {
  const leftMs = pending.expiresAtMs - nowMs;
  if (pending.attempt >= attemptsMax || leftMs < redispatchLeftMs) {
    skip(state, tracked, pending, reason, effects);
    return;
  }
  pending.attempt += 1;
  pending.poller = null;
  const { dueMs: dueAtMs, attempt, expiresAtMs, agent } = pending;
  const except = agent === null ? {} : { except: agent };
  effects.push({
    type: 'dispatch',
    check: tracked.check,
    ...{ dueAtMs, attempt, expiresAtMs, because: reason, ...except },
  });
}

export function runNow(state: Accounting, checkId: string, nowMs: number, effects: AccountingEffect[]): void {
  const check = state.checks.get(checkId)?.check;
  if (check === undefined || check.archivedAtMs !== null) return;
  // The millisecond after a due instant is none: the shortest interval is a second.
  const dueMs = versionOf(check.schedule, nowMs) === null ? nowMs : nowMs + 1;
  const expiresAtMs = dueMs + check.timeoutMs + answerGraceMs;
  // What a person asks for runs, and counts.
  take(state.allowance, dueMs);
  state.extra.set(checkId, { dueMs, expiresAtMs, attempt: 1, agent: null });
  effects.push({ type: 'dispatch', check, dueAtMs: dueMs, attempt: 1, expiresAtMs });
}

/** Of what a person asked for there is to be a row, too. */
function notRunNow(
  state: Accounting,
  checkId: string,
  dueAtMs: number,
  reason: string,
  effects: AccountingEffect[],
): void {
  state.extra.delete(checkId);
  effects.push({ type: 'result', row: syntheticRow(checkId, dueAtMs, reason, null), intervalMs: null });
}

export function notRun(
  state: Accounting,
  { checkId, dueAtMs, reason, as }: AccountingEvent & { type: 'not_run' },
  effects: AccountingEffect[],
): void {
  if (state.extra.get(checkId)?.dueMs === dueAtMs) {
    notRunNow(state, checkId, dueAtMs, reason, effects);
    return;
  }
  const tracked = state.checks.get(checkId);
  const pending = tracked?.pending.find(({ dueMs }) => dueMs === dueAtMs);
  if (tracked === undefined || pending === undefined) return;
  if (as === 'skipped') skip(state, tracked, pending, reason, effects);
  else toGap(state, tracked, pending, reason, effects);
}

/** Of an edge agent: to another one, or to the cluster's own. */
export function returned(
  state: Accounting,
  { checkId, dueAtMs, reason, nowMs }: AccountingEvent & { type: 'returned' },
  effects: AccountingEffect[],
): void {
  const tracked = state.checks.get(checkId);
  const extra = state.extra.get(checkId);
  if (tracked === undefined || extra?.dueMs !== dueAtMs) {
    const pending = tracked?.pending.find(({ dueMs }) => dueMs === dueAtMs);
    if (pending !== undefined) again(state, tracked!, pending, nowMs, reason, effects);
    return;
  }
  if (extra.attempt >= attemptsMax || extra.expiresAtMs - nowMs < redispatchLeftMs) {
    notRunNow(state, checkId, dueAtMs, reason, effects);
    return;
  }
  extra.attempt += 1;
  const { attempt, expiresAtMs, agent: except } = extra;
  const how = { attempt, expiresAtMs, except, because: reason };
  effects.push({ type: 'dispatch', check: tracked.check, dueAtMs, ...how });
}

/** The instant becomes part of a gap. */
export function toGap(
  state: Accounting,
  tracked: Tracked,
  pending: Pending,
  reason: string,
  effects: AccountingEffect[],
): void {
  const { dueMs, version } = pending;
  giveBack(state.allowance, dueMs);
  const { intervalMs } = version;
  growGap(tracked, { fromMs: dueMs, toMs: dueMs, intervalMs, count: 1 }, reason, effects);
  settle(state, tracked, pending, effects);
}
