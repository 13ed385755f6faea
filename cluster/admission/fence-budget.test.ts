import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linkRestMs, newBudget, spendBudget, spendLink } from './fence-budget.ts';
import {
  fencedBurstBytes,
  fencedBytesPerS,
  fencedDebtMs,
  fencedFrameCostBytes,
  fencedLinkCostMs2,
  fencedMsCostBytes,
  fencedRestMsMax,
  fencedTurnMsMax,
  fencedTurnsBurstMs2,
  fencedTurnsMs2PerS,
  fencedYieldMs,
  fencedYieldRestMs,
} from './limits.ts';

test('who waits as long as it is told never takes more than the burst and its share of bytes and time', () => {
  const chunks = fc.array(
    fc.record({ bytes: fc.nat(65_536), frames: fc.nat(2_000), idleMs: fc.nat(50), ms: fc.nat(100) }),
    { maxLength: 300 },
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

test('what others wait for its turns is bounded: the longer one is, the rarer the next', () => {
  const turns = fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { minLength: 1, maxLength: 500 });
  fc.assert(
    fc.property(turns, (all) => {
      const budget = newBudget();
      let nowMs = 0;
      let squares = 0;
      for (const ms of all) {
        nowMs += spendBudget(budget, { bytes: 0, frames: 0, ms }, nowMs);
        squares += ms * ms;
        expect(squares).toBeLessThanOrEqual(
          fencedTurnsBurstMs2 + (nowMs * fencedTurnsMs2PerS) / 1_000 + 0.01,
        );
      }
    }),
  );
});

test('one collection of garbage in a turn costs nobody more than to give way', () => {
  const dear = { bytes: 2_000, frames: 1, ms: fencedTurnMsMax };
  expect(spendBudget(newBudget(), dear, 0)).toBe(fencedYieldRestMs);
});

test('who has room left gives way all the same after each turn that others would notice', () => {
  const budget = newBudget();
  expect(spendBudget(budget, { bytes: 16_384, frames: 1, ms: fencedYieldMs }, 0)).toBe(fencedYieldRestMs);
  expect(spendBudget(budget, { bytes: 16_384, frames: 1, ms: fencedYieldMs / 2 }, 1)).toBe(0);
});

test('who is deep in debt is read each second, links no more, and is clear of it when it has stopped', () => {
  const budget = newBudget();
  const dear = { bytes: 0, frames: 1, ms: fencedTurnMsMax };
  let nowMs = 0;
  for (let at = 0; at < 40; at += 1) nowMs += spendBudget(budget, dear, nowMs);
  expect(spendBudget(budget, dear, nowMs)).toBe(fencedRestMsMax);
  expect(linkRestMs(budget, nowMs)).toBe(fencedDebtMs);
  nowMs += fencedDebtMs;
  expect(linkRestMs(budget, nowMs)).toBe(0);
  expect(spendBudget(budget, { bytes: 100, frames: 1, ms: 0.1 }, nowMs + 100)).toBe(0);
});

test('it links some ten times at once, and then about once a second', () => {
  const budget = newBudget();
  let links = 0;
  for (let nowMs = 0; nowMs < 60_000; nowMs += 50) {
    if (linkRestMs(budget, nowMs) > 0) continue;
    spendLink(budget, nowMs);
    links += 1;
  }
  const perS = fencedTurnsMs2PerS / fencedLinkCostMs2;
  expect(links).toBeGreaterThanOrEqual(60 * perS);
  expect(links).toBeLessThanOrEqual(60 * perS + fencedTurnsBurstMs2 / fencedLinkCostMs2 + 2);
});

test('who sends little never waits', () => {
  const budget = newBudget();
  for (let at = 0; at < 10_000; at += 1)
    expect(spendBudget(budget, { bytes: 2_000, frames: 1, ms: 0.1 }, at * 10)).toBe(0);
});
