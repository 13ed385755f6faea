import { expect, test } from 'vitest';
import { judgeTick, type WatchEffect, watchStart } from './watchdog-judge.ts';

const limits = { tickMs: 100, blockedReportMs: 1_000, loopBlockedMsMax: 3_000 };

/** The effects of a row of ticks; each number is the main thread's count of beats at that tick. */
function effectsOf(beats: readonly number[]): WatchEffect[] {
  let state = watchStart;
  const effects: WatchEffect[] = [];
  for (const count of beats) {
    const verdict = judgeTick(state, count, limits);
    state = verdict.state;
    if (verdict.effect !== null) effects.push(verdict.effect);
  }
  return effects;
}

test('a loop that beats is left alone, also at the slowest beat that still counts', () => {
  expect(effectsOf(Array.from({ length: 200 }, (_, n) => Math.floor(n / 10)))).toEqual([]);
});

test('a blocked loop is reported once, and ended past its limit', () => {
  expect(effectsOf(new Array(31).fill(5))).toEqual([
    { type: 'report', blockedMs: 1_000 },
    { type: 'end', blockedMs: 3_000 },
  ]);
});

test('a loop that comes back is told with the length of its block, and counted anew', () => {
  const block = (beats: number) => new Array(16).fill(beats);
  expect(effectsOf([...block(1), ...block(2), 3])).toEqual([
    { type: 'report', blockedMs: 1_000 },
    { type: 'recovered', blockedMs: 1_500 },
    { type: 'report', blockedMs: 1_000 },
    { type: 'recovered', blockedMs: 1_500 },
  ]);
});

test('a stopped process costs one tick, however long it was stopped', () => {
  // The watcher did not tick while it was stopped: the next tick finds the old count, the one after it the new one.
  expect(effectsOf([1, 1, 2, 2, 3, 3])).toEqual([]);
});
