/**
 * Which slice of which run goes to which agent. Pure but for its own state: a slice is wanted, given to somebody, done, and
 * over when it is in the store. Who is lost, or says nothing for too long, gives its slice back; a slice that is done twice
 * counts once. The shares of all who sweep a run are together never more than its rate.
 */
import {
  sweepAttemptsMax,
  sweepCoolMs,
  sweepNoRunnerMs,
  sweepSilentMs,
  sweepSlicesPerAgentMax,
  sweepSlicesPerRunMax,
  sweepTickMs,
} from './limits.ts';
import { noCounts, type OpenRun, type SliceOutcome, type SweepCounts } from './ports/sweep.ts';
import { type Runner, runnersFor, shareOf } from './sweep-shares.ts';

interface Assignment {
  readonly slice: number;
  readonly runner: string;
  readonly number: number;
  readonly ratePerS: number;
  heardMs: number;
  counts: SweepCounts;
}

export interface RunPlan {
  readonly open: OpenRun;
  /** In the order in which they are given out. */
  pending: number[];
  readonly assigned: Map<number, Assignment>;
  /** Of the rate, by who has a slice: all slices of one agent go at its share together. */
  readonly shares: Map<string, number>;
  /** How often a slice was given out. */
  readonly attempts: Map<number, number>;
  readonly done: Set<number>;
  readonly stored: Set<number>;
  /** Of slices that are done and not in the row yet: what is told of the run has them. */
  readonly storing: Map<number, SweepCounts>;
  /** Whom a slice was taken back from. */
  readonly lostBy: Map<number, string>;
  /** Since when nobody is there to sweep it; null: somebody is. */
  lonelySinceMs: number | null;
  ending: { state: 'complete' | 'stopped' | 'failed'; why: string | null } | null;
}

export interface SweepPlan {
  readonly runs: Map<string, RunPlan>;
  /** Until when an agent that failed is given nothing. */
  readonly cooling: Map<string, number>;
  numbers: number;
  suspended: boolean;
}

export type SweepPlanEvent =
  | { type: 'run'; open: OpenRun; nowMs: number }
  | { type: 'tick'; runners: readonly Runner[]; nowMs: number }
  | { type: 'progress'; runId: string; slice: number; number: number; counts: SweepCounts; nowMs: number }
  | { type: 'done'; runId: string; outcome: SliceOutcome; number: number; nowMs: number }
  | { type: 'lost'; runId: string; slice: number; number: number; why: string; nowMs: number }
  | { type: 'gone'; runner: string; why: string; nowMs: number }
  | { type: 'stored'; runId: string; slice: number }
  | { type: 'stop'; runId: string; why: string }
  | { type: 'suspended'; suspended: boolean }
  /** Its row is not there any more, or somebody else writes it. */
  | { type: 'forget'; runId: string };

export type SweepPlanEffect =
  | {
      type: 'assign';
      run: RunPlan;
      slice: number;
      attempt: number;
      number: number;
      runner: string;
      ratePerS: number;
    }
  | { type: 'cancel'; runId: string; slice: number; number: number; runner: string }
  | { type: 'store'; runId: string; outcome: SliceOutcome }
  | { type: 'redo'; runId: string; slice: number; runner: string; why: string }
  | { type: 'end'; runId: string; state: 'complete' | 'stopped' | 'failed'; why: string | null }
  /** Look again in a moment. */
  | { type: 'wake'; atMs: number };

export function newSweepPlan(): SweepPlan {
  return { runs: new Map(), cooling: new Map(), numbers: 0, suspended: false };
}

export function stepSweeps(plan: SweepPlan, event: SweepPlanEvent): SweepPlanEffect[] {
  const effects: SweepPlanEffect[] = [];
  const run = 'runId' in event ? plan.runs.get(event.runId) : undefined;
  switch (event.type) {
    case 'run':
      if (!plan.runs.has(event.open.run.id))
        plan.runs.set(event.open.run.id, newRun(event.open, event.nowMs));
      break;
    case 'tick':
      tick(plan, event.runners, event.nowMs, effects);
      break;
    case 'progress': {
      const one = run?.assigned.get(event.slice);
      if (one?.number !== event.number) break;
      one.heardMs = event.nowMs;
      one.counts = event.counts;
      break;
    }
    case 'done':
      if (run !== undefined) done(run, event.outcome, event.number, effects);
      break;
    case 'lost':
      if (run?.assigned.get(event.slice)?.number === event.number)
        giveBack(plan, run, event.slice, event.why, event.nowMs, effects);
      break;
    case 'gone':
      for (const one of plan.runs.values())
        for (const { slice, runner } of [...one.assigned.values()])
          if (runner === event.runner) giveBack(plan, one, slice, event.why, event.nowMs, effects);
      break;
    case 'stored':
      run?.stored.add(event.slice);
      run?.storing.delete(event.slice);
      break;
    case 'stop':
      if (run !== undefined) finish(run, 'stopped', event.why, effects);
      break;
    case 'suspended':
      plan.suspended = event.suspended;
      if (event.suspended) for (const one of plan.runs.values()) takeAllBack(one, effects);
      break;
    case 'forget':
      if (run !== undefined) takeAllBack(run, effects);
      plan.runs.delete(event.runId);
      break;
  }
  for (const one of plan.runs.values())
    if (one.ending === null && one.stored.size >= one.open.run.slices)
      finish(one, 'complete', one.open.run.why, effects);
  return effects;
}

function newRun(open: OpenRun, nowMs: number): RunPlan {
  const over = new Set(open.done);
  const pending: number[] = [];
  for (let slice = 0; slice < open.run.slices; slice += 1) if (!over.has(slice)) pending.push(slice);
  return {
    ...{
      open,
      pending,
      assigned: new Map(),
      shares: new Map(),
      attempts: new Map(),
      done: over,
      stored: new Set(over),
      storing: new Map(),
    },
    ...{ lostBy: new Map(), lonelySinceMs: nowMs, ending: null },
  };
}

/** Whoever is slow to say so may still have done it: the first to be done counts, and another is told to stop. */
function done(run: RunPlan, outcome: SliceOutcome, number: number, effects: SweepPlanEffect[]): void {
  const { slice } = outcome;
  if (run.done.has(slice) || run.ending !== null || slice < 0 || slice >= run.open.run.slices) return;
  run.done.add(slice);
  run.storing.set(slice, outcome.counts);
  const one = run.assigned.get(slice);
  run.assigned.delete(slice);
  run.pending = run.pending.filter((other) => other !== slice);
  if (one !== undefined && one.number !== number) effects.push(cancelOf(run, one));
  effects.push({ type: 'store', runId: run.open.run.id, outcome });
}

const cancelOf = (run: RunPlan, { slice, number, runner }: Assignment): SweepPlanEffect => ({
  ...{ type: 'cancel', runId: run.open.run.id, slice, number, runner },
});

function giveBack(
  plan: SweepPlan,
  run: RunPlan,
  slice: number,
  why: string,
  nowMs: number,
  effects: SweepPlanEffect[],
): void {
  const one = run.assigned.get(slice)!;
  run.assigned.delete(slice);
  run.pending.unshift(slice);
  run.lostBy.set(slice, one.runner);
  plan.cooling.set(one.runner, nowMs + sweepCoolMs);
  effects.push(cancelOf(run, one));
  effects.push({ type: 'redo', runId: run.open.run.id, slice, runner: one.runner, why });
  if ((run.attempts.get(slice) ?? 0) < sweepAttemptsMax) return;
  const detail = `slice ${slice} was given out ${sweepAttemptsMax} times: ${why}`;
  finish(run, 'failed', detail, effects);
}

function takeAllBack(run: RunPlan, effects: SweepPlanEffect[]): void {
  for (const one of run.assigned.values()) {
    effects.push(cancelOf(run, one));
    run.pending.unshift(one.slice);
  }
  run.assigned.clear();
}

function finish(
  run: RunPlan,
  state: 'complete' | 'stopped' | 'failed',
  why: string | null,
  effects: SweepPlanEffect[],
): void {
  if (run.ending !== null) return;
  takeAllBack(run, effects);
  run.ending = { state, why };
  effects.push({ type: 'end', runId: run.open.run.id, state, why });
}

function tick(plan: SweepPlan, runners: readonly Runner[], nowMs: number, effects: SweepPlanEffect[]): void {
  for (const [id, untilMs] of plan.cooling) if (untilMs <= nowMs) plan.cooling.delete(id);
  for (const run of plan.runs.values()) {
    for (const { slice, heardMs } of [...run.assigned.values()])
      if (nowMs - heardMs >= sweepSilentMs) giveBack(plan, run, slice, 'agent_silent', nowMs, effects);
  }
  for (const run of plan.runs.values())
    if (run.ending === null && !plan.suspended) assign(plan, run, runners, nowMs, effects);
  if (plan.runs.size > 0) effects.push({ type: 'wake', atMs: nowMs + sweepTickMs });
}

function assign(
  plan: SweepPlan,
  run: RunPlan,
  runners: readonly Runner[],
  nowMs: number,
  effects: SweepPlanEffect[],
): void {
  const { ratePerS, icmp } = run.open.run.terms;
  const fit = runnersFor({ partition: run.open.sweep.partition, icmp }, runners);
  if (fit.length > 0) run.lonelySinceMs = null;
  else {
    run.lonelySinceMs ??= nowMs;
    if (nowMs - run.lonelySinceMs >= sweepNoRunnerMs) finish(run, 'failed', 'no_agent', effects);
    return;
  }
  const loads = loadsOf(plan);
  const own = loadsOf({ runs: new Map([['', run]]) });
  for (const id of [...run.shares.keys()]) if (!own.has(id)) run.shares.delete(id);
  const load = (of: Map<string, number>, { id }: Runner) => of.get(id) ?? 0;
  const share = ({ id }: Runner) =>
    shareOf(ratePerS, run.shares, id, Math.min(fit.length, run.pending.length + run.assigned.size));
  for (;;) {
    const [next] = fit
      .filter((one) => !plan.cooling.has(one.id) && load(own, one) < sweepSlicesPerRunMax)
      .filter((one) => load(loads, one) < sweepSlicesPerAgentMax && share(one) >= 1)
      .sort(
        (a, b) => load(own, a) - load(own, b) || load(loads, a) - load(loads, b) || (a.id < b.id ? -1 : 1),
      );
    if (next === undefined || run.pending.length === 0) return;
    effects.push(give(plan, run, next.id, share(next), nowMs));
    for (const of of [own, loads]) of.set(next.id, (of.get(next.id) ?? 0) + 1);
  }
}

function give(
  plan: SweepPlan,
  run: RunPlan,
  runner: string,
  ratePerS: number,
  nowMs: number,
): SweepPlanEffect & { type: 'assign' } {
  // Another one's slice rather than the one that it could not do, while there is a choice.
  const at = Math.max(
    0,
    run.pending.findIndex((slice) => run.lostBy.get(slice) !== runner),
  );
  const slice = run.pending.splice(at, 1)[0]!;
  plan.numbers += 1;
  const attempt = (run.attempts.get(slice) ?? 0) + 1;
  run.attempts.set(slice, attempt);
  run.shares.set(runner, ratePerS);
  const { numbers: number } = plan;
  run.assigned.set(slice, { slice, runner, number, ratePerS, heardMs: nowMs, counts: noCounts });
  return { type: 'assign', run, slice, attempt, number, runner, ratePerS };
}

function loadsOf(plan: Pick<SweepPlan, 'runs'>): Map<string, number> {
  const loads = new Map<string, number>();
  for (const { assigned } of plan.runs.values())
    for (const { runner } of assigned.values()) loads.set(runner, (loads.get(runner) ?? 0) + 1);
  return loads;
}
