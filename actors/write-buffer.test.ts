import fc from 'fast-check';
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

test('a run that was asked for leaves no gap when it is dropped, since no instant was due', () => {
  const buffer = writeBuffer(1);
  const asked = { ...timed('a', 1_500), intervalMs: null };
  addRows(buffer, 't', 1, { results: [asked, timed('a', 2_000)] });
  expect(buffer).toMatchObject({ rows: 1, dropped: 1 });
  const [write] = takeWrites(buffer, 10);
  expect([write!.results.map((row) => row.dueAtMs), write!.gaps]).toEqual([[2_000], []]);
});

test('late results past the bound are let go of, whichever tenant has them and whoever else waits', () => {
  const buffer = writeBuffer(2);
  const gap = { checkId: 'b', fromMs: 1_000, toMs: 1_000, intervalMs: 1_000, count: 1, reason: 'no_agent' };
  addRows(buffer, 'other', 1, { gaps: [gap] });
  const late = [1_000, 2_000, 3_000, 4_000].map((dueMs) => timed('a', dueMs).row);
  addRows(buffer, 't', 1, { late });
  expect(buffer).toMatchObject({ rows: 2, dropped: 2 });
  expect(takeWrites(buffer, 10)).toMatchObject([
    { tenantId: 'other', gaps: [gap] },
    { tenantId: 't', late: [{ dueAtMs: 3_000 }, { dueAtMs: 4_000 }], gaps: [] },
  ]);
});

test('however tenants and writes mix, each instant is in one result or one gap, and no more wait than may', () => {
  const give = fc.record({
    type: fc.constant('give' as const),
    tenant: fc.constantFrom('s', 't', 'u'),
    checks: fc.uniqueArray(fc.constantFrom('a', 'b'), { minLength: 1 }),
    instants: fc.integer({ min: 1, max: 9 }),
  });
  const take = fc.record({ type: fc.constant('take' as const), rows: fc.integer({ min: 1, max: 9 }) });
  fc.assert(
    fc.property(fc.array(fc.oneof(give, take)), (steps) => {
      const buffer = writeBuffer(12);
      const next = new Map<string, number>();
      const covered = new Map<string, number>();
      const cover = (key: string) => covered.set(key, (covered.get(key) ?? 0) + 1);
      const taken = (rowsMax: number) => {
        for (const { tenantId, results, gaps } of takeWrites(buffer, rowsMax)) {
          for (const { checkId, dueAtMs } of results) cover(`${tenantId} ${checkId} ${dueAtMs}`);
          for (const { checkId, fromMs, toMs, count, intervalMs } of gaps) {
            expect(count).toBe((toMs - fromMs) / intervalMs + 1);
            for (let atMs = fromMs; atMs <= toMs; atMs += intervalMs) cover(`${tenantId} ${checkId} ${atMs}`);
          }
        }
      };
      for (const step of steps) {
        if (step.type === 'take') taken(step.rows);
        else {
          const results = step.checks.flatMap((check) => {
            const key = `${step.tenant} ${check}`;
            const from = next.get(key) ?? 1;
            next.set(key, from + step.instants);
            return Array.from({ length: step.instants }, (_, n) => timed(check, (from + n) * 1_000));
          });
          addRows(buffer, step.tenant, 1, { results });
          expect(buffer.rows).toBeLessThanOrEqual(12);
        }
      }
      while (!isEmpty(buffer)) taken(5);
      const due = [...next].flatMap(([key, end]) =>
        Array.from({ length: end - 1 }, (_, n) => `${key} ${(n + 1) * 1_000}`),
      );
      expect([...covered].filter(([, times]) => times !== 1)).toEqual([]);
      expect([...covered.keys()].sort()).toEqual(due.sort());
    }),
  );
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
