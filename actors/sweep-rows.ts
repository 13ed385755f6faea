/**
 * The rows behind a tenant's keeper of sweeps: read, begun when due or asked for, ended when asked for, and how far a run is.
 * Part of sweep-keeper.ts.
 */
import { judgeSweep, sliceAddressesOf, sliceCount } from '../checks/index.ts';
import { messageOf } from '../runtime/index.ts';
import { isCustomersNetwork } from './dispatch.ts';
import { sweepStoreRetryMs, sweepsReadIdleMs, sweepsReadMs } from './limits.ts';
import type { ClaimedRun, StatedSweep, Sweep, SweepCounts, SweepRun } from './ports/sweep.ts';
import type { SweepProgress } from './sweep-messages.ts';
import { dueSweeps } from './sweep-schedule.ts';
import type { SweepHands, SweepKeeperSelf, SweepKeeperState } from './sweep-state.ts';
import { TenantRefusal } from './tenant-refusal.ts';

export interface SweepRead {
  readonly rows: StatedSweep[];
  readonly claimed: ClaimedRun[];
  /** Runs that were known when the reading began: of a later one it says nothing. */
  readonly known: readonly string[];
}

export async function readRows(self: SweepKeeperSelf, needs: SweepHands): Promise<SweepRead> {
  const { tenantId, epoch, plan } = self.state;
  const known = [...plan.runs.keys()];
  const rows = await needs.sweeps.list(tenantId);
  // Most tenants have none: then nothing more is asked.
  const claimed = rows.length === 0 ? [] : await needs.sweepRuns.claim(tenantId, epoch);
  return { rows, claimed, known };
}

export function taken(
  self: SweepKeeperSelf,
  needs: SweepHands,
  answered: SweepRead | null,
  error: unknown,
): void {
  const { state } = self;
  if (answered === null) {
    self.log('warn', 'sweeps could not be read', { tenant: state.tenantId, error: messageOf(error) });
    state.readTimer = self.after(sweepStoreRetryMs, 'read');
    return;
  }
  const { rows, claimed, known } = answered;
  const nowMs = self.monotonicMs();
  state.sweeps = new Map(rows.map(({ sweep }) => [sweep.id, sweep]));
  for (const { sweep, run } of rows) {
    if (run !== null) state.startedAtMs.set(sweep.id, nowMs - run.ageMs);
  }
  const open = new Set(claimed.map(({ run }) => run.id));
  for (const runId of known)
    if (!open.has(runId) && state.plan.runs.get(runId)?.ending === null)
      needs.step(self, { type: 'forget', runId });
  for (const one of claimed) follow(self, needs, one);
  dueLater(self, needs);
  needs.tick(self);
}

function follow(self: SweepKeeperSelf, needs: SweepHands, claimed: ClaimedRun): void {
  const { state } = self;
  const sweep = state.sweeps.get(claimed.run.sweepId);
  if (sweep === undefined || state.plan.runs.has(claimed.run.id)) return;
  state.latest.set(sweep.id, claimed.run);
  needs.step(self, { type: 'run', open: { ...claimed, sweep }, nowMs: self.monotonicMs() });
}

/** Begins what is due, and looks again when the next one is. */
export function dueLater(self: SweepKeeperSelf, needs: SweepHands): void {
  const { state } = self;
  if (state.readTimer !== null) self.cancel(state.readTimer);
  const nowMs = self.monotonicMs();
  const running = runningOf(state);
  const seen = [...state.sweeps.values()].map((sweep) => ({
    sweep,
    startedAtMs: state.startedAtMs.get(sweep.id) ?? null,
    isRunning: running.has(sweep.id) || state.beginning.has(sweep.id),
  }));
  const { due, nextAtMs } = state.plan.suspended ? { due: [], nextAtMs: null } : dueSweeps(seen, nowMs);
  for (const sweep of due) {
    const what = { tenant: state.tenantId, sweep: sweep.id };
    beginRun(self, needs, sweep.id, 'schedule').catch((error: unknown) => {
      if (!self.signal.aborted)
        self.log('warn', 'a sweep could not begin', { ...what, error: messageOf(error) });
    });
  }
  const everyMs = (state.sweeps.size > 0 ? sweepsReadMs : sweepsReadIdleMs) * (0.75 + self.random() / 2);
  const delayMs = nextAtMs === null ? everyMs : Math.min(everyMs, Math.max(1, nextAtMs - nowMs));
  state.readTimer = self.after(delayMs, 'read');
}

function runningOf({ plan }: SweepKeeperState): Set<string> {
  return new Set([...plan.runs.values()].map(({ open }) => open.sweep.id));
}

export async function beginRun(
  self: SweepKeeperSelf,
  needs: SweepHands,
  sweepId: string,
  by: string,
): Promise<SweepRun> {
  const { state } = self;
  const { tenantId, epoch, beginning } = state;
  if (state.plan.suspended)
    throw new TenantRefusal('tenant_suspended', 'the tenant is suspended: what it has can only be read');
  if (!state.sweeps.has(sweepId)) {
    // It may have been added a moment ago.
    const rows = await needs.sweeps.list(tenantId);
    state.sweeps = new Map(rows.map(({ sweep }) => [sweep.id, sweep]));
  }
  const sweep = state.sweeps.get(sweepId);
  if (sweep === undefined) throw new TenantRefusal('no_such_sweep', `the tenant has no sweep "${sweepId}"`);
  if (runningOf(state).has(sweepId) || beginning.has(sweepId))
    throw new TenantRefusal('sweep_running', `sweep ${sweep.name} is running: see picket sweep show`);
  beginning.add(sweepId);
  try {
    const run = await needs.sweepRuns.begin(tenantId, epoch, sweep, plannedOf(state, sweep), by);
    // Another version of it, or a run that somebody else knows of.
    if (run === null) {
      needs.read(self);
      throw new TenantRefusal('sweep_running', `sweep ${sweep.name} has changed, or is running: try again`);
    }
    state.startedAtMs.set(sweepId, self.monotonicMs());
    self.log('info', 'a sweep begins', {
      tenant: tenantId,
      sweep: sweepId,
      run: run.id,
      slices: run.slices,
      by,
    });
    follow(self, needs, { run, done: [] });
    needs.tick(self);
    return run;
  } finally {
    beginning.delete(sweepId);
  }
}

function plannedOf(state: SweepKeeperState, sweep: Sweep) {
  const judged = judgeSweep(sweep, { allowAll: state.allowAll || isCustomersNetwork(sweep.partition) });
  if (!judged.ok) throw new TenantRefusal(judged.code, judged.detail);
  const { count: addresses } = judged.set;
  const sliceAddresses = sliceAddressesOf(
    addresses,
    sweep.ports.length + (sweep.icmp ? 1 : 0),
    sweep.ratePerS,
  );
  return { addresses, slices: sliceCount(addresses, sliceAddresses), sliceAddresses };
}

export async function stopRun(
  self: SweepKeeperSelf,
  needs: SweepHands,
  sweepId: string,
  by: string,
): Promise<SweepRun> {
  const { state } = self;
  const run = [...state.plan.runs.values()].find(({ open }) => open.sweep.id === sweepId);
  const none = () => new TenantRefusal('sweep_not_running', `sweep "${sweepId}" is not running`);
  if (run === undefined) throw none();
  const runId = run.open.run.id;
  const over = new Promise<SweepRun | null>((resolve) => {
    state.stopping.set(runId, [...(state.stopping.get(runId) ?? []), resolve]);
  });
  needs.step(self, { type: 'stop', runId, why: `stopped by ${by}` });
  const ended = await over;
  if (ended === null) throw none();
  return ended;
}

export function progressOf(state: SweepKeeperState, sweepId: string): SweepProgress | null {
  const plan = [...state.plan.runs.values()].find(({ open }) => open.sweep.id === sweepId);
  if (plan === undefined) return null;
  const run = state.latest.get(sweepId) ?? plan.open.run;
  const underWay = [...plan.assigned.values()].map(({ slice, runner, counts, ratePerS }) => ({
    ...{ slice, agent: runner.slice(runner.lastIndexOf('/') + 1), counts, ratePerS },
  }));
  const counts = [run.counts, ...plan.storing.values(), ...underWay.map((one) => one.counts)].reduce(sumOf);
  return { run, counts, underWay };
}

function sumOf(a: SweepCounts, b: SweepCounts): SweepCounts {
  return {
    ...{ done: a.done + b.done, live: a.live + b.live, refused: a.refused + b.refused },
    ...{ untold: a.untold + b.untold, sent: a.sent + b.sent },
  };
}
