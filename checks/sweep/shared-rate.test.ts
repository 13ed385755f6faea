import { expect, it } from 'vitest';
import { SharedRates } from './shared-rate.ts';

it('slices of one run go at one rate together, the latest that was given; those of another run have their own', () => {
  const rates = new SharedRates();
  const first = rates.join('r1', 100, 0);
  const second = rates.join('r1', 100, 0);
  expect(first).toBe(second);
  expect(rates.join('r2', 100, 0)).not.toBe(first);
  const takenWithin = (ms: number, fromMs: number) => {
    let taken = 0;
    for (let nowMs = fromMs; nowMs < fromMs + ms; nowMs += 1)
      for (const one of [first, second]) if (one.take(1, nowMs) === 0) taken += 1;
    return taken;
  };
  expect(takenWithin(10_000, 0)).toBeGreaterThanOrEqual(990);
  rates.join('r1', 10, 10_000);
  expect(takenWithin(10_000, 10_000)).toBeLessThanOrEqual(106);
  for (let at = 0; at < 3; at += 1) rates.leave('r1');
  expect(rates.join('r1', 10, 0)).not.toBe(first);
});
