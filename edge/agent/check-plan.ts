/**
 * When an agent runs which check: the same instants that whoever accounts for them has, from its own clock alone. Pure but for
 * its own state, which has thousands of checks. A check that still runs at its next instant is left out there; instants that
 * were slept through are not made up for.
 */
import { phaseOf } from '../../checks/index.ts';
import type { PlannedCheck } from './planned-check.ts';

interface Planned {
  readonly check: PlannedCheck;
  readonly nextMs: number;
  readonly isRunning: boolean;
}

export interface CheckPlan {
  readonly checks: Map<string, Planned>;
  /** Instants at which a check still ran, or nothing did. */
  readonly missed: number;
}

export type PlanEvent =
  | { readonly type: 'config'; readonly checks: readonly PlannedCheck[]; readonly nowMs: number }
  | { readonly type: 'tick'; readonly nowMs: number }
  | { readonly type: 'finished'; readonly checkId: string };

export interface Due {
  readonly check: PlannedCheck;
  readonly dueAtMs: number;
}

export interface PlanStep {
  readonly plan: CheckPlan;
  readonly run: readonly Due[];
}

export function newPlan(): CheckPlan {
  return { checks: new Map(), missed: 0 };
}

export function stepPlan(plan: CheckPlan, event: PlanEvent): PlanStep {
  if (event.type === 'config') return { plan: configure(plan, event.checks, event.nowMs), run: [] };
  if (event.type === 'tick') return tick(plan, event.nowMs);
  const one = plan.checks.get(event.checkId);
  if (one === undefined) return { plan, run: [] };
  plan.checks.set(event.checkId, { ...one, isRunning: false });
  return { plan, run: [] };
}

/** When to look next; null when there is nothing to run. */
export function nextLookMs({ checks }: CheckPlan): number | null {
  let nextMs: number | null = null;
  for (const one of checks.values()) if (nextMs === null || one.nextMs < nextMs) nextMs = one.nextMs;
  return nextMs;
}

function configure(plan: CheckPlan, given: readonly PlannedCheck[], nowMs: number): CheckPlan {
  const checks = new Map<string, Planned>();
  for (const check of given) {
    const before = plan.checks.get(check.id);
    const isSame = before?.check.intervalMs === check.intervalMs;
    const nextMs = isSame ? before.nextMs : instantAfter(check, nowMs);
    checks.set(check.id, { check, nextMs, isRunning: before?.isRunning ?? false });
  }
  return { ...plan, checks };
}

function tick(plan: CheckPlan, nowMs: number): PlanStep {
  const { checks } = plan;
  const run: Due[] = [];
  let { missed } = plan;
  for (const [id, one] of checks) {
    const { check, nextMs, isRunning } = one;
    if (nextMs > nowMs) {
      // A clock that was set back must not keep a check waiting for the old time.
      if (nextMs > nowMs + check.intervalMs) checks.set(id, { ...one, nextMs: instantAfter(check, nowMs) });
      continue;
    }
    const afterMs = instantAfter(check, nowMs);
    const dueAtMs = afterMs - check.intervalMs;
    missed += Math.max(0, Math.round((dueAtMs - nextMs) / check.intervalMs)) + (isRunning ? 1 : 0);
    if (!isRunning) run.push({ check, dueAtMs });
    checks.set(id, { check, nextMs: afterMs, isRunning: true });
  }
  return { plan: { checks, missed }, run };
}

/** The first instant of the check's grid that is after `ms`. */
export function instantAfter({ id, intervalMs }: PlannedCheck, ms: number): number {
  const phaseMs = phaseOf(id, intervalMs);
  return (Math.floor((ms - phaseMs) / intervalMs) + 1) * intervalMs + phaseMs;
}
