import { expect, test } from 'vitest';
import { type AccountingEffect, type AccountingEvent, account } from './accounting.ts';
import { accounting } from './open-instants.ts';
import type { Check, ResultRow } from './ports/check.ts';
import { allowanceOf, giveBack, noTerms, take, whyNot } from './standstill.ts';

const dayMs = 86_400_000;
const intervalMs = 1_000;

function check(id: string, validToMs: number | null = null): Check {
  const schedule = [{ version: 1, intervalMs, phaseMs: 100, validFromMs: 0, validToMs }];
  const given = { kind: 'tcp', target: '127.0.0.1', port: 1, partition: 'default', timeoutMs: 500 } as const;
  const rest = { retries: 1, settings: {}, enabled: true, createdAtMs: 0, archivedAtMs: validToMs, schedule };
  return { id, name: id, intervalMs, ...given, ...rest };
}

function result(dueAtMs: number): ResultRow {
  const by = { status: 'success', reason: null, agent: 'agent_1', poller: 'poller_1' } as const;
  return { checkId: 'a', dueAtMs, startedAtMs: dueAtMs, latencyMs: 1, ...by };
}

function begin(more: Partial<AccountingEvent & { type: 'adopt' }> = {}, nowMs = 0) {
  const state = accounting();
  const tell = (event: AccountingEvent) => account(state, event);
  const first = tell({
    type: 'adopt',
    checks: [check('a')],
    accounted: [],
    nowMs,
    reason: 'no_core',
    ...more,
  });
  return { state, tell, first };
}

const dispatched = (effects: readonly AccountingEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'dispatch' ? [effect.dueAtMs] : []));
const gaps = (effects: readonly AccountingEffect[]) =>
  effects.flatMap((effect) =>
    effect.type === 'gap' ? [[effect.row.fromMs, effect.row.toMs, effect.row.count, effect.row.reason]] : [],
  );
const watermark = (effects: readonly AccountingEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'watermark' ? [effect.row.dueAtMs] : [])).at(-1);
const wakes = (effects: readonly AccountingEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'wake' ? [effect.atMs] : [])).at(-1);

test('a suspended tenant runs nothing: one gap grows in steps, and ends with the moment that it is activated', () => {
  const { tell } = begin();
  expect(dispatched(tell({ type: 'tick', nowMs: 100 }))).toEqual([100]);
  tell({ type: 'result', row: result(100), nowMs: 120 });
  const suspended = { ...noTerms, suspendedSinceMs: 500 };
  expect(tell({ type: 'terms', terms: suspended, usedToday: null, nowMs: 500 })).toEqual([
    { type: 'wake', atMs: 1_100 },
  ]);
  const first = tell({ type: 'tick', nowMs: 1_100 });
  expect([dispatched(first), gaps(first), watermark(first), wakes(first)]).toEqual([
    [],
    [[1_100, 1_100, 1, 'suspended']],
    1_100,
    // The expiry of the first instant; after it comes 6,100.
    3_600,
  ]);
  expect(gaps(tell({ type: 'tick', nowMs: 6_150 }))).toEqual([
    [1_100, 5_100, 5, 'suspended'],
    [1_100, 6_100, 6, 'suspended'],
  ]);
  const last = tell({ type: 'terms', terms: noTerms, usedToday: null, nowMs: 8_500 });
  expect([gaps(last), watermark(last), wakes(last)]).toEqual([
    [[1_100, 8_100, 8, 'suspended']],
    8_100,
    9_100,
  ]);
  expect(dispatched(tell({ type: 'tick', nowMs: 9_100 }))).toEqual([9_100]);
  // Entries of the queue that the suspension left behind start nothing.
  expect(dispatched(tell({ type: 'tick', nowMs: 11_100 }))).toEqual([10_100, 11_100]);
});

test('what was under way when the tenant was suspended is still awaited', () => {
  const { tell } = begin();
  tell({ type: 'tick', nowMs: 100 });
  tell({ type: 'terms', terms: { ...noTerms, suspendedSinceMs: 200 }, usedToday: null, nowMs: 200 });
  expect(watermark(tell({ type: 'tick', nowMs: 1_100 }))).toBeUndefined();
  expect(tell({ type: 'result', row: result(100), nowMs: 1_200 })).toMatchObject([
    { type: 'result' },
    { type: 'watermark', row: { dueAtMs: 1_100 } },
  ]);
});

test('a new holder tells what nobody held from what was suspended', () => {
  const accounted = [{ checkId: 'a', watermarkMs: 100, resultsAboveMs: [], gapsAbove: [], state: null }];
  const { first } = begin({ accounted, terms: { ...noTerms, suspendedSinceMs: 4_000 } }, 8_000);
  expect(gaps(first)).toEqual([
    [1_100, 3_100, 3, 'no_core'],
    [4_100, 7_100, 4, 'suspended'],
  ]);
  expect(watermark(first)).toBe(7_100);
});

test('a removed check of a suspended tenant is covered to its end and let go', () => {
  const { state, tell } = begin({ terms: { ...noTerms, suspendedSinceMs: 0 } });
  tell({ type: 'tick', nowMs: 100 });
  tell({ type: 'removed', check: check('a', 3_000) });
  expect(gaps(tell({ type: 'tick', nowMs: 5_100 })).at(-1)).toEqual([100, 2_100, 3, 'suspended']);
  expect(state.checks.size).toBe(0);
});

test('past its quota of the day a tenant runs nothing until midnight, and then again', () => {
  const nowMs = dayMs - 10_000;
  const { tell } = begin(
    { checks: [check('a')], terms: { ...noTerms, resultsPerDay: 3 }, usedToday: 1 },
    nowMs,
  );
  for (const second of [0, 1]) {
    const dueMs = nowMs + second * 1_000 + 100;
    expect(dispatched(tell({ type: 'tick', nowMs: dueMs }))).toEqual([dueMs]);
    tell({ type: 'result', row: result(dueMs), nowMs: dueMs + 10 });
  }
  const past = tell({ type: 'tick', nowMs: nowMs + 2_100 });
  expect([dispatched(past), gaps(past)]).toEqual([[], [[nowMs + 2_100, nowMs + 2_100, 1, 'quota']]]);
  tell({ type: 'tick', nowMs: nowMs + 7_100 });
  const next = tell({ type: 'tick', nowMs: dayMs + 100 });
  expect(gaps(next).at(-1)).toEqual([nowMs + 2_100, dayMs - 900, 8, 'quota']);
  expect(dispatched(next)).toEqual([dayMs + 100]);
});

test('a plan with more lets a tenant run on at once', () => {
  const { tell } = begin({ terms: { ...noTerms, resultsPerDay: 0 } });
  expect(dispatched(tell({ type: 'tick', nowMs: 100 }))).toEqual([]);
  tell({ type: 'terms', terms: { ...noTerms, resultsPerDay: 5 }, usedToday: 0, nowMs: 2_500 });
  expect(dispatched(tell({ type: 'tick', nowMs: 3_100 }))).toEqual([3_100]);
});

test('an instant that becomes a gap does not count, and each day counts for itself', () => {
  const allowance = allowanceOf({ ...noTerms, resultsPerDay: 2 }, dayMs, 0);
  take(allowance, dayMs + 1);
  take(allowance, dayMs + 2);
  expect(whyNot(allowance, dayMs + 3)).toBe('quota');
  giveBack(allowance, dayMs + 2);
  expect(whyNot(allowance, dayMs + 3)).toBeNull();
  take(allowance, dayMs + 3);
  // An instant of yesterday is yesterday's; tomorrow begins anew.
  expect(whyNot(allowance, dayMs - 1)).toBeNull();
  take(allowance, dayMs - 1);
  expect(allowance.used).toBe(2);
  expect(whyNot(allowance, 2 * dayMs)).toBeNull();
  take(allowance, 2 * dayMs);
  expect([allowance.day, allowance.used]).toEqual([2, 1]);
});
