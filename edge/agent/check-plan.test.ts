import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueAtOrBefore } from '../../actors/messages.ts';
import { type CheckPlan, instantAfter, newPlan, nextLookMs, stepPlan } from './check-plan.ts';
import type { PlannedCheck } from './planned-check.ts';

const check = (id: string, intervalMs: number): PlannedCheck => ({
  ...{ id, intervalMs, kind: 'tcp', target: '192.0.2.1', port: 80, timeoutMs: 1_000, settings: {} },
});
const startMs = 1_760_000_000_000;
const checks = fc.uniqueArray(
  fc.record({ id: fc.stringMatching(/^chk_[a-z2-7]{6}$/), intervalMs: fc.integer({ min: 1, max: 60 }) }),
  { selector: ({ id }) => id, minLength: 1, maxLength: 8 },
);

describe('the plan of checks', () => {
  it('comes to the instants that whoever accounts for them has', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 3_600 }), fc.nat(1e9), (id, seconds, ms) => {
        const one = check(id, seconds * 1_000);
        const nextMs = instantAfter(one, startMs + ms);
        expect(dueAtOrBefore(id, one.intervalMs, nextMs)).toBe(nextMs);
        expect(dueAtOrBefore(id, one.intervalMs, nextMs - 1)).toBeLessThanOrEqual(startMs + ms);
      }),
    );
  });

  it('runs each check at each of its instants, once, when it is looked at in time', () => {
    fc.assert(
      fc.property(checks, fc.integer({ min: 1_000, max: 200_000 }), (given, lengthMs) => {
        const planned = given.map(({ id, intervalMs }) => check(id, intervalMs * 1_000));
        let plan = stepPlan(newPlan(), { type: 'config', checks: planned, nowMs: startMs }).plan;
        const ran: string[] = [];
        for (let nowMs = nextLookMs(plan)!; nowMs <= startMs + lengthMs; nowMs = nextLookMs(plan)!) {
          const step = stepPlan(plan, { type: 'tick', nowMs });
          plan = step.plan;
          for (const due of step.run) {
            ran.push(`${due.check.id} ${due.dueAtMs}`);
            expect(due.dueAtMs).toBe(nowMs);
            plan = stepPlan(plan, { type: 'finished', checkId: due.check.id }).plan;
          }
        }
        const wanted: string[] = [];
        for (const one of planned)
          for (let ms = instantAfter(one, startMs); ms <= startMs + lengthMs; ms += one.intervalMs)
            wanted.push(`${one.id} ${ms}`);
        expect(ran.sort()).toEqual(wanted.sort());
        expect(plan.missed).toBe(0);
      }),
    );
  });

  it('never runs a check twice at once nor two times for one instant, whatever the clock does', () => {
    const moves = fc.array(
      fc.record({ byMs: fc.integer({ min: -50_000, max: 90_000 }), finish: fc.boolean() }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(checks, moves, (given, steps) => {
        const planned = given.map(({ id, intervalMs }) => check(id, intervalMs * 1_000));
        let plan: CheckPlan = stepPlan(newPlan(), { type: 'config', checks: planned, nowMs: startMs }).plan;
        const running = new Set<string>();
        let nowMs = startMs;
        for (const { byMs, finish } of steps) {
          nowMs += byMs;
          const step = stepPlan(plan, { type: 'tick', nowMs });
          plan = step.plan;
          for (const { check: one, dueAtMs } of step.run) {
            expect(running.has(one.id)).toBe(false);
            expect(dueAtMs).toBeLessThanOrEqual(nowMs);
            expect(nowMs - dueAtMs).toBeLessThan(one.intervalMs);
            running.add(one.id);
          }
          for (const { nextMs, check: one } of plan.checks.values())
            expect(nextMs - nowMs).toBeLessThanOrEqual(one.intervalMs);
          if (finish)
            for (const checkId of running) plan = stepPlan(plan, { type: 'finished', checkId }).plan;
          if (finish) running.clear();
        }
      }),
    );
  });

  it('counts instants at which a check still ran or the machine slept, and runs the last of them', () => {
    const one = check('chk_a', 10_000);
    let plan = stepPlan(newPlan(), { type: 'config', checks: [one], nowMs: startMs }).plan;
    const firstMs = nextLookMs(plan)!;
    const late = stepPlan(plan, { type: 'tick', nowMs: firstMs + 35_000 });
    expect(late.run).toEqual([{ check: one, dueAtMs: firstMs + 30_000 }]);
    expect(late.plan.missed).toBe(3);
    plan = stepPlan(late.plan, { type: 'tick', nowMs: firstMs + 40_000 }).plan;
    expect(plan.missed).toBe(4);
  });

  it('keeps the next instant of a check that a new config leaves as it is', () => {
    const [a, b] = [check('chk_a', 10_000), check('chk_b', 10_000)];
    const plan = stepPlan(newPlan(), { type: 'config', checks: [a], nowMs: startMs }).plan;
    const next = stepPlan(plan, { type: 'config', checks: [a, b], nowMs: startMs + 60_000 }).plan;
    expect(next.checks.get('chk_a')!.nextMs).toBe(plan.checks.get('chk_a')!.nextMs);
    expect(stepPlan(next, { type: 'config', checks: [b], nowMs: startMs }).plan.checks.has('chk_a')).toBe(
      false,
    );
  });
});
