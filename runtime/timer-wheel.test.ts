import fc from 'fast-check';
import { expect, test } from 'vitest';
import { manualClock } from './clock.ts';
import { timerTickMs } from './limits.ts';
import { Timer, TimerWheel } from './timer-wheel.ts';

test('every timer fires once, not early and at most one tick late, whatever its delay', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 2_000_000 }), { minLength: 1, maxLength: 20 }),
      fc.integer({ min: 0, max: 5_000 }),
      async (delays, headStartMs) => {
        const clock = manualClock();
        const wheel = new TimerWheel(clock);
        await clock.advance(headStartMs);
        const fired: { delay: number; atMs: number }[] = [];
        for (const delay of delays) {
          wheel.set(new Timer(() => fired.push({ delay, atMs: clock.monotonicMs() - headStartMs })), delay);
        }
        await clock.advance(2_100_000);
        expect(fired.length).toBe(delays.length);
        for (const { delay, atMs } of fired) {
          expect(atMs).toBeGreaterThanOrEqual(delay);
          expect(atMs).toBeLessThanOrEqual(delay + 2 * timerTickMs);
        }
        expect(wheel.length).toBe(0);
      },
    ),
    { numRuns: 15 },
  );
});

test('a timer that is cleared or moved does not fire at its first time', async () => {
  const clock = manualClock();
  const wheel = new TimerWheel(clock);
  const fired: string[] = [];
  const cleared = new Timer(() => fired.push('cleared'));
  const moved = new Timer(() => fired.push('moved'));
  wheel.set(cleared, 10);
  wheel.set(moved, 10);
  wheel.clear(cleared);
  wheel.set(moved, 30);
  await clock.advance(20);
  expect(fired).toEqual([]);
  await clock.advance(20);
  expect(fired).toEqual(['moved']);
});
