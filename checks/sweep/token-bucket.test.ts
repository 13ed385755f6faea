import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { newBucket, takeTokens } from './token-bucket.ts';

describe('the rate of a sweep', () => {
  it('is never exceeded in any span, whenever and for however much it is asked', () => {
    const asks = fc.array(
      fc.record({
        afterMs: fc.double({ min: 0, max: 400, noNaN: true }),
        count: fc.integer({ min: 1, max: 3 }),
      }),
      { maxLength: 300 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), asks, (perSecond, wanted) => {
        let bucket = newBucket(perSecond, 0);
        let nowMs = 0;
        const taken: { atMs: number; count: number }[] = [];
        for (const { afterMs, count } of wanted) {
          nowMs += afterMs;
          const answer = takeTokens(bucket, count, nowMs);
          bucket = answer.bucket;
          if (answer.ok) taken.push({ atMs: nowMs, count });
          else expect(answer.waitMs).toBeGreaterThan(0);
        }
        const { capacity } = bucket;
        for (let from = 0; from < taken.length; from += 1) {
          let sum = 0;
          for (let to = from; to < taken.length; to += 1) {
            sum += taken[to]!.count;
            const spanMs = taken[to]!.atMs - taken[from]!.atMs;
            // What was asked at once beyond the capacity is owed before the next.
            const allowed = capacity + (spanMs * perSecond) / 1_000 + (taken[to]!.count - 1);
            expect(sum).toBeLessThanOrEqual(allowed + 1e-6);
          }
        }
      }),
    );
  });

  it('is reached by whoever waits as long as it is told', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), (perSecond) => {
        let bucket = newBucket(perSecond, 0);
        let nowMs = 0;
        let taken = 0;
        while (taken < 200) {
          const answer = takeTokens(bucket, 1, nowMs);
          bucket = answer.bucket;
          if (answer.ok) taken += 1;
          else nowMs += answer.waitMs;
        }
        const atRateMs = (199 * 1_000) / perSecond;
        expect(nowMs).toBeGreaterThanOrEqual(atRateMs - 1e-3);
        expect(nowMs).toBeLessThanOrEqual(atRateMs * 1.01 + 1);
      }),
    );
  });

  it('begins with one probe, saves up a burst and no more, and knows no time before now', () => {
    const first = takeTokens(newBucket(1_000, 500), 1, 500);
    expect(first.ok).toBe(true);
    expect(takeTokens(first.bucket, 1, 500)).toMatchObject({ ok: false, waitMs: 1 });
    expect(takeTokens(first.bucket, 1, 100)).toMatchObject({ ok: false, waitMs: 1 });
    const rested = takeTokens(first.bucket, 1, 100_000);
    expect(rested.bucket.tokens).toBe((1_000 * limits.sweepBurstMs) / 1_000 - 1);
  });
});
