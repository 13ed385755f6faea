import { expect, test } from 'vitest';
import { explainGaps, gapsOf } from './explain-gaps.ts';
import { gapsExplainedMax } from './limits.ts';

const gap = (fromMs: number, count: number, reason: string) => {
  return { checkId: 'c', fromMs, toMs: fromMs + (count - 1) * 1_000, intervalMs: 1_000, count, reason };
};

test('that nothing is missing is said too', () => {
  expect(explainGaps([])).toBe('no gaps in the last day: each due instant was run or has a result');
});

test('instants are counted by reason, most first, and the last gap is told with its ends', () => {
  const gaps = [gap(20_000, 3, 'no_core'), gap(10_000, 4, 'no_agent'), gap(0, 2, 'no_core')];
  expect(explainGaps(gaps)).toBe(
    'gaps that reach into the last day: 3; due instants that nothing ran for: no_core 5, no_agent 4; ' +
      'the last from 1970-01-01T00:00:20.000Z to 1970-01-01T00:00:22.000Z (no_core)',
  );
});

test('a store that is away is told', async () => {
  const away = { gaps: () => Promise.reject(new Error('store_unavailable: away')) };
  expect(await gapsOf(away, 't', 'c', 0)).toBe(
    'whether there are gaps is not known: store_unavailable: away',
  );
});

test('of more than are looked at it says that they are the newest', () => {
  const gaps = Array.from({ length: gapsExplainedMax }, (_, at) => gap(at * -1_000, 1, 'no_core'));
  expect(explainGaps(gaps)).toContain(`the newest ${gapsExplainedMax}; `);
});
