/**
 * How much of a node a tenant's node may take: bytes, frames and time in a second, so much at once. Pure. Nobody is refused
 * for it: what is over waits unread, in the network and then at its sender.
 */
import {
  fencedBurstBytes,
  fencedBytesPerS,
  fencedFrameCostBytes,
  fencedMsCostBytes,
  fencedTurnMsMax,
} from './limits.ts';

/** What was read at once, and how long this node was busy with it. */
export interface Spent {
  readonly bytes: number;
  readonly frames: number;
  readonly ms: number;
}

export interface Budget {
  /** Below 0: to be waited for. */
  leftBytes: number;
  atMs: number;
}

export function newBudget(): Budget {
  return { leftBytes: fencedBurstBytes, atMs: 0 };
}

/** Changes the budget in place; answers how many milliseconds nothing is to be read. `nowMs`: monotonic. */
export function spendBudget(budget: Budget, { bytes, frames, ms }: Spent, nowMs: number): number {
  const regained = (Math.max(0, nowMs - budget.atMs) * fencedBytesPerS) / 1_000;
  const left = Math.min(fencedBurstBytes, budget.leftBytes + regained);
  const busyBytes = Math.min(ms, fencedTurnMsMax) * fencedMsCostBytes;
  budget.leftBytes = left - bytes - frames * fencedFrameCostBytes - busyBytes;
  budget.atMs = nowMs;
  return budget.leftBytes >= 0 ? 0 : Math.ceil((-budget.leftBytes * 1_000) / fencedBytesPerS);
}
