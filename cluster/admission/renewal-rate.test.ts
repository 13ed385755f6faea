import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renewalsBurstMax, renewalsPerS } from './limits.ts';
import { RenewalRate } from './renewal-rate.ts';

test('no more are judged than the burst and their share of the time, however they come', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2_000), { maxLength: 300 }), (gapsMs) => {
      const rate = new RenewalRate(0);
      let nowMs = 0;
      let judged = 0;
      for (const gapMs of gapsMs) {
        nowMs += gapMs;
        if (rate.admits(nowMs)) judged += 1;
        expect(judged).toBeLessThanOrEqual(renewalsBurstMax + (nowMs * renewalsPerS) / 1_000);
      }
    }),
  );
});

test('who renews no faster than its certificates live is never refused', () => {
  const rate = new RenewalRate(0);
  for (let nowMs = 0; nowMs < 1_000_000; nowMs += 1_000 / renewalsPerS) expect(rate.admits(nowMs)).toBe(true);
});
