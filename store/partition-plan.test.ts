import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  allSeries,
  type Held,
  partitionName,
  planPartitions,
  type Series,
  spanAt,
  spanNamed,
  spanStart,
} from './partition-plan.ts';

const dayMs = 86_400_000;
const someSeries = fc.constantFrom(...allSeries);
const instant = fc.integer({ min: Date.UTC(1971, 0), max: Date.UTC(2200, 0) });

/** Names around the present, strangers among them. */
const situation = someSeries.chain((series) =>
  instant.chain((nowMs) => {
    const near = spanAt(series.unit, nowMs);
    const span = fc.integer({ min: Math.max(near - 40, spanAt(series.unit, 0)), max: near + 5 });
    const name = fc.oneof(
      { weight: 8, arbitrary: span.map((n) => partitionName(series, n)) },
      fc.constantFrom('results_default', 'gaps', 'results_20261399', 'results_2026', 'rollup_day_20260101'),
    );
    return fc.record({
      series: fc.constant(series),
      nowMs: fc.constant(nowMs),
      attached: fc.uniqueArray(name, { maxLength: 20 }),
      strayed: fc.uniqueArray(fc.integer({ min: near - 40, max: near + 400 }), { maxLength: 10 }),
      keptDays: fc.integer({ min: 0, max: 50 }),
      behindMs: fc.integer({ min: 0, max: 20 * dayMs }),
    });
  }),
);
type Situation = typeof situation extends fc.Arbitrary<infer T> ? T : never;

function planned({ series, nowMs, attached, strayed, keptDays, behindMs }: Situation) {
  // PostgreSQL keeps no row in the default partition that another one covers.
  const uncovered = strayed.filter((span) => !attached.includes(partitionName(series, span)));
  const held: Held = { attached, detached: [], strayed: uncovered };
  const terms = { nowMs, keptDays, rolledToMs: nowMs - behindMs };
  return { held, terms, plan: planPartitions(series, held, terms) };
}

test('a partition is found again by its name, and covers the instants of its span alone', () => {
  fc.assert(
    fc.property(someSeries, instant, (series, ms) => {
      const span = spanAt(series.unit, ms);
      expect(spanNamed(series, partitionName(series, span))).toBe(span);
      expect(spanStart(series.unit, span)).toBeLessThanOrEqual(ms);
      expect(spanStart(series.unit, span + 1)).toBeGreaterThan(ms);
    }),
  );
});

test('what is no partition of the series by its name is left alone', () => {
  const results = allSeries[0]!;
  for (const name of [
    'results_default',
    'results_2026010',
    'results_20260230',
    'rollup_day_2026',
    'results_',
  ])
    expect(spanNamed(results, name)).toBeNull();
});

test('nothing is dropped before all of it is past its time, nor before it is rolled up', () => {
  fc.assert(
    fc.property(situation, (given) => {
      const { plan, terms } = planned(given);
      for (const { name, endMs } of plan.drop) {
        const span = spanNamed(given.series, name)!;
        expect(endMs).toBe(spanStart(given.series.unit, span + 1));
        expect(endMs).toBeLessThanOrEqual(terms.nowMs - terms.keptDays * dayMs);
        expect(endMs).toBeLessThanOrEqual(terms.rolledToMs);
        expect(span).toBeLessThan(spanAt(given.series.unit, terms.nowMs));
      }
    }),
  );
});

test('after the plan the present and the spans ahead are covered, and nothing of the past lies in the default partition', () => {
  fc.assert(
    fc.property(situation, (given) => {
      const { series } = given;
      const { plan, terms, held } = planned(given);
      const there = new Set([
        ...held.attached,
        ...[...plan.make, ...plan.move].map((n) => partitionName(series, n)),
      ]);
      const present = spanAt(series.unit, terms.nowMs);
      for (let span = present; span <= present + series.ahead; span += 1)
        expect(there).toContain(partitionName(series, span));
      for (const span of held.strayed)
        if (span <= present) expect(there).toContain(partitionName(series, span));
    }),
  );
});

test('nothing that is there is made again, and a span with strayed rows is moved, not made', () => {
  fc.assert(
    fc.property(situation, (given) => {
      const { plan, held } = planned(given);
      for (const span of [...plan.make, ...plan.move])
        expect(held.attached).not.toContain(partitionName(given.series, span));
      expect(plan.make.filter((span) => held.strayed.includes(span))).toEqual([]);
    }),
  );
});

test('once done there is nothing left to do', () => {
  fc.assert(
    fc.property(situation, (given) => {
      const { series } = given;
      const { plan, held, terms } = planned(given);
      const dropped = new Set(plan.drop.map(({ name }) => name));
      const after: Held = {
        attached: [
          ...held.attached.filter((name) => !dropped.has(name)),
          ...[...plan.make, ...plan.move].map((n) => partitionName(series, n)),
        ],
        detached: [],
        strayed: held.strayed.filter((n) => !plan.move.includes(n)),
      };
      const next = planPartitions(series, after, terms);
      expect([next.make, next.move]).toEqual([[], []]);
      // Rows that strayed from before the time that is kept were given a partition first, which goes now.
      expect(next.drop.every(({ name }) => plan.move.some((n) => partitionName(series, n) === name))).toBe(
        true,
      );
    }),
  );
});

test('a table that was detached and not dropped is dropped', () => {
  const results: Series = allSeries[0]!;
  const nowMs = Date.UTC(2026, 5, 1);
  const held: Held = { attached: [], detached: ['results_20260101', 'results_20260530'], strayed: [] };
  const { drop } = planPartitions(results, held, { nowMs, keptDays: 30, rolledToMs: nowMs });
  expect(drop).toEqual([{ name: 'results_20260101', endMs: Date.UTC(2026, 0, 2), attached: false }]);
});
