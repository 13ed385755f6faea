/**
 * How much of a node a tenant's node may take: bytes, frames and time in a second, so much at once, and what others wait for
 * its turns. Pure. Nobody is refused for it: what is over waits unread, in the network and then at its sender.
 *
 * Who comes during a turn of t ms waits t / 2 of it on average, and the longer the turn the more come. So what others wait
 * goes with the squares of the turns, and so do the costs: many short turns harm nobody where few long ones do.
 */
import {
  fencedBurstBytes,
  fencedBytesPerS,
  fencedDebtMs,
  fencedFrameCostBytes,
  fencedLinkCostMs2,
  fencedMsCostBytes,
  fencedRestMsMax,
  fencedTurnMsMax,
  fencedTurnsBurstMs2,
  fencedTurnsMs2PerS,
  fencedYieldMs,
  fencedYieldRestMs,
} from './limits.ts';

/** What was read at once, and how long this node's processor was busy with it. */
export interface Spent {
  readonly bytes: number;
  readonly frames: number;
  readonly ms: number;
}

/** Kept by peer, not by link: who links again has what it had. */
export interface Budget {
  /** Below 0: to be waited for. */
  leftBytes: number;
  /** Squares of turns, below 0 as well. */
  leftMs2: number;
  atMs: number;
}

export function newBudget(): Budget {
  return { leftBytes: fencedBurstBytes, leftMs2: fencedTurnsBurstMs2, atMs: 0 };
}

/**
 * Changes the budget in place; answers how many milliseconds nothing is to be read. `nowMs`: monotonic. Who is deep in debt is
 * read now and then all the same, as nobody else would know whether it lives.
 */
export function spendBudget(budget: Budget, { bytes, frames, ms }: Spent, nowMs: number): number {
  regain(budget, nowMs);
  const turnMs = Math.min(ms, fencedTurnMsMax);
  budget.leftBytes -= bytes + frames * fencedFrameCostBytes + turnMs * fencedMsCostBytes;
  charge(budget, turnMs * turnMs);
  const yieldMs = ms >= fencedYieldMs ? fencedYieldRestMs : 0;
  return Math.ceil(Math.max(yieldMs, bytesDebtMs(budget), Math.min(turnsDebtMs(budget), fencedRestMsMax)));
}

/** A link of that peer came up: what its handshake, its greeting and being told of it took. */
export function spendLink(budget: Budget, nowMs: number): void {
  regain(budget, nowMs);
  charge(budget, fencedLinkCostMs2);
}

/** For how many milliseconds it is not to link again; 0: it may, as a link that is there would be read soon. */
export function linkRestMs(budget: Budget, nowMs: number): number {
  regain(budget, nowMs);
  const debtMs = Math.max(bytesDebtMs(budget), turnsDebtMs(budget));
  return debtMs > fencedRestMsMax ? Math.ceil(debtMs) : 0;
}

function regain(budget: Budget, nowMs: number): void {
  const passedS = Math.max(0, nowMs - budget.atMs) / 1_000;
  budget.leftBytes = Math.min(fencedBurstBytes, budget.leftBytes + passedS * fencedBytesPerS);
  budget.leftMs2 = Math.min(fencedTurnsBurstMs2, budget.leftMs2 + passedS * fencedTurnsMs2PerS);
  budget.atMs = nowMs;
}

function charge(budget: Budget, ms2: number): void {
  const least = (-fencedDebtMs * fencedTurnsMs2PerS) / 1_000;
  budget.leftMs2 = Math.max(least, budget.leftMs2 - ms2);
}

function bytesDebtMs({ leftBytes }: Budget): number {
  return (-leftBytes * 1_000) / fencedBytesPerS;
}

function turnsDebtMs({ leftMs2 }: Budget): number {
  return (-leftMs2 * 1_000) / fencedTurnsMs2PerS;
}
