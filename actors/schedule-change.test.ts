import { expect, test } from 'vitest';
import { type AccountingEffect, account } from './accounting.ts';
import { type Accounting, accounting } from './open-instants.ts';
import type { Check, ScheduleVersion } from './ports/check.ts';

const version = (
  number: number,
  intervalMs: number,
  validFromMs: number,
  validToMs: number | null,
): ScheduleVersion => ({ version: number, intervalMs, phaseMs: 0, validFromMs, validToMs });

function check(schedule: readonly ScheduleVersion[], archivedAtMs: number | null = null): Check {
  return {
    ...{ id: 'a', name: 'a', kind: 'tcp', target: '192.0.2.1', port: 1, partition: 'default' },
    ...{ intervalMs: 1_000, timeoutMs: 500, retries: 1, settings: {}, enabled: true },
    ...{ createdAtMs: 0, archivedAtMs, schedule },
  };
}

function adopted(of: Check, watermarkMs: number | null, nowMs: number) {
  const state = accounting();
  const known = { checkId: 'a', watermarkMs, resultsAboveMs: [], gapsAbove: [], state: null };
  const effects = account(state, {
    ...{ type: 'adopt', checks: [of], accounted: [known], nowMs, reason: 'no_core' },
  });
  return { state, effects };
}

const dispatched = (effects: readonly AccountingEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'dispatch' ? [effect.dueAtMs] : []));
const gaps = (effects: readonly AccountingEffect[]) =>
  effects.flatMap(({ type, row }: AccountingEffect & { row?: unknown }) =>
    type === 'gap' ? [row as { fromMs: number; toMs: number; reason: string }] : [],
  );
const tick = (state: Accounting, nowMs: number) => account(state, { type: 'tick', nowMs });

test('a version that begins in a moment is taken up then, and what the one before has left is handed out first', () => {
  const { state } = adopted(check([version(1, 5_000, 0, null)]), 5_000, 6_000);
  const next = check([version(1, 5_000, 0, 11_000), version(2, 1_000, 11_000, null)]);
  const effects = account(state, { type: 'changed', check: next, nowMs: 9_000 });
  expect([dispatched(effects), gaps(effects)]).toEqual([[], []]);
  expect(dispatched(tick(state, 13_000))).toEqual([10_000, 11_000, 12_000, 13_000]);
});

test('a version that was heard of late has a gap for what was missed, and what runs brings its own row', () => {
  const { state } = adopted(check([version(1, 2_000, 0, null)]), 2_000, 3_000);
  tick(state, 4_000);
  tick(state, 6_000);
  // Since 3,500 it is due each second: 4,000 and 6,000 are instants of both, and under way.
  const next = check([version(1, 2_000, 0, 3_500), version(2, 1_000, 3_500, null)]);
  const effects = account(state, { type: 'changed', check: next, nowMs: 7_400 });
  expect(gaps(effects).map(({ fromMs, toMs, reason }) => [fromMs, toMs, reason])).toEqual([
    [5_000, 5_000, 'schedule_changed'],
    [7_000, 7_000, 'schedule_changed'],
  ]);
  expect(dispatched(tick(state, 8_000))).toEqual([8_000]);
});

test('what was handed out past the end of a removed check is awaited no more', () => {
  const { state } = adopted(check([version(1, 1_000, 0, null)]), 1_000, 1_500);
  expect(dispatched(tick(state, 3_000))).toEqual([2_000, 3_000]);
  const removed = check([version(1, 1_000, 0, 2_900)], 2_900);
  expect(account(state, { type: 'removed', check: removed })).toEqual([]);
  expect(state.pending).toBe(1);
  const effects = tick(state, 10_000);
  expect(effects.map(({ type }) => type)).toEqual(['result', 'watermark']);
  expect(state.checks.size).toBe(0);
});

test('a new holder does not trust a watermark past the beginning of a version that its former may not have known', () => {
  const of = check([version(1, 1_000, 0, 10_000), version(2, 500, 10_000, null)]);
  const { effects } = adopted(of, 12_000, 13_000);
  expect(gaps(effects).map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([[10_000, 13_000]]);
  const later = adopted(of, 2_000_000, 2_000_400);
  expect(gaps(later.effects)).toEqual([]);
});
