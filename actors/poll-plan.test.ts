import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  pollAnswerGraceMs,
  pollMsMax,
  pollRetryMsMax,
  pollRetryMsMin,
  pollsAtOncePerTenantMax,
} from './limits.ts';
import type { PollReport } from './poll-job.ts';
import { newPlan, type PlanEffect, type PollPlan, retryMs, sequencesOf, stepPlan } from './poll-plan.ts';
import type { AgentSource, SourceState, StatedSource } from './ports/agent-source.ts';

const pollers = ['poller_1', 'poller_2', 'poller_3'].map((name) => ({ name, partitions: [] }));
const chance = () => 0;

function sourceOf(id: string, version = 1, partition = 'default'): AgentSource {
  const services = [{ type: 'snmp', name: 'a', details: '', results: true }];
  const times = { createdAtMs: 0, updatedAtMs: 0, archivedAtMs: null };
  const named = { id, version, partition, address: `${id}:50051`, agentId: null, tlsName: null };
  return { ...named, intervalMs: 30_000, services, ...times };
}
const rowsOf = (...ids: string[]): StatedSource[] => ids.map((id) => ({ source: sourceOf(id), state: null }));
const report = (code = 'ok', sequence = 's1'): PollReport => ({
  ...{ polledAtMs: 1, poller: 'poller_1', code, detail: '', agent: 'x' },
  services: code === 'ok' ? [{ type: 'snmp', name: 'a', code: 'ok', detail: '', sequence }] : [],
});
const ofType = <T extends PlanEffect['type']>(effects: PlanEffect[], type: T) =>
  effects.filter((one): one is PlanEffect & { type: T } => one.type === type);

/** One source, read after the first reading, so that it is due at once. */
function begun(...ids: string[]): PollPlan {
  const plan = newPlan();
  stepPlan(plan, { type: 'rows', rows: [], nowMs: 0 });
  stepPlan(plan, { type: 'rows', rows: rowsOf(...ids), nowMs: 0 });
  return plan;
}

const tick = (plan: PollPlan, nowMs: number, there = pollers) =>
  stepPlan(plan, { type: 'tick', pollers: there, nowMs, chance });

describe('the plan of polls', () => {
  it('asks by one poller, the same each time, and moves only what a poller that went had', () => {
    const plan = begun(...Array.from({ length: 20 }, (_, at) => `src_${at}`));
    const first = new Map(ofType(tick(plan, 0), 'poll').map((one) => [one.planned.source.id, one]));
    expect(first.size).toBe(20);
    for (const [id, { number }] of first)
      stepPlan(plan, { type: 'polled', id, number, report: report(), nowMs: 10, chance });
    const fewer = pollers.slice(0, 2);
    for (const { planned, poller } of ofType(tick(plan, 30_000, fewer), 'poll')) {
      const before = first.get(planned.source.id)!.poller;
      if (before !== 'poller_3') expect(poller).toBe(before);
      else expect(poller).not.toBe('poller_3');
    }
  });

  it('asks again on its own grid, and makes nothing good that was missed', () => {
    const plan = begun('a');
    const [poll] = ofType(tick(plan, 0), 'poll');
    expect(ofType(tick(plan, 70_000), 'poll')).toEqual([]);
    const effects = stepPlan(plan, {
      ...{ type: 'polled', id: 'a', number: poll!.number, report: report(), nowMs: 70_000, chance },
    });
    expect(ofType(effects, 'wake')).toEqual([{ type: 'wake', atMs: 90_000 }]);
  });

  it('comes back after 1 to 30 s where nobody was reached, half of it by chance', () => {
    expect([1, 2, 3, 6, 60].map((failures) => retryMs(failures, 0))).toEqual([
      1_000, 2_000, 4_000, 30_000, 30_000,
    ]);
    expect(retryMs(6, 1)).toBe(15_000);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, by) => {
          const ms = retryMs(failures, by);
          expect(ms).toBeGreaterThanOrEqual(pollRetryMsMin);
          expect(ms).toBeLessThanOrEqual(pollRetryMsMax);
        },
      ),
    );
  });

  it('keeps what was taken when a poll fails, and asks from the beginning for a source that was changed', () => {
    const plan = begun('a');
    for (const [code, nowMs] of [
      ['ok', 0],
      ['unreachable', 30_000],
    ] as const) {
      const [poll] = ofType(tick(plan, nowMs), 'poll');
      stepPlan(plan, { type: 'polled', id: 'a', number: poll!.number, report: report(code), nowMs, chance });
    }
    const planned = plan.sources.get('a')!;
    expect(planned.state?.code).toBe('unreachable');
    expect(sequencesOf(planned)).toEqual({ 'snmp\ta': 's1' });
    stepPlan(plan, { type: 'rows', rows: [{ source: sourceOf('a', 2), state: null }], nowMs: 40_000 });
    expect(sequencesOf(plan.sources.get('a')!)).toEqual({});
  });

  it('goes on from what was written under an earlier holder', () => {
    const state: SourceState = { version: 1, ...report('ok', 's9') };
    const plan = newPlan();
    stepPlan(plan, { type: 'rows', rows: [{ source: sourceOf('a'), state }], nowMs: 0 });
    expect(sequencesOf(plan.sources.get('a')!)).toEqual({ 'snmp\ta': 's9' });
  });

  it('ends what is under way of a source that is removed or changed, and of all when the tenant is suspended', () => {
    const plan = begun('a', 'b', 'c');
    tick(plan, 0);
    const removed = stepPlan(plan, {
      type: 'rows',
      rows: [rowsOf('a')[0]!, { source: sourceOf('b', 2), state: null }],
      nowMs: 1,
    });
    expect(
      ofType(removed, 'cancel')
        .map(({ id }) => id)
        .sort(),
    ).toEqual(['b', 'c']);
    const suspended = stepPlan(plan, { type: 'suspended', suspended: true });
    expect(ofType(suspended, 'cancel').map(({ id }) => id)).toEqual(['a']);
    expect(ofType(tick(plan, 60_000), 'poll')).toEqual([]);
    stepPlan(plan, { type: 'suspended', suspended: false });
    expect(ofType(tick(plan, 60_000), 'poll')).toHaveLength(2);
  });

  it('waits for a poller of the partition', () => {
    const plan = newPlan();
    stepPlan(plan, { type: 'rows', rows: [], nowMs: 0 });
    stepPlan(plan, { type: 'rows', rows: [{ source: sourceOf('a', 1, 'north'), state: null }], nowMs: 0 });
    expect(ofType(tick(plan, 0, [{ name: 'p', partitions: ['south'] } as never]), 'poll')).toEqual([]);
    expect(ofType(tick(plan, 1_000, [{ name: 'p', partitions: ['north'] } as never]), 'poll')).toHaveLength(
      1,
    );
  });

  it('whatever happens, asks no source twice at once, no more than allowed, and never waits for ever', () => {
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 60 }), (events) => {
        const history = new History();
        for (const one of events) history.take(one);
        expect(history.askedInTheEnd()).toBe(history.plan.sources.size);
      }),
      { numRuns: 60 },
    );
  });
});

const ids = Array.from({ length: pollsAtOncePerTenantMax + 5 }, (_, at) => `s${at}`);

type Happening =
  | { type: 'later'; aheadMs: number; there: number }
  | { type: 'answer'; at: number; code: string }
  | { type: 'gone'; poller: string }
  | { type: 'rows'; upTo: number; version: number }
  | { type: 'suspended'; suspended: boolean };

const happening: fc.Arbitrary<Happening> = fc.oneof(
  fc.record({
    type: fc.constant('later' as const),
    aheadMs: fc.integer({ min: 0, max: 200_000 }),
    there: fc.integer({ min: 0, max: 3 }),
  }),
  fc.record({
    type: fc.constant('answer' as const),
    at: fc.nat(ids.length - 1),
    code: fc.constantFrom('ok', 'unreachable'),
  }),
  fc.record({ type: fc.constant('gone' as const), poller: fc.constantFrom('poller_1', 'poller_2') }),
  fc.record({
    type: fc.constant('rows' as const),
    upTo: fc.nat(ids.length),
    version: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ type: fc.constant('suspended' as const), suspended: fc.boolean() }),
);

/** A book beside the plan: what is under way by what it was told to do. */
class History {
  readonly plan = begun(...ids);
  private readonly underWay = new Map<string, number>();
  private nowMs = 0;

  take(one: Happening): void {
    const { plan, nowMs } = this;
    if (one.type === 'later') this.later(one.aheadMs, pollers.slice(0, one.there));
    else if (one.type === 'answer') this.answer(ids[one.at]!, one.code);
    else if (one.type === 'gone') {
      for (const [id, planned] of plan.sources)
        if (planned.underWay?.poller === one.poller) this.underWay.delete(id);
      this.perform(stepPlan(plan, { ...one, nowMs, chance }));
    } else if (one.type === 'rows') {
      const wanted = ids.slice(0, one.upTo);
      const rows = wanted.map((id) => ({ source: sourceOf(id, one.version), state: null }));
      this.perform(stepPlan(plan, { type: 'rows', rows, nowMs }));
    } else this.perform(stepPlan(plan, one));
    if (this.underWay.size > pollsAtOncePerTenantMax) throw new Error('more than allowed at once');
  }

  /** When all answers were lost: how many sources are asked in the 200 s after. */
  askedInTheEnd(): number {
    this.take({ type: 'suspended', suspended: false });
    this.later(pollMsMax + pollAnswerGraceMs + pollRetryMsMax, pollers);
    const asked = new Set<string>();
    for (let round = 0; round < 200; round += 1) {
      this.later(1_000, pollers);
      for (const id of [...this.underWay.keys()]) {
        asked.add(id);
        this.answer(id, 'ok');
      }
    }
    return asked.size;
  }

  private later(aheadMs: number, there: typeof pollers): void {
    this.nowMs += aheadMs;
    this.perform(tick(this.plan, this.nowMs, there));
  }

  private answer(id: string, code: string): void {
    const number = this.underWay.get(id) ?? 0;
    this.underWay.delete(id);
    const { nowMs } = this;
    this.perform(stepPlan(this.plan, { type: 'polled', id, number, report: report(code), nowMs, chance }));
  }

  private perform(effects: PlanEffect[]): void {
    for (const one of effects) {
      if (one.type === 'cancel') this.underWay.delete(one.id);
      else if (one.type === 'poll') {
        if (this.underWay.has(one.planned.source.id)) throw new Error('asked twice at once');
        this.underWay.set(one.planned.source.id, one.number);
      }
    }
  }
}
