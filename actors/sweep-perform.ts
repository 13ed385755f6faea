/**
 * What a tenant's keeper of sweeps does for its plan: gives slices out and takes them back, writes what became of them, tries
 * again what the store did not take. Part of sweep-keeper.ts.
 */
import { sliceAt } from '../checks/index.ts';
import { messageOf, type Ref } from '../runtime/index.ts';
import { isCustomersNetwork } from './dispatch.ts';
import { sweepAskMs, sweepStoreRetryMs } from './limits.ts';
import type { SweepRun } from './ports/sweep.ts';
import { orderSlice, takeSlice } from './sweep-edge.ts';
import type { SliceJob } from './sweep-messages.ts';
import type { SweepPlanEffect } from './sweep-plan.ts';
import { dueLater } from './sweep-rows.ts';
import type { SweepHands, SweepKeeperSelf } from './sweep-state.ts';

export function perform(self: SweepKeeperSelf, needs: SweepHands, effect: SweepPlanEffect): void {
  const { state } = self;
  const { tenantId, epoch } = state;
  if (effect.type === 'wake') {
    if (state.tickTimer !== null) self.cancel(state.tickTimer);
    state.tickTimer = self.after(Math.max(1, effect.atMs - self.monotonicMs()), 'tick');
  } else if (effect.type === 'assign') assign(self, needs, effect);
  else if (effect.type === 'cancel') cancel(self, effect);
  else if (effect.type === 'redo') {
    const { runId, slice, runner, why } = effect;
    const agent = runner.slice(runner.lastIndexOf('/') + 1);
    self.log('warn', 'a slice of a sweep is for another agent', {
      tenant: tenantId,
      run: runId,
      slice,
      agent,
      why,
    });
    // Told to people alone: what cannot be written is not waited for.
    needs.sweepRuns.sliceRedone(tenantId, epoch, runId, { slice, agent, why }).catch(() => {});
  } else if (effect.type === 'store') {
    const { runId, outcome } = effect;
    written(
      self,
      needs,
      runId,
      () => needs.sweepRuns.sliceDone(tenantId, epoch, runId, outcome),
      (run) => {
        state.latest.set(run.sweepId, run);
        needs.step(self, { type: 'stored', runId, slice: outcome.slice });
      },
    );
  } else {
    const { runId, state: how, why } = effect;
    written(
      self,
      needs,
      runId,
      () => needs.sweepRuns.end(tenantId, epoch, runId, how, why),
      (run) => ended(self, needs, run),
    );
  }
}

function assign(
  self: SweepKeeperSelf,
  needs: SweepHands,
  effect: SweepPlanEffect & { type: 'assign' },
): void {
  const { state } = self;
  const { run: plan, slice, attempt, number, ratePerS } = effect;
  const { run, sweep } = plan.open;
  const runner = state.runners.get(effect.runner)!;
  const { from, to } = sliceAt(run.addresses, run.sliceAddresses, slice);
  const job: SliceJob = {
    ...{ tenantId: state.tenantId, runId: run.id, slice, attempt, number, sweep: sweep.name },
    ...{ partition: sweep.partition, terms: run.terms, addresses: run.addresses, from, to, ratePerS },
    allowAll: state.allowAll || isCustomersNetwork(sweep.partition),
  };
  watch(self, effect.runner, runner.ref as unknown as Ref);
  if (runner.isShared) {
    const sent = self.cast(runner.ref).run(job, self.ref);
    if (sent) return;
    const nowMs = self.monotonicMs();
    needs.step(self, { type: 'lost', runId: run.id, slice, number, why: 'agent_lost', nowMs });
    return;
  }
  const one = { job, agent: runner.agent, ref: runner.ref, commandId: null, beat: '', asking: false };
  state.edge.set(number, one);
  self.pipe(orderSlice(self, one), 'edge');
  askLater(self);
}

/** An agent that dialled another poller has another actor there. */
function watch(self: SweepKeeperSelf, runner: string, ref: Ref): void {
  const { monitors } = self.state;
  for (const [monitor, one] of monitors) {
    if (one.runner !== runner) continue;
    if (one.ref.toString() === ref.toString()) return;
    self.demonitor(monitor);
    monitors.delete(monitor);
  }
  monitors.set(self.monitor(ref), { runner, ref });
}

function cancel(self: SweepKeeperSelf, effect: SweepPlanEffect & { type: 'cancel' }): void {
  const { state } = self;
  const { runId, slice, number, runner } = effect;
  const one = state.edge.get(number);
  if (one !== undefined) {
    state.edge.delete(number);
    takeSlice(self, one);
    return;
  }
  const there = state.runners.get(runner);
  if (there?.isShared === true) self.cast(there.ref).cancel(state.tenantId, runId, slice, number);
}

/** Until the store has it. Null is a later epoch's word, or that of a row that is gone. */
function written(
  self: SweepKeeperSelf,
  needs: SweepHands,
  runId: string,
  write: () => Promise<SweepRun | null>,
  then: (run: SweepRun) => void,
): void {
  const attempt = () => {
    write().then(
      (run) => {
        if (self.signal.aborted) return;
        if (run !== null) then(run);
        else forget(self, needs, runId);
      },
      (error: unknown) => {
        if (self.signal.aborted) return;
        self.log('warn', 'what became of a sweep could not be written', {
          run: runId,
          error: messageOf(error),
        });
        self.after(sweepStoreRetryMs, 'again', attempt);
      },
    );
  };
  attempt();
}

function ended(self: SweepKeeperSelf, needs: SweepHands, run: SweepRun): void {
  const { state } = self;
  const { id, sweepId, state: how, counts, redoneCount, why } = run;
  const { done: addresses, live } = counts;
  const told = {
    tenant: state.tenantId,
    sweep: sweepId,
    run: id,
    state: how,
    addresses,
    live,
    redone: redoneCount,
  };
  self.log(how === 'failed' ? 'warn' : 'info', 'a sweep is over', { ...told, why });
  state.latest.set(sweepId, run);
  forget(self, needs, id, run);
}

function forget(self: SweepKeeperSelf, needs: SweepHands, runId: string, run: SweepRun | null = null): void {
  const { state } = self;
  needs.step(self, { type: 'forget', runId });
  for (const tell of state.stopping.get(runId) ?? []) tell(run);
  state.stopping.delete(runId);
  dueLater(self, needs);
}

/** Edge agents are asked through their actors, and tell nobody by themselves. */
export function askLater(self: SweepKeeperSelf): void {
  self.state.askTimer ??= self.after(sweepAskMs, 'ask');
}
