/**
 * A clock that moves with the work: a handler says what its message cost, and an event loop of its own fires due timers
 * between slices. So what a flood does to others is seen without a real clock.
 */
import type { Clock } from '../index.ts';

export interface WorkClock extends Clock {
  /** A handler has worked this long. */
  work(ms: number): void;
  /** Runs the loop until `done`. */
  run(done: () => boolean): Promise<void>;
}

export function workClock(): WorkClock {
  let nowMs = 0;
  const timers = new Set<{ atMs: number; task: () => void }>();
  let loop: (() => void)[] = [];
  const due = () => [...timers].filter(({ atMs }) => atMs <= nowMs).sort((a, b) => a.atMs - b.atMs);
  return {
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    busyMs: () => 0,
    timer(delayMs, task) {
      const timer = { atMs: nowMs + delayMs, task };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    soon: (task) => queueMicrotask(task),
    afterIo: (task) => void loop.push(task),
    work(ms) {
      nowMs += ms;
    },
    async run(done) {
      while (!done()) {
        for (const timer of due()) if (timers.delete(timer)) timer.task();
        const tasks = loop;
        loop = [];
        for (const task of tasks) task();
        await new Promise((resolve) => setImmediate(resolve));
        // Nothing to do: time goes to the next timer.
        const nextMs = Math.min(...[...timers].map(({ atMs }) => atMs));
        if (loop.length === 0 && nextMs > nowMs && Number.isFinite(nextMs)) nowMs = nextMs;
      }
    },
  };
}
