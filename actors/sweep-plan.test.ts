import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sweepAttemptsMax, sweepCoolMs, sweepNoRunnerMs, sweepSilentMs } from './limits.ts';
import { noCounts, type OpenRun, type SliceOutcome } from './ports/sweep.ts';
import {
  newSweepPlan,
  type SweepPlan,
  type SweepPlanEffect,
  type SweepPlanEvent,
  stepSweeps,
} from './sweep-plan.ts';
import type { Runner } from './sweep-shares.ts';

const terms = {
  ...{ networks: ['192.0.2.0/24'], exclusions: [], ports: [22], icmp: true, ratePerS: 100, timeoutMs: 1_000 },
};
function openRun(
  slices: number,
  more: { done?: number[]; partition?: string; ratePerS?: number } = {},
): OpenRun {
  const { done = [], partition = 'plant', ratePerS = 100 } = more;
  const swept = { ...terms, ratePerS };
  return {
    sweep: {
      ...{ ...swept, id: 's1', name: 'all', partition, intervalMs: null, enabled: true, version: 1 },
      ...{ createdAtMs: 0, updatedAtMs: 0 },
    },
    run: {
      ...{ id: 'r1', sweepId: 's1', state: 'running', terms: swept, addresses: slices * 10, slices },
      ...{ sliceAddresses: 10, by: 'ann', doneSlices: 0, counts: noCounts, agents: [], redoneCount: 0 },
      ...{ redone: [], why: null, startedAtMs: 0, endedAtMs: null, ageMs: 0 },
    },
    done,
  };
}
const runner = (id: string, more: Partial<Runner> = {}): Runner => ({
  ...{ id, partition: 'plant', icmp: true, isShared: false },
  ...more,
});
const outcome = (slice: number, agent = 'a'): SliceOutcome => ({ slice, agent, counts: noCounts, why: null });

function stage(open: OpenRun) {
  const plan: SweepPlan = newSweepPlan();
  const step = (event: SweepPlanEvent) => stepSweeps(plan, event);
  step({ type: 'run', open, nowMs: 0 });
  const tick = (nowMs: number, ...runners: Runner[]) => step({ type: 'tick', runners, nowMs });
  return { plan, step, tick, run: plan.runs.get('r1')! };
}
const assigned = (effects: SweepPlanEffect[]) =>
  effects.flatMap((one) => (one.type === 'assign' ? [one] : []));
const typesOf = (effects: SweepPlanEffect[]) =>
  effects.map(({ type }) => type).filter((type) => type !== 'wake');

describe('the slices of a run', () => {
  it('go to all who are there, each a share of the rate', () => {
    const { tick } = stage(openRun(5));
    const given = assigned(tick(0, runner('b'), runner('a'), runner('c', { partition: 'other' })));
    expect(given.map((one) => [one.slice, one.runner, one.ratePerS, one.attempt])).toEqual([
      [0, 'a', 50, 1],
      [1, 'b', 50, 1],
      [2, 'a', 50, 1],
      [3, 'b', 50, 1],
      [4, 'a', 50, 1],
    ]);
  });

  it('leave a share to whoever comes later, as soon as those before are given less', () => {
    const { step, tick, run } = stage(openRun(8));
    expect(assigned(tick(0, runner('a'))).map(({ ratePerS }) => ratePerS)).toEqual([100, 100, 100]);
    expect(assigned(tick(1, runner('a'), runner('b')))).toEqual([]);
    step({ type: 'done', runId: 'r1', outcome: outcome(0), number: 1, nowMs: 2 });
    const given = assigned(tick(3, runner('a'), runner('b')));
    expect(given.map((one) => [one.runner, one.ratePerS])).toEqual([
      ['a', 50],
      ['b', 50],
      ['b', 50],
      ['b', 50],
    ]);
    expect([...run.shares]).toEqual([
      ['a', 50],
      ['b', 50],
    ]);
  });

  it('go at the share of who was lost, too, from the next that is given on', () => {
    const { step, tick } = stage(openRun(8));
    tick(0, runner('a'), runner('b'));
    step({ type: 'gone', runner: 'b', why: 'agent_lost', nowMs: 1 });
    expect(assigned(tick(2, runner('a')))).toEqual([]);
    step({ type: 'done', runId: 'r1', outcome: outcome(0), number: 1, nowMs: 3 });
    expect(assigned(tick(4, runner('a'))).map((one) => [one.runner, one.ratePerS])).toEqual([['a', 100]]);
  });

  it('go to nobody who cannot ping when they are to be pinged, and to shared nodes only where nobody else is', () => {
    const { tick } = stage(openRun(3));
    expect(assigned(tick(0, runner('deaf', { icmp: false })))).toEqual([]);
    const shared = runner('node', { isShared: true });
    expect(new Set(assigned(tick(1, shared, runner('own'))).map((one) => one.runner))).toEqual(
      new Set(['own']),
    );
    const { tick: other } = stage(openRun(3));
    expect(assigned(other(0, shared))[0]).toMatchObject({ runner: 'node' });
  });

  it('come back when their agent is lost, and another does them; that is told with the reason', () => {
    const { step, tick } = stage(openRun(2));
    const [first] = assigned(tick(0, runner('a'), runner('b')));
    const back = step({ type: 'gone', runner: 'a', why: 'agent_lost', nowMs: 10 });
    expect(back).toMatchObject([
      { type: 'cancel', runner: 'a' },
      { type: 'redo', slice: first!.slice, runner: 'a', why: 'agent_lost' },
    ]);
    step({ type: 'done', runId: 'r1', outcome: outcome(1, 'b'), number: 2, nowMs: 20 });
    expect(assigned(tick(30, runner('a'), runner('b')))).toMatchObject([
      { slice: 0, runner: 'b', attempt: 2 },
    ]);
  });

  it('come back from whoever is silent for too long, and are not taken from one who speaks', () => {
    const { step, tick } = stage(openRun(2));
    tick(0, runner('a'), runner('b'));
    const said = { type: 'progress', runId: 'r1', slice: 0, number: 1, counts: noCounts } as const;
    step({ ...said, nowMs: sweepSilentMs - 1 });
    const effects = tick(sweepSilentMs, runner('a'), runner('b'));
    expect(effects).toContainEqual({
      ...{ type: 'redo', runId: 'r1', slice: 1, runner: 'b', why: 'agent_silent' },
    });
    expect(effects.filter(({ type }) => type === 'redo').length).toBe(1);
  });

  it('that are done twice count once, and whoever is still at it is told to stop', () => {
    const { step, tick } = stage(openRun(1));
    tick(0, runner('a'));
    step({ type: 'lost', runId: 'r1', slice: 0, number: 1, why: 'agent_busy', nowMs: 1 });
    tick(2, runner('b'));
    expect(
      typesOf(step({ type: 'done', runId: 'r1', outcome: outcome(0, 'a'), number: 1, nowMs: 3 })),
    ).toEqual(['cancel', 'store']);
    expect(step({ type: 'done', runId: 'r1', outcome: outcome(0, 'b'), number: 2, nowMs: 4 })).toEqual([]);
    expect(step({ type: 'stored', runId: 'r1', slice: 0 })).toEqual([
      { type: 'end', runId: 'r1', state: 'complete', why: null },
    ]);
  });

  it('that were done before a core died are not done again', () => {
    const { tick, run } = stage(openRun(4, { done: [0, 2] }));
    expect(assigned(tick(0, runner('a'))).map(({ slice }) => slice)).toEqual([1, 3]);
    expect(run.pending).toEqual([]);
  });

  it('fail their run when they were given out too often, or when nobody comes', () => {
    const { step, tick } = stage(openRun(1));
    let ended: SweepPlanEffect[] = [];
    for (let at = 0; at < sweepAttemptsMax; at += 1) {
      const nowMs = at * (sweepCoolMs + 1);
      const [given] = assigned(tick(nowMs, runner('a')));
      ended = step({ type: 'lost', runId: 'r1', slice: 0, number: given!.number, why: 'no room', nowMs });
    }
    expect(ended.at(-1)).toMatchObject({
      type: 'end',
      state: 'failed',
      why: expect.stringContaining('no room'),
    });
    const alone = stage(openRun(1));
    alone.tick(10);
    expect(typesOf(alone.tick(sweepNoRunnerMs))).toEqual(['end']);
  });

  it('are taken back when it is stopped or the tenant is suspended', () => {
    const { step, tick, run } = stage(openRun(2));
    tick(0, runner('a'));
    expect(typesOf(step({ type: 'suspended', suspended: true }))).toEqual(['cancel', 'cancel']);
    expect(assigned(tick(1, runner('a')))).toEqual([]);
    step({ type: 'suspended', suspended: false });
    expect(assigned(tick(2, runner('a'))).length).toBe(2);
    expect(typesOf(step({ type: 'stop', runId: 'r1', why: 'ann' }))).toEqual(['cancel', 'cancel', 'end']);
    expect(assigned(tick(3, runner('a')))).toEqual([]);
    expect(run.ending?.state).toBe('stopped');
  });

  it('are all done once and stored, and the rate is never exceeded, whatever happens to whom', () => {
    const happening = fc.record({
      what: fc.constantFrom('done', 'lost', 'gone', 'progress', 'late', 'nothing'),
      which: fc.integer({ min: 0, max: 9 }),
      there: fc.subarray(['a', 'b', 'c', 'd']),
      afterMs: fc.integer({ min: 0, max: 9_000 }),
    });
    const rates = fc.integer({ min: 1, max: 50 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        rates,
        fc.array(happening, { maxLength: 60 }),
        (slices, ratePerS, all) => {
          const { step, tick, run } = stage(openRun(slices, { ratePerS }));
          const stored: number[] = [];
          const given: { slice: number; number: number; runner: string }[] = [];
          let ended = 0;
          const perform = (effects: SweepPlanEffect[]) => {
            for (const effect of effects) {
              if (effect.type === 'assign') given.push(effect);
              else if (effect.type === 'store') {
                stored.push(effect.outcome.slice);
                perform(step({ type: 'stored', runId: 'r1', slice: effect.outcome.slice }));
              } else if (effect.type === 'end') ended += 1;
            }
            const working = new Set([...run.assigned.values()].map(({ runner: id }) => id));
            const used = [...working].reduce((sum, id) => sum + run.shares.get(id)!, 0);
            expect(used).toBeLessThanOrEqual(ratePerS);
            const places = [...run.pending, ...run.assigned.keys(), ...run.done];
            expect(places.length).toBe(new Set(places).size);
            expect(places.length).toBe(slices);
          };
          let nowMs = 0;
          for (const { what, which, there, afterMs } of all) {
            nowMs += afterMs;
            perform(tick(nowMs, ...there.map((id) => runner(id))));
            const one = given[which % Math.max(1, given.length)];
            if (one === undefined) continue;
            const { slice, number } = one;
            if (what === 'done' || what === 'late')
              perform(step({ type: 'done', runId: 'r1', outcome: outcome(slice), number, nowMs }));
            else if (what === 'lost')
              perform(step({ type: 'lost', runId: 'r1', slice, number, why: 'x', nowMs }));
            else if (what === 'gone') perform(step({ type: 'gone', runner: one.runner, why: 'x', nowMs }));
            else if (what === 'progress')
              perform(step({ type: 'progress', runId: 'r1', slice, number, counts: noCounts, nowMs }));
          }
          for (let turn = 0; turn < 3 * slices && run.ending === null; turn += 1) {
            nowMs += sweepCoolMs;
            perform(tick(nowMs, runner('a'), runner('b')));
            for (const { slice, number } of [...run.assigned.values()])
              perform(step({ type: 'done', runId: 'r1', outcome: outcome(slice), number, nowMs }));
          }
          expect(ended).toBe(1);
          expect(new Set(stored).size).toBe(stored.length);
          if (run.ending?.state === 'complete') expect(stored.length).toBe(slices);
        },
      ),
      { numRuns: 150 },
    );
  });
});
