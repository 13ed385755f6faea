/** What is merged and what is refused before a batch is sent. */
import { expect, test } from 'vitest';
import { result } from '../test/contract/store-setup.ts';
import { toBatch } from './result-batch.ts';

const write = (rows: object) => ({
  tenantId: 'abcdefghijkl',
  epoch: 1,
  results: [],
  gaps: [],
  late: [],
  watermarks: [],
  states: [],
  ...rows,
});
const gap = (toMs: number) => ({
  checkId: 'c',
  fromMs: 0,
  toMs,
  intervalMs: 10,
  count: toMs / 10 + 1,
  reason: 'x',
});

test('what one statement could not apply twice is merged: longest gap, highest watermark, last state, real late row', () => {
  const state = (because: string) => ({
    checkId: 'c',
    state: 'up' as const,
    flapping: false,
    sinceMs: 1,
    because,
  });
  const batch = toBatch([
    write({
      gaps: [gap(30), gap(50)],
      watermarks: [
        { checkId: 'c', dueAtMs: 9 },
        { checkId: 'c', dueAtMs: 5 },
      ],
      states: [state('first')],
      late: [result('c', 7, 'skipped'), result('c', 7)],
    }),
    write({ gaps: [gap(40)], states: [state('last')], late: [result('c', 7, 'skipped')] }),
  ]);
  expect(batch.gaps.map(({ row }) => row.toMs)).toEqual([50]);
  expect(batch.watermarks.map(({ row }) => row.dueAtMs)).toEqual([9]);
  expect(batch.states.map(({ row }) => row.because)).toEqual(['last']);
  expect(batch.late.map(({ row }) => row.status)).toEqual(['success']);
});

test('rows under different epochs of one tenant are kept apart, so that the fenced ones hide nothing', () => {
  const batch = toBatch([write({ gaps: [gap(30)] }), { ...write({ gaps: [gap(20)] }), epoch: 2 }]);
  expect(batch.gaps.map(({ n, row }) => [n, row.toMs])).toEqual([
    [1, 30],
    [2, 20],
  ]);
});

test.each([
  ['a due instant that is no number', { results: [result('c', Number.NaN)] }],
  ['a due instant past the year 9999', { results: [result('c', 1e15)] }],
  ['a latency that is not finite', { results: [{ ...result('c', 1), latencyMs: Number.POSITIVE_INFINITY }] }],
  ['a gap that ends before it begins', { gaps: [{ ...gap(0), toMs: -10, count: 0 }] }],
  ['a gap whose count is wrong', { gaps: [{ ...gap(30), count: 3 }] }],
  ['a tenant id that is none', { tenantId: "x'; DROP" }],
])('%s is refused before anything is sent', (_what, rows) => {
  expect(() => toBatch([write(rows)])).toThrow(expect.objectContaining({ code: 'invalid_input' }));
});
