import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AccountingEffect, type AccountingEvent, account } from './accounting.ts';
import { awaitPush } from './awaited-instants.ts';
import { handedTo } from './handouts.ts';
import { attemptsMax, pushWaitMs } from './limits.ts';
import { type Accounting, accounting } from './open-instants.ts';
import type { Check, GapRow, ResultRow } from './ports/check.ts';
import { dueRuns } from './schedule.ts';

const check: Check = {
  ...{ id: 'a', name: 'a', kind: 'tcp', target: '192.0.2.1', port: 1, partition: 'north' },
  ...{ intervalMs: 5_000, timeoutMs: 1_000, retries: 1, settings: {}, enabled: true },
  ...{ createdAtMs: 0, archivedAtMs: null },
  schedule: [{ version: 1, intervalMs: 5_000, phaseMs: 0, validFromMs: 0, validToMs: null }],
};
const row = (dueAtMs: number): ResultRow => ({
  ...{ checkId: 'a', dueAtMs, startedAtMs: dueAtMs, latencyMs: 1, status: 'success', reason: null },
  ...{ agent: 'site', poller: 'poller_1' },
});

/** An agent runs the check by itself: nothing is handed out unless it is gone. */
function stage(runner: string | null = 'site') {
  const state: Accounting = accounting();
  const all: AccountingEffect[] = [];
  const there = new Set(runner === null ? [] : [runner]);
  const told: (AccountingEffect & { type: 'dispatch' })[] = [];
  const step = (event: AccountingEvent): void => {
    for (const effect of account(state, event)) {
      all.push(effect);
      if (effect.type !== 'dispatch') continue;
      const [first] = there;
      if (effect.attempt === 1 && first !== undefined) awaitPush(state, 'a', effect.dueAtMs, first);
      else {
        told.push(effect);
        handedTo(state, 'a', effect.dueAtMs, 'poller_1');
      }
    }
  };
  step({ type: 'adopt', checks: [check], accounted: [], nowMs: 1, reason: 'no_core' });
  all.splice(0);
  const isThere = (_partition: string, agent: string) => there.has(agent);
  return { state, step, all, told, there, isThere };
}

/** Which row accounts for each instant up to `untilMs`, in order; twice is a mistake that it would show. */
function covered(effects: readonly AccountingEffect[], untilMs: number): string[] {
  const gaps = new Map<number, GapRow>();
  for (const effect of effects) if (effect.type === 'gap') gaps.set(effect.row.fromMs, effect.row);
  const results = effects.flatMap((effect) => (effect.type === 'result' ? [effect.row] : []));
  const instants = dueRuns(check.schedule, 1, untilMs).flatMap(({ fromMs, intervalMs, count }) =>
    Array.from({ length: count }, (_, at) => fromMs + at * intervalMs),
  );
  return instants.map((dueMs) =>
    [
      ...results.filter((one) => one.dueAtMs === dueMs).map(({ status, reason }) => reason ?? status),
      ...[...gaps.values()]
        .filter((one) => one.fromMs <= dueMs && one.toMs >= dueMs)
        .map(({ reason }) => reason),
    ].join('+'),
  );
}

test('what is pushed accounts for its instant, and what was passed over is one gap before it', () => {
  const { step, all, told } = stage();
  for (let nowMs = 5_000; nowMs <= 30_000; nowMs += 5_000) step({ type: 'tick', nowMs });
  expect(all.filter(({ type }) => type === 'gap' || type === 'result')).toEqual([]);
  step({ type: 'result', row: row(30_000), nowMs: 31_000 });
  const gap = 'not_pushed';
  expect(covered(all, 30_000)).toEqual([gap, gap, gap, gap, gap, 'success']);
  expect(told).toEqual([]);
  expect(all.filter(({ type }) => type === 'watermark').at(-1)).toMatchObject({ row: { dueAtMs: 30_000 } });
});

test('an agent that pushes nothing leaves a gap that grows, once its time is over', () => {
  const { step, all } = stage();
  const untilMs = 5_000 + pushWaitMs;
  for (let nowMs = 5_000; nowMs < untilMs; nowMs += 5_000) step({ type: 'tick', nowMs });
  expect(all.some(({ type }) => type === 'gap')).toBe(false);
  for (let nowMs = untilMs; nowMs <= untilMs + 20_000; nowMs += 5_000) step({ type: 'tick', nowMs });
  const gaps = all.flatMap((effect) => (effect.type === 'gap' ? [effect.row] : []));
  expect(gaps.at(-1)).toMatchObject({ fromMs: 5_000, toMs: 25_000, count: 5, reason: 'not_pushed' });
});

test('what comes after its gap was written splits it', () => {
  const { step, all } = stage();
  for (let nowMs = 5_000; nowMs <= 60_000; nowMs += 5_000) step({ type: 'tick', nowMs });
  step({ type: 'result', row: row(5_000), nowMs: 61_000 });
  expect(all.filter(({ type }) => type === 'late')).toMatchObject([{ row: { dueAtMs: 5_000 } }]);
});

test('of an agent that is lost what can still be run is handed out at once, and the rest is a gap', () => {
  const { step, all, told, there, isThere } = stage();
  for (let nowMs = 5_000; nowMs <= 20_000; nowMs += 5_000) step({ type: 'tick', nowMs });
  step({ type: 'agents_lost', isThere, nowMs: 20_100 });
  expect(told).toEqual([]);
  there.clear();
  step({ type: 'agents_lost', isThere, nowMs: 20_100 });
  expect(told.map(({ dueAtMs, attempt }) => [dueAtMs, attempt])).toEqual([[20_000, 2]]);
  step({ type: 'result', row: row(20_000), nowMs: 20_500 });
  expect(covered(all, 20_000)).toEqual(['agent_lost', 'agent_lost', 'agent_lost', 'success']);
});

test('what an agent gives back goes to another than it, so often and no more', () => {
  const { state, step, all, told } = stage(null);
  step({ type: 'tick', nowMs: 5_000 });
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
    handedTo(state, 'a', 5_000, 'poller_1', 'site');
    const back = { checkId: 'a', dueAtMs: 5_000, reason: 'agent_busy', nowMs: 5_100 };
    step({ type: 'returned', ...back });
  }
  expect(told.map(({ attempt, except }) => [attempt, except])).toEqual([
    [1, undefined],
    [2, 'site'],
    [3, 'site'],
  ]);
  expect(covered(all, 5_000)).toEqual(['agent_busy']);
});

test('a run that a person asked for is handed out, never awaited, and given back so often and no more', () => {
  const { state, step, all, told } = stage();
  step({ type: 'run_now', checkId: 'a', nowMs: 7_000 });
  expect(awaitPush(state, 'a', 7_000, 'site')).toBe(false);
  for (let attempt = 1; attempt <= attemptsMax; attempt += 1)
    step({ type: 'returned', checkId: 'a', dueAtMs: 7_000, reason: 'agent_lost', nowMs: 7_100 });
  expect(told.map(({ attempt }) => attempt)).toEqual([2, 3]);
  expect(all.filter(({ type }) => type === 'result')).toMatchObject([
    { row: { dueAtMs: 7_000, status: 'skipped', reason: 'agent_lost' } },
  ]);
});

test('whatever agents push, lose and give back, each instant has one row', () => {
  const event = fc.oneof(
    fc.record({ type: fc.constant('push' as const), back: fc.nat(12) }),
    fc.record({ type: fc.constantFrom('lose' as const, 'join' as const, 'idle' as const) }),
    fc.record({ type: fc.constant('return' as const), back: fc.nat(2) }),
  );
  fc.assert(
    fc.property(fc.array(event, { minLength: 10, maxLength: 80 }), (events) => {
      const { step, all, there, isThere } = stage();
      let nowMs = 1;
      for (const one of events) {
        nowMs += 2_500;
        step({ type: 'tick', nowMs });
        const dueAtMs = Math.floor(nowMs / 5_000) * 5_000 - ('back' in one ? one.back * 5_000 : 0);
        if (one.type === 'push' && dueAtMs > 0) step({ type: 'result', row: row(dueAtMs), nowMs });
        else if (one.type === 'return')
          step({ type: 'returned', checkId: 'a', dueAtMs, reason: 'agent_lost', nowMs });
        else if (one.type === 'join') there.add('site');
        else if (one.type === 'lose') {
          there.clear();
          step({ type: 'agents_lost', isThere, nowMs });
        }
      }
      const endMs = nowMs;
      step({ type: 'tick', nowMs: endMs + 2 * pushWaitMs });
      for (const rows of covered(all, endMs)) expect(rows).toMatch(/^[a-z_]+$/);
    }),
    { numRuns: 300 },
  );
});
