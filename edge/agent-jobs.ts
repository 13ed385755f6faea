/**
 * A job of a poller as a command to an edge agent (`check.run`), and what the agent answers as the result of a check. Pure. Who
 * may be given one, the tenant's scheduler decides.
 */
import type { Finished, Job } from '../actors/messages.ts';
import { readTold, reasonOf } from './agent-words.ts';
import type { CommandOutcome } from './command-book.ts';
import { commandSlackMs, pushAheadMsMax } from './limits.ts';

/** What the agent is told: the check as it is to be run, and the instant that it is for (Unix milliseconds). */
export function payloadOf(job: Job): Uint8Array {
  const { checkId: check_id, kind, target, port, timeoutMs: timeout_ms, settings, dueAtMs: due_at } = job;
  return Buffer.from(JSON.stringify({ check_id, kind, target, port, timeout_ms, settings, due_at }));
}

/** Whole seconds: the check's own time, and a moment for both ways. The poller waits by its own clock. */
export function lifeS({ timeoutMs }: Job): number {
  return Math.ceil((timeoutMs + commandSlackMs) / 1_000);
}

/**
 * Null: it did not run the check, and another may. When it was run is the agent's word where that can be true: between its being
 * sent and now, give or take what clocks differ by. Beside that it is the time of the sending.
 */
export function finishedOf(
  number: number,
  { state, message, payloadJson }: CommandOutcome,
  { sentAtMs, nowMs }: { sentAtMs: number; nowMs: number },
): Finished | null {
  if (state !== 'completed' && state !== 'failed') return null;
  const told = readTold(payloadJson);
  const { status, latencyMs } = told;
  if (status === null && state === 'failed') return null;
  const isGood = status === null || status === 'success';
  const { startedAtMs: saidMs } = told;
  const isTrue = saidMs !== null && saidMs >= sentAtMs - pushAheadMsMax && saidMs <= nowMs + pushAheadMsMax;
  return {
    number,
    startedAtMs: Math.floor(isTrue ? Math.min(saidMs, nowMs) : sentAtMs),
    latencyMs,
    status: status ?? 'success',
    reason: isGood ? null : reasonOf(told, message),
  };
}
