import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readNotRun, readResults } from './arrivals.ts';

const row = {
  checkId: 'c1',
  dueAtMs: 1_000,
  startedAtMs: 1_001,
  latencyMs: 2.5,
  status: 'success',
  reason: null,
  agent: 'agent_1',
  poller: 'poller_1',
};
const item = { checkId: 'c1', dueAtMs: 1_000, reason: 'no_agent', as: 'gap' };

test('rows as a poller sends them are taken as they are', () => {
  const skipped = { ...row, startedAtMs: null, latencyMs: null, status: 'skipped', reason: 'agent_busy' };
  expect(readResults([row, skipped])).toEqual([row, skipped]);
  expect(readNotRun([item])).toEqual([item]);
});

test.each([
  ['checkId', null],
  ['checkId', 'a\0b'],
  ['dueAtMs', '1000'],
  ['dueAtMs', -1],
  ['dueAtMs', 2 ** 53],
  ['startedAtMs', 1.5],
  ['startedAtMs', Number.NaN],
  // The year 10000: a store that is given one refuses every row that came with it.
  ['startedAtMs', 253_402_300_800_000],
  ['latencyMs', Number.POSITIVE_INFINITY],
  ['latencyMs', -1],
  ['latencyMs', '3'],
  ['status', 'fine'],
  ['status', {}],
  ['reason', 'a\0b'],
  ['reason', 'x'.repeat(10_000)],
  ['agent', 5],
  ['poller', []],
])('a row whose %s is %j is left out, and the others are not', (field, value) => {
  expect(readResults([{ ...row, [field]: value }, row])).toEqual([row]);
});

test('whatever arrives, what comes out has the types of a row and no field more', () => {
  const near = fc.record(
    Object.fromEntries(
      Object.entries(row).map(([key, value]) => [key, fc.oneof(fc.constant(value), fc.anything())]),
    ),
  );
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.array(fc.oneof(near, fc.anything()))), (value) => {
      for (const one of readResults(value)) {
        expect(Object.keys(one).sort()).toEqual(Object.keys(row).sort());
        expect(Number.isSafeInteger(one.dueAtMs)).toBe(true);
        expect(`${one.reason}${one.agent}${one.poller}${one.checkId}`).not.toContain('\0');
      }
      for (const one of readNotRun(value)) expect(['gap', 'skipped']).toContain(one.as);
    }),
  );
});
