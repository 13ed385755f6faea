/**
 * How often one supervised child is started again, and when that is put off: the restart intensity of a single child. Past
 * it the child is failed and is tried again after a time that doubles; nobody else is concerned. Pure.
 */
import {
  childBackoffMaxMs,
  childBackoffMinMs,
  childBecauseKeptMax,
  childRestartsMax,
  childRestartsWithinMs,
  childSteadyMs,
} from './limits.ts';

export interface ChildLife {
  /** Since it first ended here. */
  restarts: number;
  /** Monotonic instants of the last ends. */
  endedAtMs: number[];
  /** Times in a row that it was put off. */
  putOff: number;
  /** What happened to it here, latest last. */
  readonly because: string[];
}

export type Verdict = { type: 'restart' } | { type: 'put_off'; untilMs: number };

export function createLife(): ChildLife {
  return { restarts: 0, endedAtMs: [], putOff: 0, because: [] };
}

/** `ranMs`: how long it had run; `random`: in [0, 1), so that children that failed together do not come back together. */
export function judgeEnd(
  life: ChildLife,
  why: string,
  ranMs: number,
  nowMs: number,
  random: number,
): Verdict {
  note(life, why);
  life.restarts += 1;
  if (ranMs >= childSteadyMs) life.putOff = 0;
  life.endedAtMs = life.endedAtMs.filter((atMs) => nowMs - atMs < childRestartsWithinMs);
  life.endedAtMs.push(nowMs);
  // After it was put off one end is enough: it gets one attempt at a time until it runs.
  if (life.putOff === 0 && life.endedAtMs.length <= childRestartsMax) return { type: 'restart' };
  return putOff(life, nowMs, random);
}

/** For what a restart at once would not help. */
export function putOff(life: ChildLife, nowMs: number, random: number): Verdict {
  const wholeMs = Math.min(childBackoffMaxMs, childBackoffMinMs * 2 ** Math.min(life.putOff, 30));
  life.putOff += 1;
  life.endedAtMs = [];
  return { type: 'put_off', untilMs: nowMs + wholeMs * (0.75 + random / 2) };
}

export function note(life: ChildLife, why: string): void {
  life.because.push(why);
  if (life.because.length > childBecauseKeptMax) life.because.shift();
}
