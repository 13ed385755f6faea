/**
 * Has a tenant's sweeps run, for as long as its core holds the lease: when they are due, or when somebody asks; performs what
 * sweep-plan.ts decides. Between the tenant's rows, the agents that sweep (sweep-edge.ts, sweep-runner.ts) and who looks on.
 */
import { defineActor, type Info } from '../runtime/index.ts';
import { answer } from './answer-later.ts';
import { platformTenant, sweepKeeperKey } from './names.ts';
import { askSlice, type EdgeWord, newsOf } from './sweep-edge.ts';
import type { SweepKeeperProtocol } from './sweep-messages.ts';
import { askLater, perform } from './sweep-perform.ts';
import { newSweepPlan, stepSweeps } from './sweep-plan.ts';
import { beginRun, progressOf, readRows, type SweepRead, stopRun, taken } from './sweep-rows.ts';
import { runnersThere } from './sweep-runners.ts';
import type { SweepHands, SweepKeeperNeeds, SweepKeeperSelf, SweepKeeperState } from './sweep-state.ts';

export function sweepKeeper(given: SweepKeeperNeeds) {
  const { cluster } = given;
  const needs: SweepHands = {
    ...given,
    step(self, event) {
      for (const effect of stepSweeps(self.state.plan, event)) perform(self, needs, effect);
    },
    tick: (self) => tick(self, needs),
    read: (self) => read(self, needs),
  };
  return defineActor<SweepKeeperState, SweepKeeperProtocol>({
    name: 'sweep_keeper',
    init(self, tenantId, epoch, allowAll, suspended) {
      const plan = newSweepPlan();
      stepSweeps(plan, { type: 'suspended', suspended });
      self.state = {
        ...{ tenantId, epoch, allowAll, plan, sweeps: new Map(), startedAtMs: new Map(), latest: new Map() },
        ...{ beginning: new Set(), edge: new Map(), runners: new Map(), monitors: new Map() },
        ...{ stopping: new Map(), reading: false, readAgain: false },
        ...{ readTimer: null, tickTimer: null, askTimer: null },
      };
      cluster.names.register(sweepKeeperKey(tenantId), self.ref, {});
      const changed = () => self.cast(self.ref).runnersChanged();
      cluster.names.watch({ tenant: platformTenant, kind: 'sweep_runner' }, changed, self.signal);
      cluster.names.watch({ tenant: tenantId, kind: 'agent' }, changed, self.signal);
      read(self, needs);
      return self.state;
    },
    call: {
      run: (self, sweepId, by) => answer(self, () => beginRun(self, needs, sweepId, by)),
      stop: (self, sweepId, by) => answer(self, () => stopRun(self, needs, sweepId, by)),
      progress: (self, sweepId) => progressOf(self.state, sweepId),
      totals: ({ state }) => ({
        sweeps: state.sweeps.size,
        running: state.plan.runs.size,
        slices: [...state.plan.runs.values()].reduce((sum, { assigned }) => sum + assigned.size, 0),
      }),
    },
    cast: {
      changed: (self) => read(self, needs),
      terms(self, suspended) {
        needs.step(self, { type: 'suspended', suspended });
        tick(self, needs);
      },
      runnersChanged: (self) => tick(self, needs),
      sliceProgress(self, runId, slice, number, counts) {
        needs.step(self, { type: 'progress', runId, slice, number, counts, nowMs: self.monotonicMs() });
      },
      sliceDone(self, runId, number, outcome) {
        needs.step(self, { type: 'done', runId, outcome, number, nowMs: self.monotonicMs() });
        tick(self, needs);
      },
      sliceLost(self, runId, slice, number, why) {
        needs.step(self, { type: 'lost', runId, slice, number, why, nowMs: self.monotonicMs() });
        tick(self, needs);
      },
    },
    info: (self, info) => handleInfo(self, needs, info),
  });
}

function handleInfo(self: SweepKeeperSelf, needs: SweepHands, info: Info): void {
  const { state } = self;
  if (info.type === 'timeout' && info.tag === 'read') read(self, needs);
  else if (info.type === 'timeout' && info.tag === 'ask') askAll(self);
  else if (info.type === 'timeout' && info.tag === 'again') (info.data as () => void)();
  else if (info.type === 'timeout') {
    state.tickTimer = null;
    tick(self, needs);
  } else if (info.type === 'done' && info.tag === 'read') {
    state.reading = false;
    taken(self, needs, info.value as SweepRead | null, info.error);
    if (state.readAgain) read(self, needs);
  } else if (info.type === 'done' && info.tag === 'edge') hear(self, needs, info.value as EdgeWord);
  else if (info.type === 'down') {
    const gone = state.monitors.get(info.monitor);
    state.monitors.delete(info.monitor);
    if (gone === undefined) return;
    needs.step(self, { type: 'gone', runner: gone.runner, why: 'agent_lost', nowMs: self.monotonicMs() });
    tick(self, needs);
  }
}

function read(self: SweepKeeperSelf, needs: SweepHands): void {
  const { state } = self;
  state.readAgain = state.reading;
  if (state.reading) return;
  state.reading = true;
  if (state.readTimer !== null) self.cancel(state.readTimer);
  state.readTimer = null;
  self.pipe(readRows(self, needs), 'read');
}

/** Most tenants sweep nothing at most times: then nothing is looked at. */
function tick(self: SweepKeeperSelf, needs: SweepHands): void {
  const { state } = self;
  if (state.plan.runs.size === 0) return;
  state.runners = runnersThere(needs.cluster, state.tenantId);
  needs.step(self, { type: 'tick', runners: [...state.runners.values()], nowMs: self.monotonicMs() });
}

function askAll(self: SweepKeeperSelf): void {
  const { state } = self;
  state.askTimer = null;
  for (const one of state.edge.values()) {
    const asked = askSlice(self, one);
    if (asked !== null) self.pipe(asked, 'edge');
  }
  if (state.edge.size > 0) askLater(self);
}

function hear(self: SweepKeeperSelf, needs: SweepHands, word: EdgeWord): void {
  const one = self.state.edge.get(word.number);
  if (one === undefined) return;
  const news = newsOf(one, word);
  if (news === null) return;
  const { runId, slice, number } = one.job;
  const nowMs = self.monotonicMs();
  if (news.type === 'progress') {
    needs.step(self, { type: 'progress', runId, slice, number, counts: news.counts, nowMs });
    return;
  }
  if (news.type === 'done') self.state.edge.delete(number);
  if (news.type === 'done') needs.step(self, { type: 'done', runId, outcome: news.outcome, number, nowMs });
  else {
    self.log('warn', 'a slice of a sweep came back', { run: runId, slice, agent: one.agent, why: news.why });
    needs.step(self, { type: 'lost', runId, slice, number, why: news.why, nowMs });
  }
  tick(self, needs);
}
