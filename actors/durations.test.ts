import { expect, test } from 'vitest';
import { Durations, durationBoundsMs } from './durations.ts';

test('each bound counts all that took at most so long, and what took longer is counted alone', () => {
  const durations = new Durations();
  for (const ms of [0.5, 1, 1.5, 49, 50, 61_000]) durations.note(ms);
  const { atMost, count, sumMs } = durations.seen();
  const at = (bound: number) => atMost[durationBoundsMs.indexOf(bound as 1)];
  expect([at(1), at(2), at(20), at(50), at(60_000), count]).toEqual([2, 3, 3, 5, 5, 6]);
  expect(sumMs).toBe(0.5 + 1 + 1.5 + 49 + 50 + 61_000);
});
