import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pushedAtMs, readTimeMs, toSeconds } from './sent-time.ts';

const year = { min: Date.UTC(1980, 0), max: Date.UTC(2200, 0) };

test('one instant is read the same in seconds, milliseconds, microseconds and nanoseconds', () => {
  fc.assert(
    fc.property(fc.integer(year), (ms) => {
      expect(readTimeMs(ms)).toBe(ms);
      expect(readTimeMs(toSeconds(ms))).toBe(toSeconds(ms) * 1_000);
      expect(readTimeMs(ms * 1e3)).toBe(ms);
      // Nanoseconds of now need more than 53 bits: the last digits are lost, a millisecond is not.
      expect(Math.abs(readTimeMs(ms * 1e6)! - ms)).toBeLessThanOrEqual(1);
    }),
  );
});

test('what is no time is none, and a push without one is of now', () => {
  for (const value of [0, -1, Number.NaN, Infinity, -Infinity]) expect(readTimeMs(value)).toBeNull();
  const nowMs = Date.UTC(2026, 5, 1);
  for (const value of [0, 1, nowMs - 2 * 86_400_000, nowMs + 3_600_000])
    expect(pushedAtMs(value, nowMs)).toBe(nowMs);
  expect(pushedAtMs(nowMs / 1_000 - 30, nowMs)).toBe(nowMs - 30_000);
  expect(pushedAtMs(nowMs + 5_000, nowMs)).toBe(nowMs);
});
