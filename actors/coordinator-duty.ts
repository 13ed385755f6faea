/**
 * Whether this core coordinates: decided from what the store answered and what other cores announce. Pure: the actor
 * beside it asks, announces and waits. Times are this node's monotonic milliseconds.
 *
 * events   answered (granted or refused), failed, heard (another core's epoch), freed (a claim went)
 * effects  claim, resign, ask
 */
import type { Standing } from '../cluster/index.ts';
import { leaseRetryMs, leaseSoonMs, sessionRenewMs } from './limits.ts';
import type { CoordinatorAnswer } from './ports/coordinator-store.ts';

export interface Duty {
  /** Of the lease that this core has; null: it has none. */
  readonly epoch: number | null;
  /** Nobody else is granted the lease before. */
  readonly heldUntilMs: number;
  /** The last question had no answer. */
  readonly storeAway: boolean;
}

export type DutyEvent =
  | { type: 'answered'; askedMs: number; answer: CoordinatorAnswer }
  /**
   * `session_lost`: the store did answer, that this boot has no live session. `late`: this process cannot have run in
   * between, so it says nothing of the store.
   */
  | { type: 'failed'; why: 'session_lost' | 'away' | 'late' }
  | { type: 'heard'; epoch: number }
  | { type: 'freed' };

export type DutyEffect =
  | { type: 'claim'; epoch: number }
  | { type: 'resign' }
  /** Instead of whatever was to be asked later. `jittered`: several cores wait for the same moment. */
  | { type: 'ask'; afterMs: number; jittered: boolean };

export const noDuty: Duty = { epoch: null, heldUntilMs: 0, storeAway: false };

export function stepDuty(duty: Duty, event: DutyEvent): { duty: Duty; effects: DutyEffect[] } {
  switch (event.type) {
    case 'answered':
      return answered(duty, event.askedMs, event.answer);
    case 'failed': {
      const soon: DutyEffect = { type: 'ask', afterMs: leaseSoonMs, jittered: false };
      if (event.why === 'session_lost') return { duty: noDuty, effects: [...given(duty), soon] };
      if (event.why === 'late') return { duty, effects: [soon] };
      // What nobody can ask the store for, nobody else was granted, as far as this core knows.
      return {
        duty: { ...duty, storeAway: true },
        effects: [{ type: 'ask', afterMs: leaseRetryMs, jittered: true }],
      };
    }
    case 'heard': {
      if (duty.epoch === null || event.epoch <= duty.epoch) return { duty, effects: [] };
      return { duty: noDuty, effects: given(duty) };
    }
    case 'freed':
      return { duty, effects: duty.epoch === null ? [{ type: 'ask', afterMs: 0, jittered: false }] : [] };
  }
}

function answered(
  duty: Duty,
  askedMs: number,
  answer: CoordinatorAnswer,
): { duty: Duty; effects: DutyEffect[] } {
  const leftMs = answer.expiresAtMs - answer.databaseNowMs;
  if (!answer.granted) {
    // When the holder's session ends, and each second before: one that hands over is not always heard of here.
    const afterMs = Math.min(leaseRetryMs, Math.max(leaseSoonMs, leftMs));
    return { duty: noDuty, effects: [...given(duty), { type: 'ask', afterMs, jittered: true }] };
  }
  const { epoch } = answer;
  const claim: DutyEffect[] = duty.epoch === epoch ? [] : [{ type: 'claim', epoch }];
  // From when it was asked: the answer may have taken its time.
  const next = { epoch, heldUntilMs: askedMs + leftMs, storeAway: false };
  return { duty: next, effects: [...claim, { type: 'ask', afterMs: sessionRenewMs, jittered: false }] };
}

function given({ epoch }: Duty): DutyEffect[] {
  return epoch === null ? [] : [{ type: 'resign' }];
}

export function standingOf({ heldUntilMs, storeAway }: Duty, nowMs: number): Standing {
  if (nowMs < heldUntilMs) return 'held';
  return storeAway ? 'kept' : 'doubtful';
}
