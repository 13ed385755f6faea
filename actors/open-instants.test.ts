import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AccountingEffect, account, handedTo } from './accounting.ts';
import { accounting } from './open-instants.ts';
import type { Check, ResultRow, ScheduleVersion } from './ports/check.ts';
import { dueRuns } from './schedule.ts';

const intervalMs = 1_000;
const version = (number: number, validFromMs: number, validToMs: number | null): ScheduleVersion => ({
  version: number,
  intervalMs,
  phaseMs: 100,
  validFromMs,
  validToMs,
});
const check = (archivedAtMs: number | null, ...schedule: ScheduleVersion[]): Check => ({
  ...{ id: 'a', name: 'a', kind: 'tcp', target: '192.0.2.1', port: 1, partition: 'default' },
  ...{ intervalMs, timeoutMs: 500, retries: 1, settings: {}, enabled: true, createdAtMs: 0, archivedAtMs },
  schedule,
});
const result = (dueAtMs: number): ResultRow => ({
  ...{ checkId: 'a', dueAtMs, startedAtMs: dueAtMs, latencyMs: 1, status: 'success' },
  ...{ reason: null, agent: 'agent_1', poller: 'poller_1' },
});
const dispatched = (effects: readonly AccountingEffect[]) =>
  effects.flatMap((effect) => (effect.type === 'dispatch' ? [effect.dueAtMs] : []));

test('a check that comes back is due from then on, and not for the time that it was away', () => {
  const state = accounting();
  account(state, { type: 'added', checks: [check(null, version(1, 0, null))], nowMs: 0 });
  account(state, { type: 'tick', nowMs: 100 });
  account(state, { type: 'result', row: result(100), nowMs: 110 });
  account(state, { type: 'removed', check: check(500, version(1, 0, 500)) });
  account(state, { type: 'tick', nowMs: 60_000 });
  expect(state.checks.size).toBe(0);
  const back = check(null, version(1, 0, 500), version(2, 60_000, null));
  expect(dispatched(account(state, { type: 'restored', check: back, nowMs: 60_000 }))).toEqual([]);
  expect(dispatched(account(state, { type: 'tick', nowMs: 60_100 }))).toEqual([60_100]);
  expect(account(state, { type: 'result', row: result(60_100), nowMs: 60_110 }).at(-1)).toEqual({
    type: 'watermark',
    row: { checkId: 'a', dueAtMs: 60_100 },
  });
});

test('what was awaited when a check went is still awaited when it comes back at once', () => {
  const state = accounting();
  account(state, { type: 'added', checks: [check(null, version(1, 0, null))], nowMs: 0 });
  account(state, { type: 'tick', nowMs: 100 });
  handedTo(state, 'a', 100, 'poller_1');
  account(state, { type: 'removed', check: check(200, version(1, 0, 200)) });
  const back = check(null, version(1, 0, 200), version(2, 300, null));
  account(state, { type: 'restored', check: back, nowMs: 300 });
  expect(account(state, { type: 'result', row: result(100), nowMs: 400 }).map(({ type }) => type)).toEqual([
    'result',
    'watermark',
  ]);
  expect(dispatched(account(state, { type: 'tick', nowMs: 1_100 }))).toEqual([1_100]);
});

test('however often a check goes and comes back, each due instant of its schedule has one row', () => {
  const steps = fc.array(fc.integer({ min: 1, max: 3_500 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(steps, (waits) => {
      const state = accounting();
      const schedule: ScheduleVersion[] = [version(1, 0, null)];
      const rows: number[] = [];
      let nowMs = 0;
      const take = (effects: readonly AccountingEffect[]) => {
        for (const dueAtMs of dispatched(effects)) {
          handedTo(state, 'a', dueAtMs, 'poller_1');
          for (const effect of account(state, { type: 'result', row: result(dueAtMs), nowMs }))
            if (effect.type === 'result') rows.push(effect.row.dueAtMs);
        }
      };
      const until = (endMs: number) => {
        for (; nowMs < endMs; nowMs = Math.min(endMs, nowMs + 100))
          take(account(state, { type: 'tick', nowMs }));
      };
      take(account(state, { type: 'added', checks: [check(null, ...schedule)], nowMs }));
      for (const waitMs of waits) {
        until(nowMs + waitMs);
        const last = schedule.at(-1)!;
        if (last.validToMs === null) {
          // What is due at this very moment was due before.
          take(account(state, { type: 'tick', nowMs: nowMs - 1 }));
          schedule[schedule.length - 1] = { ...last, validToMs: nowMs };
          account(state, { type: 'removed', check: check(nowMs, ...schedule) });
        } else {
          schedule.push(version(schedule.length + 1, nowMs, null));
          take(account(state, { type: 'restored', check: check(null, ...schedule), nowMs }));
        }
      }
      until(nowMs + 2_000);
      take(account(state, { type: 'tick', nowMs: nowMs - 1 }));
      const due = dueRuns(schedule, -1, nowMs - 1).flatMap(({ fromMs, count }) =>
        Array.from({ length: count }, (_, at) => fromMs + at * intervalMs),
      );
      expect(rows.filter((dueMs) => dueMs < nowMs)).toEqual(due);
    }),
  );
});

test('a result says how often it was due, also the last of a check that is gone with it; a run that was asked for says nothing', () => {
  const state = accounting();
  account(state, { type: 'added', checks: [check(null, version(1, 0, null))], nowMs: 0 });
  account(state, { type: 'run_now', checkId: 'a', nowMs: 50 });
  const asked = account(state, { type: 'result', row: result(50), nowMs: 60 });
  expect(asked).toMatchObject([{ type: 'result', intervalMs: null }]);
  account(state, { type: 'tick', nowMs: 100 });
  account(state, { type: 'removed', check: check(500, version(1, 0, 500)) });
  const last = account(state, { type: 'result', row: result(100), nowMs: 700 });
  expect(last).toMatchObject([{ type: 'result', intervalMs }, { type: 'watermark' }]);
  expect(state.checks.size).toBe(0);
});
