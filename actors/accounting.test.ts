import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AccountingEffect, type AccountingEvent, account } from './accounting.ts';
import { handedTo } from './handouts.ts';
import { type Accounting, accounting } from './open-instants.ts';
import type { Check, GapRow, ResultRow } from './ports/check.ts';
import type { AccountedCheck } from './ports/result-store.ts';
import { dueRuns } from './schedule.ts';
import { noTerms, type RunTerms } from './standstill.ts';

const intervalMs = 1_000;

function check(id: string, validFromMs = 0, validToMs: number | null = null): Check {
  return {
    id,
    name: id,
    kind: 'tcp',
    target: '127.0.0.1',
    port: 1,
    partition: 'default',
    intervalMs,
    timeoutMs: 500,
    retries: 1,
    settings: {},
    enabled: true,
    createdAtMs: 0,
    archivedAtMs: validToMs,
    schedule: [{ version: 1, intervalMs, phaseMs: 100, validFromMs, validToMs }],
  };
}

function result(checkId: string, dueAtMs: number): ResultRow {
  return {
    checkId,
    dueAtMs,
    startedAtMs: dueAtMs,
    latencyMs: 1,
    status: 'success',
    reason: null,
    agent: 'agent_1',
    poller: 'poller_1',
  };
}

/** The store by its promises: what is written twice changes nothing, late rows replace or split. */
class ModelStore {
  readonly results = new Map<string, ResultRow>();
  readonly gaps = new Map<string, GapRow>();
  readonly watermarks = new Map<string, number>();

  write(effects: readonly AccountingEffect[]): void {
    for (const effect of effects) {
      if (effect.type === 'result') {
        const key = `${effect.row.checkId}|${effect.row.dueAtMs}`;
        if (!this.results.has(key)) this.results.set(key, effect.row);
      } else if (effect.type === 'gap')
        this.gaps.set(`${effect.row.checkId}|${effect.row.fromMs}`, effect.row);
      else if (effect.type === 'watermark') this.watermarks.set(effect.row.checkId, effect.row.dueAtMs);
    }
    for (const effect of effects) if (effect.type === 'late') this.writeLate(effect.row);
  }

  accounted(checkIds: readonly string[]): AccountedCheck[] {
    return checkIds.map((checkId) => {
      const watermarkMs = this.watermarks.get(checkId) ?? null;
      const above = watermarkMs ?? -1;
      return {
        checkId,
        watermarkMs,
        resultsAboveMs: [...this.results.values()]
          .filter((row) => row.checkId === checkId && row.dueAtMs > above)
          .map((row) => row.dueAtMs)
          .sort((a, b) => a - b),
        gapsAbove: [...this.gaps.values()]
          .filter((row) => row.checkId === checkId && row.toMs > above)
          .sort((a, b) => a.fromMs - b.fromMs),
        state: null,
      };
    });
  }

  /** Instants of the check that rows cover, with repetitions. */
  covered(checkId: string): number[] {
    const instants = [...this.results.values()]
      .filter((row) => row.checkId === checkId)
      .map((row) => row.dueAtMs);
    for (const gap of this.gaps.values()) {
      if (gap.checkId !== checkId) continue;
      expect(gap.toMs - gap.fromMs).toBe((gap.count - 1) * gap.intervalMs);
      for (let atMs = gap.fromMs; atMs <= gap.toMs; atMs += gap.intervalMs) instants.push(atMs);
    }
    return instants.sort((a, b) => a - b);
  }

  private writeLate(row: ResultRow): void {
    const key = `${row.checkId}|${row.dueAtMs}`;
    if (this.results.has(key)) {
      if (this.results.get(key)!.status === 'skipped') this.results.set(key, row);
      return;
    }
    for (const [gapKey, gap] of this.gaps) {
      if (gap.checkId !== row.checkId || row.dueAtMs < gap.fromMs || row.dueAtMs > gap.toMs) continue;
      this.gaps.delete(gapKey);
      this.results.set(key, row);
      const part = (fromMs: number, toMs: number) => {
        if (fromMs > toMs) return;
        const count = (toMs - fromMs) / gap.intervalMs + 1;
        this.gaps.set(`${gap.checkId}|${fromMs}`, { ...gap, fromMs, toMs, count });
      };
      part(gap.fromMs, row.dueAtMs - gap.intervalMs);
      part(row.dueAtMs + gap.intervalMs, gap.toMs);
      return;
    }
  }
}

function kinds(effects: readonly AccountingEffect[]): string[] {
  return effects.map(({ type }) => type);
}

function begin(checks: Check[], nowMs = 0): { state: Accounting; effects: AccountingEffect[] } {
  const state = accounting();
  const event: AccountingEvent = { type: 'adopt', checks, accounted: [], nowMs, reason: 'no_core' };
  return { state, effects: account(state, event) };
}

test('an instant that falls due is dispatched, and its result moves the watermark', () => {
  const { state } = begin([check('a')]);
  const due = account(state, { type: 'tick', nowMs: 100 });
  expect(due).toMatchObject([
    { type: 'dispatch', dueAtMs: 100, attempt: 1 },
    { type: 'wake', atMs: 1_100 },
  ]);
  expect(account(state, { type: 'result', row: result('a', 100), nowMs: 150 })).toMatchObject([
    { type: 'result', row: { dueAtMs: 100 } },
    { type: 'watermark', row: { checkId: 'a', dueAtMs: 100 } },
  ]);
});

test('while an instant runs the next one is skipped as overrun, and the watermark waits for both', () => {
  const { state } = begin([check('a')]);
  account(state, { type: 'tick', nowMs: 100 });
  handedTo(state, 'a', 100, 'poller_1');
  const overrun = account(state, { type: 'tick', nowMs: 1_100 });
  expect(overrun).toMatchObject([
    { type: 'result', row: { dueAtMs: 1_100, status: 'skipped', reason: 'overrun' } },
    { type: 'wake' },
  ]);
  expect(account(state, { type: 'result', row: result('a', 100), nowMs: 1_200 })).toMatchObject([
    { type: 'result' },
    { type: 'watermark', row: { dueAtMs: 1_100 } },
  ]);
});

test('instants that wait for a poller are no overrun: each is its own, and together they are one gap', () => {
  const { state } = begin([check('a')]);
  expect(kinds(account(state, { type: 'tick', nowMs: 100 }))).toContain('dispatch');
  expect(kinds(account(state, { type: 'tick', nowMs: 1_100 }))).toContain('dispatch');
  account(state, { type: 'not_run', checkId: 'a', dueAtMs: 100, reason: 'no_poller', as: 'gap' });
  expect(
    account(state, { type: 'not_run', checkId: 'a', dueAtMs: 1_100, reason: 'no_poller', as: 'gap' }),
  ).toMatchObject([
    { type: 'gap', row: { fromMs: 100, toMs: 1_100, count: 2 } },
    { type: 'watermark', row: { dueAtMs: 1_100 } },
  ]);
});

test('a run that was asked for and could not be is told as skipped', () => {
  const { state } = begin([check('a')]);
  account(state, { type: 'run_now', checkId: 'a', nowMs: 500 });
  expect(
    account(state, { type: 'not_run', checkId: 'a', dueAtMs: 500, reason: 'no_agent', as: 'gap' }),
  ).toMatchObject([{ type: 'result', row: { status: 'skipped', reason: 'no_agent' } }]);
});

test('an instant without an answer is written off at its expiry, and its late result is told as late', () => {
  const { state } = begin([check('a', 0, 200)]);
  account(state, { type: 'tick', nowMs: 100 });
  handedTo(state, 'a', 100, 'poller_1');
  expect(account(state, { type: 'tick', nowMs: 10_000 })).toMatchObject([
    {
      type: 'result',
      row: { status: 'skipped', reason: 'no_answer', poller: 'poller_1', startedAtMs: null },
    },
    { type: 'watermark' },
  ]);
});

test('instants that could not run for one reason are one gap that grows, until a late result closes it', () => {
  const { state } = begin([check('a')]);
  const gaps: GapRow[] = [];
  for (let second = 0; second < 5; second += 1) {
    const dueAtMs = second * 1_000 + 100;
    account(state, { type: 'tick', nowMs: dueAtMs });
    if (second === 3)
      expect(kinds(account(state, { type: 'result', row: result('a', 100), nowMs: dueAtMs }))).toEqual([
        'late',
      ]);
    for (const effect of account(state, {
      type: 'not_run',
      checkId: 'a',
      dueAtMs,
      reason: 'no_agent',
      as: 'gap',
    })) {
      if (effect.type === 'gap') gaps.push(effect.row);
    }
  }
  expect(gaps.map(({ fromMs, count }) => [fromMs, count])).toEqual([
    [100, 1],
    [100, 2],
    [100, 3],
    [3_100, 1],
    [3_100, 2],
  ]);
});

test('what a lost poller had is dispatched again, and given up after the last attempt', () => {
  const { state } = begin([check('a')]);
  account(state, { type: 'tick', nowMs: 100 });
  for (const attempt of [2, 3]) {
    handedTo(state, 'a', 100, 'poller_1');
    expect(account(state, { type: 'poller_lost', poller: 'poller_1', nowMs: 150 })).toMatchObject([
      { type: 'dispatch', attempt },
    ]);
  }
  handedTo(state, 'a', 100, 'poller_1');
  expect(account(state, { type: 'poller_lost', poller: 'poller_2', nowMs: 150 })).toEqual([]);
  expect(account(state, { type: 'poller_lost', poller: 'poller_1', nowMs: 150 })).toMatchObject([
    { type: 'result', row: { reason: 'poller_lost' } },
    { type: 'watermark' },
  ]);
});

test('a result for an instant that is none of the check’s is refused', () => {
  const { state } = begin([check('a')]);
  account(state, { type: 'tick', nowMs: 100 });
  for (const row of [result('a', 101), result('b', 100), result('a', 5_100)]) {
    expect(account(state, { type: 'result', row, nowMs: 200 })).toEqual([]);
  }
  expect(state.refused).toBe(3);
});

test('a run that is asked for is stored beside the schedule and moves no watermark', () => {
  const { state } = begin([check('a')]);
  account(state, { type: 'tick', nowMs: 100 });
  account(state, { type: 'result', row: result('a', 100), nowMs: 120 });
  expect(account(state, { type: 'run_now', checkId: 'a', nowMs: 500 })).toMatchObject([
    { type: 'dispatch', dueAtMs: 500 },
  ]);
  expect(kinds(account(state, { type: 'result', row: result('a', 500), nowMs: 520 }))).toEqual(['result']);
  expect(account(state, { type: 'run_now', checkId: 'a', nowMs: 1_100 })).toMatchObject([
    { type: 'dispatch', dueAtMs: 1_101 },
  ]);
});

test('a removed check is let go when nothing of it is pending', () => {
  const { state } = begin([check('a')]);
  account(state, { type: 'tick', nowMs: 100 });
  account(state, { type: 'removed', check: check('a', 0, 600) });
  expect(state.checks.size).toBe(1);
  account(state, { type: 'result', row: result('a', 100), nowMs: 700 });
  expect(state.checks.size).toBe(0);
});

/** A tenant's life over several holders of its lease, each of which may lose what the store has not got yet. */
class History {
  readonly store = new ModelStore();
  readonly checks = new Map([check('a'), check('b', 700)].map((one) => [one.id, one]));
  nowMs = 0;
  terms: RunTerms = noTerms;
  private state = accounting();
  private unwritten: AccountingEffect[] = [];
  private handed: { checkId: string; dueAtMs: number }[] = [];

  apply(event: AccountingEvent): void {
    for (const effect of account(this.state, event)) {
      this.unwritten.push(effect);
      if (effect.type !== 'dispatch') continue;
      this.handed.push({ checkId: effect.check.id, dueAtMs: effect.dueAtMs });
      handedTo(this.state, effect.check.id, effect.dueAtMs, `poller_${effect.dueAtMs % 2}`);
    }
  }

  write(): void {
    this.store.write(this.unwritten);
    this.unwritten = [];
  }

  /** A new holder begins with what the store has. */
  adopt(): void {
    this.unwritten = [];
    this.state = accounting();
    const accounted = this.store.accounted([...this.checks.keys()]);
    const checks = [...this.checks.values()];
    const { terms, nowMs } = this;
    this.apply({ type: 'adopt', checks, accounted, nowMs, reason: 'no_core', terms });
  }

  /** Suspended, resumed, or under another quota. */
  agree(terms: RunTerms): void {
    this.terms = terms;
    this.apply({ type: 'terms', terms, nowMs: this.nowMs });
  }

  pass(ms: number): void {
    this.nowMs += ms;
    this.apply({ type: 'tick', nowMs: this.nowMs });
  }

  /** `again`: the same answer may come once more. */
  answer(pick: number, again: boolean): void {
    const one = this.pick(pick, again);
    if (one !== undefined)
      this.apply({ type: 'result', row: result(one.checkId, one.dueAtMs), nowMs: this.nowMs });
  }

  notRun(pick: number): void {
    const one = this.pick(pick, false);
    const as = pick % 2 === 0 ? 'gap' : 'skipped';
    if (one !== undefined) this.apply({ type: 'not_run', ...one, reason: 'no_agent', as });
  }

  remove(id: string): void {
    const live = this.checks.get(id)!;
    if (live.archivedAtMs !== null || this.nowMs <= 1_000) return;
    // The store's now: after all that has fallen due.
    const ended = check(id, live.schedule[0]!.validFromMs, this.nowMs + 1);
    this.checks.set(id, ended);
    this.apply({ type: 'removed', check: ended });
  }

  add(): void {
    if (this.checks.size >= 5) return;
    const added = check(`c${this.checks.size}`, this.nowMs);
    this.checks.set(added.id, added);
    this.apply({ type: 'added', checks: [added], nowMs: this.nowMs });
  }

  private pick(pick: number, keep: boolean) {
    const one = this.handed[pick % Math.max(1, this.handed.length)];
    if (!keep) this.handed = this.handed.filter((other) => other !== one);
    return one;
  }
}

const acts: Readonly<Record<string, (history: History, pick: number, ms: number) => void>> = {
  time: (history, _pick, ms) => history.pass(ms),
  answer: (history, pick) => history.answer(pick, false),
  late: (history, pick) => history.answer(pick, true),
  not_run: (history, pick) => history.notRun(pick),
  poller_lost: (history, pick) =>
    history.apply({ type: 'poller_lost', poller: `poller_${pick % 2}`, nowMs: history.nowMs }),
  crash(history, _pick, ms) {
    history.nowMs += ms;
    history.adopt();
  },
  remove: (history, pick) => history.remove(pick % 2 === 0 ? 'a' : 'b'),
  add: (history) => history.add(),
  run_now: (history) => history.apply({ type: 'run_now', checkId: 'a', nowMs: history.nowMs }),
  write: (history) => history.write(),
  suspend: (history) => history.agree({ ...history.terms, suspendedSinceMs: history.nowMs }),
  activate: (history) => history.agree({ ...history.terms, suspendedSinceMs: null }),
  quota: (history, pick) =>
    history.agree({ ...history.terms, resultsPerDay: pick % 3 === 0 ? null : pick % 20 }),
};

test('whatever is lost, late or repeated, and however often the holder changes, every due instant is covered exactly once', () => {
  const names = ['time', 'answer', 'write', ...Object.keys(acts)];
  const act = fc.record({
    what: fc.constantFrom(...names),
    pick: fc.nat(),
    ms: fc.integer({ min: 1, max: 4_000 }),
  });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 120 }), (steps) => {
      const history = new History();
      history.adopt();
      for (const { what, pick, ms } of steps) acts[what]!(history, pick, ms);
      history.write();
      history.adopt();
      history.pass(20_000);
      const { nowMs } = history;
      history.pass(20_000);
      history.write();
      for (const { id, schedule } of history.checks.values()) {
        const due = dueRuns(schedule, -1, nowMs).flatMap((run) =>
          Array.from({ length: run.count }, (_, index) => run.fromMs + index * run.intervalMs),
        );
        // Runs that were asked for lie beside the schedule.
        const scheduled = history.store
          .covered(id)
          .filter((atMs) => (atMs - 100) % intervalMs === 0 && atMs <= nowMs);
        expect(scheduled, id).toEqual(due);
      }
    }),
    { numRuns: 400 },
  );
});
