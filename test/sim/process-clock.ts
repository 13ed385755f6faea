/**
 * The clock of one simulated process. Its wall clock may be wrong and may jump; its monotonic clock began at some
 * instant of its own, so that nothing can be got right by comparing two of them.
 */
import type { Clock } from '../../runtime/index.ts';
import { afterPart, type EventLoop, type Process, timerPart } from './event-loop.ts';

export const worldStartWallMs = 1_790_000_000_000;

export interface ProcessClock extends Clock {
  /** Added to the true wall clock. */
  skewMs: number;
}

export function processClock(loop: EventLoop, owner: Process, startMs: number, skewMs: number): ProcessClock {
  const clock: ProcessClock = {
    skewMs,
    wallMs: () => Math.floor(worldStartWallMs + loop.nowMs + clock.skewMs),
    monotonicMs: () => loop.nowMs + startMs,
    busyMs: () => 0,
    timer(delayMs, task) {
      const happening = loop.put(Math.max(delayMs, 0), timerPart, owner, task);
      return () => {
        happening.cancelled = true;
      };
    },
    soon: (task) => loop.soon(task),
    afterIo: (task) => void loop.put(0, afterPart, owner, task),
  };
  return clock;
}
