/**
 * Instants that nobody is told to run, because an edge agent runs the check by its own config: it pushes what it found, less
 * often than it may run. Pure, beside `accounting.ts`.
 */
import type { AccountingEffect, AccountingEvent } from './accounting.ts';
import { again, toGap } from './handouts.ts';
import { pushWaitMs, redispatchLeftMs } from './limits.ts';
import type { Accounting, Tracked } from './open-instants.ts';

/** The agent is to push it. False when the instant is no longer pending, or was asked for by a person. */
export function awaitPush(state: Accounting, checkId: string, dueAtMs: number, agent: string): boolean {
  const tracked = state.checks.get(checkId);
  const pending = tracked?.pending.find(({ dueMs }) => dueMs === dueAtMs);
  if (pending === undefined) return false;
  const untilMs = dueAtMs + pushWaitMs;
  pending.awaited = { agent, untilMs };
  pending.poller = null;
  state.expiry.push({ atMs: untilMs, checkId, dueMs: dueAtMs });
  return true;
}

/** What an agent pushes counts for its last due instant: those before it that had no push will have none. */
export function passAwaited(
  state: Accounting,
  tracked: Tracked,
  pushedMs: number,
  effects: AccountingEffect[],
): void {
  const passed = tracked.pending.filter(({ awaited, dueMs }) => awaited !== null && dueMs < pushedMs);
  for (const pending of passed) toGap(state, tracked, pending, 'not_pushed', effects);
}

/** What was awaited of agents that are gone is handed out, while there is time to run it. */
export function giveUpAwaited(
  state: Accounting,
  { isThere, nowMs }: AccountingEvent & { type: 'agents_lost' },
  effects: AccountingEffect[],
): void {
  for (const tracked of [...state.checks.values()]) {
    for (const pending of [...tracked.pending]) {
      if (pending.awaited === null || isThere(tracked.check.partition, pending.awaited.agent)) continue;
      pending.awaited = null;
      if (pending.expiresAtMs - nowMs >= redispatchLeftMs)
        again(state, tracked, pending, nowMs, 'agent_lost', effects);
      else toGap(state, tracked, pending, 'agent_lost', effects);
    }
  }
}
