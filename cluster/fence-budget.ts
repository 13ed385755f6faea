/**
 * How much of a node's time a tenant's node may take: bytes and frames in a second, so much at once. Pure. Nobody is refused
 * for it: what is over waits unread, in the network and then at its sender.
 */
import { fencedBurstBytes, fencedBytesPerS, fencedFrameCostBytes } from './limits.ts';

export interface Budget {
  /** Below 0: to be waited for. */
  leftBytes: number;
  atMs: number;
}

export function newBudget(): Budget {
  return { leftBytes: fencedBurstBytes, atMs: 0 };
}

/** Changes the budget in place; answers how many milliseconds nothing is to be read. `nowMs`: monotonic. */
export function spendBudget(budget: Budget, bytes: number, frames: number, nowMs: number): number {
  const regained = (Math.max(0, nowMs - budget.atMs) * fencedBytesPerS) / 1_000;
  const left = Math.min(fencedBurstBytes, budget.leftBytes + regained);
  budget.leftBytes = left - bytes - frames * fencedFrameCostBytes;
  budget.atMs = nowMs;
  return budget.leftBytes >= 0 ? 0 : Math.ceil((-budget.leftBytes * 1_000) / fencedBytesPerS);
}
