/**
 * Time as an argument. The only file, with random.ts, that reads it. A clock also says when work is run: `soon` before
 * the process looks at its sockets again, `afterIo` after it has; so a simulated clock owns the order of everything.
 */

// The global of that name is a getter, which costs as much as the reading.
import { performance } from 'node:perf_hooks';
import { timerPartMsMax } from './limits.ts';

export interface Clock {
  /** Unix milliseconds; may jump. */
  wallMs(): number;
  /** Milliseconds since some start; never goes back. */
  monotonicMs(): number;
  /** Milliseconds of the processor that this process has used; stands still where no time passes by itself. */
  busyMs(): number;
  /** Runs `task` once after `delayMs`; the answer cancels it. */
  timer(delayMs: number, task: () => void): () => void;
  soon(task: () => void): void;
  afterIo(task: () => void): void;
}

/** The machine's own clock. Its timers do not keep a process alive by themselves when `unref` is asked for. */
export function systemClock(options: { unref?: boolean } = {}): Clock {
  return {
    wallMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    busyMs() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    },
    timer(delayMs, task) {
      // The machine's timers take 31 bits; a longer delay would fire at once.
      let leftMs = delayMs;
      let handle: NodeJS.Timeout | undefined;
      const arm = () => {
        const partMs = Math.min(leftMs, timerPartMsMax);
        leftMs -= partMs;
        handle = setTimeout(leftMs > 0 ? arm : task, partMs);
        if (options.unref) handle.unref();
      };
      arm();
      return () => clearTimeout(handle);
    },
    soon: (task) => queueMicrotask(task),
    afterIo: (task) => void setImmediate(task),
  };
}

interface ManualTimer {
  atMs: number;
  order: number;
  task: () => void;
}

/** A clock that stands still until it is told to advance; for tests. `soon` and `afterIo` are microtasks. */
export interface ManualClock extends Clock {
  /** Moves time forward, running what falls due in order and letting promises settle between. */
  advance(ms: number): Promise<void>;
  /** Lets everything that is ready run, without moving time. */
  settle(): Promise<void>;
}

export function manualClock(startWallMs = 1_700_000_000_000): ManualClock {
  let nowMs = 0;
  let order = 0;
  const timers: ManualTimer[] = [];
  const settle = async () => {
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  };
  return {
    wallMs: () => startWallMs + nowMs,
    monotonicMs: () => nowMs,
    busyMs: () => 0,
    timer(delayMs, task) {
      order += 1;
      const timer = { atMs: nowMs + Math.max(0, delayMs), order, task };
      timers.push(timer);
      timers.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
      return () => {
        const at = timers.indexOf(timer);
        if (at >= 0) timers.splice(at, 1);
      };
    },
    soon: (task) => queueMicrotask(task),
    afterIo: (task) => queueMicrotask(task),
    settle,
    async advance(ms) {
      const untilMs = nowMs + ms;
      await settle();
      while (timers[0] && timers[0].atMs <= untilMs) {
        const timer = timers.shift()!;
        nowMs = Math.max(nowMs, timer.atMs);
        timer.task();
        await settle();
      }
      nowMs = untilMs;
      await settle();
    },
  };
}
