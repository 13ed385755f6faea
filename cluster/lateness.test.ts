import { expect, test } from 'vitest';
import { lateTick, onTime } from './lateness.ts';
import { downAfterMs, membershipTickMs, pausedMinMs } from './limits.ts';

/** What is told of ticks that come so late, one after the other. */
function lostOf(late: readonly number[]): number[] {
  let lateness = onTime;
  let nowMs = 0;
  return late.flatMap((byMs) => {
    nowMs += membershipTickMs + byMs;
    const step = lateTick(lateness, byMs, nowMs);
    lateness = step.lateness;
    return step.lostMs > 0 ? [step.lostMs] : [];
  });
}

test('one long pause is told at once', () => {
  expect(lostOf([0, 0, 4_000, 0, 0])).toEqual([4_000]);
});

test('many short ones are told when they come to as much, and each of them once', () => {
  const told = lostOf(new Array(20).fill(400));
  expect(told.length).toBeGreaterThan(3);
  for (const lostMs of told) expect(lostMs).toBeGreaterThan(pausedMinMs);
  expect(told.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(20 * 400);
});

test('what a process that is well loses now and then is not told', () => {
  const calm = new Array(Math.ceil(downAfterMs / membershipTickMs)).fill(5);
  expect(lostOf([300, ...calm, 300, ...calm, 300, ...calm, 300, ...calm])).toEqual([]);
  expect(lostOf(new Array(10_000).fill(20))).toEqual([]);
});
