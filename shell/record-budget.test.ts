import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  budgetsKeptMax,
  linesAtOncePerOperatorMax,
  linesPerSPerOperatorMax,
  overToldMs,
  recordedBytesAtOncePerOperatorMax,
  recordedBytesPerDayPerOperatorMax,
  recordedEntryBytes,
  tenantShares,
} from './limits.ts';
import { entryBytes, RecordBudgets } from './record-budget.ts';

const tenant = 'abcdefghijkl';

function scene() {
  const told: unknown[] = [];
  const clock = { ms: 0 };
  const budgets = new RecordBudgets(
    () => clock.ms,
    (_level, _message, fields) => void told.push(fields),
  );
  /** Says what it may, some more times, and answers how often that was. */
  const say = (owner: string, times: number, of: string | null = null) => {
    const budget = budgets.of(owner, of);
    let said = 0;
    for (let n = 0; n < times; n += 1) {
      if (budget.over() !== null) continue;
      budget.line();
      said += 1;
    }
    return said;
  };
  return { clock, budgets, told, say };
}

const output = (characters: number) => ({ type: 'output', run: 1, text: 'x'.repeat(characters) }) as const;

describe('one certificate', () => {
  test('says some lines at once and then so many a second, whatever number of sessions it has', () => {
    const { clock, say, budgets } = scene();
    expect(say('ann', 10_000)).toBe(linesAtOncePerOperatorMax);
    expect(budgets.of('ann', null).over()).toMatchObject({ code: 'too_fast' });
    expect(say('bob', 1)).toBe(1);
    for (let s = 1; s <= 5; s += 1) {
      clock.ms = s * 1_000;
      expect(say('ann', 10_000)).toBe(linesPerSPerOperatorMax);
    }
  });

  test('has so many bytes written down at once and then so many a day, and what ran is counted whole', () => {
    const { clock, budgets } = scene();
    const budget = budgets.of('ann', null);
    const piece = output(32_000);
    const fill = () => {
      let bytes = 0;
      for (; budget.over() === null; bytes += entryBytes(piece)) budget.kept(piece);
      return bytes;
    };
    expect(fill() - recordedBytesAtOncePerOperatorMax).toBeLessThan(entryBytes(piece));
    expect(budget.over()).toMatchObject({ code: 'record_spent' });
    let day = 0;
    for (let minute = 1; minute <= 24 * 60; minute += 1) {
      clock.ms = minute * 60_000;
      day += fill();
    }
    expect(Math.abs(day - recordedBytesPerDayPerOperatorMax)).toBeLessThan(2 * entryBytes(piece));
  });

  test('is told of in the log, once a minute', () => {
    const { clock, say, told } = scene();
    for (clock.ms = 0; clock.ms < 3 * overToldMs; clock.ms += 10_000) say('t/ann/5e71', 10_000);
    expect(told).toEqual(Array(3).fill({ of: 'certificate t/ann/5e71', code: 'too_fast' }));
  });
});

test('all operators of one tenant have as much as some of them, and those of others and of the platform theirs', () => {
  const { say } = scene();
  let said = 0;
  for (let n = 0; n < 20; n += 1) said += say(`cy ${n}`, 1_000, tenant);
  expect(said).toBe(tenantShares * linesAtOncePerOperatorMax);
  expect(say('dee', 1, 'bbcdefghijkl')).toBe(1);
  expect(say('ann', 1)).toBe(1);
});

test('an entry counts with what stands around it, in bytes and as it is written', () => {
  expect(entryBytes(output(10))).toBeGreaterThan(recordedEntryBytes + 10);
  expect(entryBytes({ ...output(0), text: '\u0001é' }) - entryBytes(output(0))).toBe(6 + 2);
});

test('however it is used, nobody ever has more than at once and what time gave', () => {
  const step = fc.record({ ms: fc.nat(5_000), lines: fc.nat(50) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const { clock, say } = scene();
      let said = 0;
      for (const { ms, lines } of steps) {
        clock.ms += ms;
        said += say('ann', lines);
        const most = linesAtOncePerOperatorMax + (clock.ms / 1_000) * linesPerSPerOperatorMax;
        expect(said).toBeLessThanOrEqual(most);
      }
    }),
  );
});

test('certificates that are counted are of a bounded number: those that were used least lately go', () => {
  const { say, budgets } = scene();
  say('first', linesAtOncePerOperatorMax);
  say('second', linesAtOncePerOperatorMax);
  for (let n = 0; n < budgetsKeptMax - 1; n += 1) {
    say(`certificate ${n}`, 1);
    if (n === 100) expect(budgets.of('second', null).over()).not.toBe(null);
  }
  expect(budgets.of('second', null).over()).not.toBe(null);
  expect(budgets.of('first', null).over()).toBe(null);
});
