import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ScheduleVersion } from './ports/check.ts';
import { dueAfter, dueAtOrBefore, dueRuns, nextDue, phaseOf, uncovered, versionOf } from './schedule.ts';

const version = fc
  .record({
    intervalMs: fc.integer({ min: 1_000, max: 20_000 }),
    phase: fc.double({ min: 0, max: 0.999, noNaN: true }),
    validFromMs: fc.integer({ min: 0, max: 50_000 }),
    lifeMs: fc.option(fc.integer({ min: 0, max: 80_000 })),
  })
  .map(
    ({ intervalMs, phase, validFromMs, lifeMs }): ScheduleVersion => ({
      version: 1,
      intervalMs,
      phaseMs: Math.floor(phase * intervalMs),
      validFromMs,
      validToMs: lifeMs === null ? null : validFromMs + lifeMs,
    }),
  );

/** Every due instant up to `untilMs`, by looking at each millisecond. */
function plainly(
  { intervalMs, phaseMs, validFromMs, validToMs }: ScheduleVersion,
  untilMs: number,
): number[] {
  const due: number[] = [];
  for (let atMs = validFromMs; atMs <= untilMs && (validToMs === null || atMs < validToMs); atMs += 1) {
    if ((atMs - phaseMs) % intervalMs === 0) due.push(atMs);
  }
  return due;
}

function instantsOf(
  runs: readonly { fromMs: number; toMs: number; intervalMs: number; count: number }[],
): number[] {
  return runs.flatMap(({ fromMs, toMs, intervalMs, count }) => {
    expect(toMs - fromMs).toBe((count - 1) * intervalMs);
    return Array.from({ length: count }, (_, index) => fromMs + index * intervalMs);
  });
}

test('due instants are those of the definition, however they are asked for', () => {
  fc.assert(
    fc.property(version, fc.integer({ min: 0, max: 120_000 }), (one, untilMs) => {
      const due = plainly(one, untilMs);
      expect(instantsOf(dueRuns([one], -1, untilMs))).toEqual(due);
      for (const atMs of due) expect(versionOf([one], atMs)).toBe(one);
      expect(dueAfter(one, -1)).toBe(plainly(one, 200_000)[0] ?? null);
      if (due.length > 1) expect(nextDue([one], due[0]!)?.dueMs).toBe(due[1]);
    }),
    { numRuns: 100 },
  );
});

test('what is uncovered and what covers are together every due instant, once', () => {
  fc.assert(
    fc.property(version, fc.infiniteStream(fc.integer({ min: 0, max: 3 })), (one, chance) => {
      const runs = dueRuns([one], -1, 150_000);
      const due = instantsOf(runs);
      const covered: number[] = [];
      const gaps: { fromMs: number; toMs: number }[] = [];
      for (const [index, atMs] of due.entries()) {
        const what = chance.next().value;
        if (what === 1) covered.push(atMs);
        if (what === 2 && due[index + 1] !== undefined && gaps.at(-1)?.toMs !== atMs) {
          gaps.push({ fromMs: atMs, toMs: atMs });
        }
      }
      const missing = instantsOf(uncovered(runs, covered, gaps));
      const all = [...missing, ...covered, ...gaps.map(({ fromMs }) => fromMs)].sort((a, b) => a - b);
      expect(all).toEqual(due);
    }),
    { numRuns: 200 },
  );
});

test('an extra run between two due instants covers neither', () => {
  const one: ScheduleVersion = { version: 1, intervalMs: 1_000, phaseMs: 0, validFromMs: 0, validToMs: null };
  expect(uncovered(dueRuns([one], 0, 3_000), [1_500], [])).toEqual([
    { fromMs: 1_000, toMs: 1_000, intervalMs: 1_000, count: 1 },
    { fromMs: 2_000, toMs: 3_000, intervalMs: 1_000, count: 2 },
  ]);
});

test('phases of neighbouring ids spread evenly', () => {
  const counts = new Array(10).fill(0);
  for (let index = 0; index < 10_000; index += 1)
    counts[Math.floor(phaseOf(`chk_${index}`, 1_000) / 100)] += 1;
  for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
});

test('the last instant of the grid is the one that is due', () => {
  fc.assert(
    fc.property(
      fc.uuid(),
      fc.integer({ min: 1_000, max: 86_400_000 }),
      fc.nat(2_000_000_000),
      (id, intervalMs, atMs) => {
        const phaseMs = phaseOf(id, intervalMs);
        const one: ScheduleVersion = {
          version: 1,
          intervalMs,
          phaseMs,
          validFromMs: -intervalMs,
          validToMs: null,
        };
        const dueMs = dueAtOrBefore(id, intervalMs, atMs);
        expect(dueMs).toBeLessThanOrEqual(atMs);
        expect(dueAfter(one, dueMs - 1)).toBe(dueMs);
        expect(dueAfter(one, dueMs)).toBeGreaterThan(atMs);
      },
    ),
  );
});
