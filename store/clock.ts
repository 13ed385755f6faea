/**
 * The part of a clock that this room needs: durations and waits, never the time of day, which is the database's. The
 * clock of `runtime/` has it.
 */
export interface StoreClock {
  monotonicMs(): number;
  /** Runs `task` once after `delayMs`; the answer cancels it. */
  timer(delayMs: number, task: () => void): () => void;
}

export function waitFor(clock: StoreClock, delayMs: number): Promise<void> {
  return new Promise((resolve) => clock.timer(delayMs, resolve));
}

/** For what is dated: archives and their age. */
export interface WallClock extends StoreClock {
  /** Unix milliseconds. */
  wallMs(): number;
}
