import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newBudget, spendBudget } from './fence-budget.ts';
import {
  fencedBurstBytes,
  fencedBytesPerS,
  fencedFrameCostBytes,
  fencedMsCostBytes,
  fencedTurnMsMax,
} from './limits.ts';

test('who waits as long as it is told never takes more than the burst and its share of the time', () => {
  const chunks = fc.array(
    fc.record({ bytes: fc.nat(65_536), frames: fc.nat(2_000), idleMs: fc.nat(50), ms: fc.nat(100) }),
    {
      maxLength: 300,
    },
  );
  fc.assert(
    fc.property(chunks, (all) => {
      const budget = newBudget();
      let nowMs = 0;
      let taken = 0;
      for (const { bytes, frames, idleMs, ms } of all) {
        nowMs += idleMs;
        const cost =
          bytes + frames * fencedFrameCostBytes + Math.min(ms, fencedTurnMsMax) * fencedMsCostBytes;
        nowMs += spendBudget(budget, { bytes, frames, ms }, nowMs);
        taken += cost;
        expect(taken).toBeLessThanOrEqual(fencedBurstBytes + (nowMs * fencedBytesPerS) / 1_000 + 1);
      }
    }),
  );
});

test('who sends little never waits', () => {
  const budget = newBudget();
  for (let at = 0; at < 10_000; at += 1)
    expect(spendBudget(budget, { bytes: 2_000, frames: 1, ms: 0.1 }, at * 10)).toBe(0);
});
