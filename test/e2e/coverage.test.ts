import { describe, expect, test } from 'vitest';
import { coverageProblems } from './coverage.ts';
import type { GapRow, ResultRow } from './picket.ts';

const checks = [{ id: 'a', interval_ms: 1_000 }];
const at = (second: number) => new Date(1_700_000_000_000 + second * 1_000).toISOString();
const ms = (second: number) => 1_700_000_000_000 + second * 1_000;
const window = { fromMs: ms(0), untilMs: ms(9) };

const result = (second: number, check_id = 'a'): ResultRow => ({
  check_id,
  due_at: at(second),
  started_at: at(second),
  latency_ms: 1,
  status: 'success',
  reason: null,
  agent: 'agent_1',
  poller: 'poller_1',
});
const gap = (from: number, to: number, count = to - from + 1): GapRow => ({
  check_id: 'a',
  from: at(from),
  to: at(to),
  count,
  reason: 'no_core',
});
const results = (...seconds: number[]) => seconds.map((second) => result(second));

function kinds(rows: ResultRow[], gaps: GapRow[] = [], judged = window) {
  return coverageProblems(checks, rows, gaps, judged).map(({ kind }) => kind);
}

describe('the judge of coverage', () => {
  test('finds nothing when results and gaps meet without a seam, in whatever order they come', () => {
    expect(kinds(results(9, 0, 2, 1, 8, 7), [gap(3, 6)])).toEqual([]);
  });

  test('takes a window that begins and ends between two instants', () => {
    const between = { fromMs: ms(0) - 999, untilMs: ms(3) + 999 };
    expect(kinds(results(0, 1, 2, 3), [], between)).toEqual([]);
  });

  test('finds an instant that no row covers, between results and beside a gap', () => {
    expect(kinds(results(0, 1, 2, 4, 5, 6, 7, 8, 9))).toEqual(['hole']);
    expect(kinds(results(0, 1, 7, 8, 9), [gap(3, 6)])).toEqual(['hole']);
  });

  test('finds an instant that two results cover', () => {
    expect(kinds(results(0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9))).toEqual(['twice']);
  });

  test('finds a result inside a gap, and a gap over a gap', () => {
    expect(kinds(results(0, 1, 2, 4, 7, 8, 9), [gap(3, 6)])).toEqual(['twice']);
    expect(kinds(results(0, 1, 8, 9), [gap(2, 5), gap(5, 7)])).toEqual(['twice']);
  });

  test('finds a gap that counts wrong', () => {
    expect(kinds(results(0, 1, 2, 7, 8, 9), [gap(3, 6, 3)])).toEqual(['wrong_count']);
  });

  test('finds a row at an instant that is none of the check', () => {
    expect(kinds([...results(0, 1, 2, 3, 4, 5, 6, 7, 8, 9), result(4.25)])).toEqual(['off_grid']);
  });

  test('finds rows that begin too late or end too early', () => {
    expect(kinds(results(1, 2, 3, 4, 5, 6, 7, 8, 9))).toEqual(['late_begin']);
    expect(kinds(results(0, 1, 2, 3, 4, 5, 6, 7, 8))).toEqual(['early_end']);
  });

  test('finds a check without any row, and passes over rows of other checks', () => {
    expect(kinds([])).toEqual(['no_rows']);
    expect(kinds([result(3, 'b')])).toEqual(['no_rows']);
  });

  test('names the check and the instant', () => {
    expect(coverageProblems(checks, results(0, 1, 3), [], { fromMs: ms(0), untilMs: ms(3) })).toEqual([
      { kind: 'hole', checkId: 'a', detail: `${at(2)} to before ${at(3)}` },
    ]);
  });
});
