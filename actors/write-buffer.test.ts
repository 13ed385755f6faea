import { expect, test } from 'vitest';
import type { ResultRow } from './ports/check.ts';
import { addRows, discardTenant, isEmpty, takeWrites, writeBuffer } from './write-buffer.ts';

function timed(checkId: string, dueAtMs: number): { row: ResultRow; intervalMs: number } {
  return {
    intervalMs: 1_000,
    row: {
      checkId,
      dueAtMs,
      startedAtMs: dueAtMs,
      latencyMs: 1,
      status: 'success',
      reason: null,
      agent: null,
      poller: null,
    },
  };
}

test('rows of one tenant come out merged: the last gap, the highest watermark, the last state', () => {
  const buffer = writeBuffer(100);
  const gap = { checkId: 'a', fromMs: 1_000, toMs: 1_000, intervalMs: 1_000, count: 1, reason: 'no_agent' };
  addRows(buffer, 't', 1, { gaps: [gap], watermarks: [{ checkId: 'a', dueAtMs: 2_000 }] });
  addRows(buffer, 't', 1, {
    gaps: [{ ...gap, toMs: 2_000, count: 2 }],
    watermarks: [{ checkId: 'a', dueAtMs: 1_000 }],
  });
  expect(takeWrites(buffer, 10)).toMatchObject([
    { tenantId: 't', epoch: 1, gaps: [{ toMs: 2_000, count: 2 }], watermarks: [{ dueAtMs: 2_000 }] },
  ]);
  expect(isEmpty(buffer)).toBe(true);
});

test('a watermark is not given out before the rows below it', () => {
  const buffer = writeBuffer(100);
  const results = [1_000, 2_000, 3_000].map((dueMs) => timed('a', dueMs));
  addRows(buffer, 't', 1, { results, watermarks: [{ checkId: 'a', dueAtMs: 3_000 }] });
  expect(takeWrites(buffer, 2)).toMatchObject([{ results: [{}, {}], watermarks: [] }]);
  expect(takeWrites(buffer, 2)).toMatchObject([{ results: [{}], watermarks: [{ dueAtMs: 3_000 }] }]);
});

test('past its bound the oldest results become one gap, and nothing is counted twice', () => {
  const buffer = writeBuffer(3);
  for (let second = 1; second <= 10; second += 1)
    addRows(buffer, 't', 1, { results: [timed('a', second * 1_000)] });
  expect(buffer.rows).toBe(3);
  expect(buffer.dropped).toBe(7);
  const [write] = takeWrites(buffer, 100);
  expect(write!.results.map((row) => row.dueAtMs)).toEqual([8_000, 9_000, 10_000]);
  expect(write!.gaps).toEqual([
    { checkId: 'a', fromMs: 1_000, toMs: 7_000, intervalMs: 1_000, count: 7, reason: 'buffer_full' },
  ]);
});

test('rows of an older epoch are not taken, and a newer one discards what waited', () => {
  const buffer = writeBuffer(10);
  addRows(buffer, 't', 1, { results: [timed('a', 1_000)] });
  addRows(buffer, 't', 2, { results: [timed('a', 2_000)] });
  addRows(buffer, 't', 1, { results: [timed('a', 3_000)] });
  expect(buffer.rows).toBe(1);
  expect(takeWrites(buffer, 10)).toMatchObject([{ epoch: 2, results: [{ dueAtMs: 2_000 }] }]);
  addRows(buffer, 't', 2, { results: [timed('a', 4_000)] });
  discardTenant(buffer, 't');
  expect(buffer.rows).toBe(0);
});
