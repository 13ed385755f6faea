/**
 * What the answer to a push means: that it was taken, that it is pushed again, here or at another gateway, or that the
 * gateway will never take it. Pure.
 */
import { status } from '@grpc/grpc-js';
import { pushAgainMsMax, pushAgainMsMin, streamItemsMax } from './limits.ts';

export interface PushState {
  /** Results in the next push. */
  readonly size: number;
  /** Pushes in a row that brought nothing. */
  readonly failures: number;
}

export type PushAnswer =
  | { readonly type: 'stored' }
  | { readonly type: 'failed'; readonly status: status; readonly code: string; readonly pushed: number };

export type PushVerdict =
  | { readonly type: 'taken' }
  | { readonly type: 'again'; readonly afterMs: number }
  /** Another gateway, at once. */
  | { readonly type: 'leave' }
  /** This one result is refused for what it is: it would stand in the way of all behind it. */
  | { readonly type: 'refused' };

export const firstPush: PushState = { size: streamItemsMax, failures: 0 };

/** A gateway that could not store is asked a second time before another is: cores change places within seconds. */
const failuresHereMax = 2;
const ofTheMessage: readonly status[] = [
  status.INVALID_ARGUMENT,
  status.RESOURCE_EXHAUSTED,
  status.OUT_OF_RANGE,
  status.INTERNAL,
];

export function stepPush(
  state: PushState,
  answer: PushAnswer,
  isOnlyGateway: boolean,
): { readonly state: PushState; readonly verdict: PushVerdict } {
  if (answer.type === 'stored') return { state: firstPush, verdict: { type: 'taken' } };
  const failures = state.failures + 1;
  const afterMs = Math.min(pushAgainMsMax, pushAgainMsMin * 2 ** Math.min(failures - 1, 20));
  if (ofTheMessage.includes(answer.status)) {
    if (answer.pushed <= 1 && answer.status === status.INVALID_ARGUMENT)
      return { state: firstPush, verdict: { type: 'refused' } };
    const size = Math.max(1, Math.floor(answer.pushed / 2));
    return { state: { size, failures }, verdict: { type: 'again', afterMs } };
  }
  const isHere = answer.status === status.UNAVAILABLE && answer.code === 'tenant_unavailable';
  if (isHere && (isOnlyGateway || failures < failuresHereMax))
    return { state: { ...state, failures }, verdict: { type: 'again', afterMs } };
  return { state: { ...state, failures }, verdict: { type: 'leave' } };
}
