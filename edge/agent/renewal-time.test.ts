import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differenceMs } from './clock-difference.ts';
import { clockToleranceMs, renewAgainMsMax, renewAgainMsMin } from './limits.ts';
import { renewAgainAfterMs, renewAtMs } from './renewal-time.ts';

const chance = fc.double({ min: 0, max: 0.999, noNaN: true });
const life = fc
  .record({
    issuedAtMs: fc.integer({ min: 0, max: 2e12 }),
    lengthMs: fc.integer({ min: 1_000, max: 30 * 86_400_000 }),
  })
  .map(({ issuedAtMs, lengthMs }) => ({ issuedAtMs, endsAtMs: issuedAtMs + lengthMs }));

describe('when a certificate is renewed', () => {
  it('is about the half of its life, and never after it', () => {
    fc.assert(
      fc.property(life, chance, (one, share) => {
        const part = (renewAtMs(one, share) - one.issuedAtMs) / (one.endsAtMs - one.issuedAtMs);
        expect(part).toBeLessThanOrEqual(0.5);
        expect(part).toBeGreaterThanOrEqual(0.449);
      }),
    );
  });
  it('is again soon after a failure: ten times at least before a day is over, and within the bounds', () => {
    fc.assert(
      fc.property(life, chance, fc.double({ min: 0, max: 2, noNaN: true }), (one, share, part) => {
        const nowMs = one.issuedAtMs + part * (one.endsAtMs - one.issuedAtMs);
        const afterMs = renewAgainAfterMs(one, nowMs, share);
        expect(afterMs).toBeGreaterThan(renewAgainMsMin * 0.89);
        expect(afterMs).toBeLessThanOrEqual(renewAgainMsMax);
      }),
    );
    let [nowMs, tries] = [43_200_000, 0];
    for (; nowMs < 86_400_000; tries += 1)
      nowMs += renewAgainAfterMs({ issuedAtMs: 0, endsAtMs: 86_400_000 }, nowMs, 0);
    expect(tries).toBeGreaterThan(10);
  });
});

describe('the difference of two clocks', () => {
  it('is none within what whole seconds and the way can tell, and about the truth beyond it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1_000_000, max: 2_000_000_000 }),
        fc.integer({ min: -1e9, max: 1e9 }),
        fc.nat(2_000),
        (localS, aheadMs, wayMs) => {
          const askedAtMs = localS * 1_000;
          const serverTimeS = Math.floor((askedAtMs + wayMs / 2 + aheadMs) / 1_000);
          const told = differenceMs(serverTimeS, askedAtMs, askedAtMs + wayMs);
          if (serverTimeS > 0 && told !== 0) expect(Math.abs(told - aheadMs)).toBeLessThanOrEqual(501);
          else if (serverTimeS > 0)
            expect(Math.abs(aheadMs)).toBeLessThanOrEqual(clockToleranceMs + wayMs + 501);
        },
      ),
    );
    expect(differenceMs(0, 5_000, 5_001)).toBe(0);
    expect(differenceMs(Number.NaN, 5_000, 5_001)).toBe(0);
  });
});
