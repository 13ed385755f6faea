/**
 * The scheduler of a tenant: performs what accounting.ts decides. One timer for all checks; jobs go to pollers in
 * batches; rows go to the core's writer, results also to the health monitor. Its clock is the database's, read with the
 * lease and carried on by this node's monotonic clock.
 */
import type { Cluster, NameEvent } from '../cluster/index.ts';
import { defineActor, type Ref, type Self } from '../runtime/index.ts';
import { type AccountingEvent, account, isOpen } from './accounting.ts';
import { forgetPoller, handOut, takeBack } from './handing.ts';
import { type Dispatch, jobOf } from './job.ts';
import { batchItemsMax, batchMs, noPollerWaitMs, pollerLookMs } from './limits.ts';
import {
  type Job,
  type NotRun,
  type PollerProtocol,
  platformTenant,
  pollerKey,
  type SchedulerProtocol,
  schedulerKey,
  type WriterRows,
} from './messages.ts';
import { pollerDoor } from './poller-door.ts';
import type { Check, ResultRow } from './ports/check.ts';
import type { AccountedCheck } from './ports/result-store.ts';
import { nextDue } from './schedule.ts';
import { newState, type SchedulerState } from './scheduler-state.ts';

export interface SchedulerNeeds {
  cluster: Cluster;
  /** What there is at the start: not sent as a message, since it can be large. */
  checks: readonly Check[];
  accounted: readonly AccountedCheck[];
}

type SchedulerSelf = Self<SchedulerState>;

/** Why a new holder of the lease finds instants that nothing covers. */
export const notHeldReason = 'no_core';

export function scheduler({ cluster, checks, accounted }: SchedulerNeeds) {
  return defineActor<SchedulerState, SchedulerProtocol>({
    name: 'scheduler',
    init(self, start) {
      self.state = newState(start, self.monotonicMs());
      const changed = () => self.cast(self.ref).pollersChanged();
      for (const tenant of [platformTenant, start.tenantId])
        cluster.names.watch({ tenant, kind: 'poller' }, changed, self.signal);
      watchAgents(self, cluster);
      pollersChanged(self, cluster);
      const { terms, gapsToday } = start;
      const nowMs = now(self);
      apply(self, cluster, {
        type: 'adopt',
        checks,
        accounted,
        nowMs,
        reason: notHeldReason,
        terms,
        gapsToday,
      });
      cluster.names.register(schedulerKey(start.tenantId), self.ref, {});
      self.spawnLink(pollerDoor({ cluster }), start.tenantId, self.ref);
      return self.state;
    },
    call: {
      totals: ({ state }) => ({
        checks: [...state.accounting.checks.values()].filter(({ check }) => check.archivedAtMs === null)
          .length,
        pending: state.accounting.pending,
        late: state.accounting.late,
      }),
      due: (self, checkId) => dueOf(self, checkId),
      runNow: (self, checkId) => runNow(self, cluster, checkId),
    },
    cast: {
      added: (self, added) => apply(self, cluster, { type: 'added', checks: added, nowMs: now(self) }),
      terms: (self, terms) => apply(self, cluster, { type: 'terms', terms, nowMs: now(self) }),
      removed: (self, check) => apply(self, cluster, { type: 'removed', check }),
      changed: (self, check) => apply(self, cluster, { type: 'changed', check, nowMs: now(self) }),
      restored: (self, check) => apply(self, cluster, { type: 'restored', check, nowMs: now(self) }),
      results(self, rows) {
        const nowMs = now(self);
        apply(self, cluster, ...rows.map((row): AccountingEvent => ({ type: 'result', row, nowMs })));
      },
      notRun(self, items) {
        for (const item of items) takeBack(self.state, item.checkId, item.dueAtMs);
        const nowMs = now(self);
        apply(self, cluster, ...items.map((item) => eventOf(item, nowMs)));
      },
      pollersChanged: (self) => pollersChanged(self, cluster),
      agentNamed(self, type, entry) {
        if (!self.state.edge.changed(type, entry) || self.state.losing) return;
        self.state.losing = true;
        self.after(batchMs, 'agents');
      },
    },
    info(self, info) {
      if (info.type === 'timeout' && info.tag === 'tick') {
        self.state.timer = null;
        apply(self, cluster, { type: 'tick', nowMs: now(self) });
      } else if (info.type === 'timeout' && info.tag === 'agents') agentsLost(self, cluster);
      else if (info.type === 'timeout') look(self, cluster);
      else if (info.type === 'down') pollerDown(self, cluster, info.monitor);
    },
  });
}

function runNow(self: SchedulerSelf, cluster: Cluster, checkId: string): { due_at: string } | null {
  const { extra } = self.state.accounting;
  const before = extra.get(checkId);
  if (before !== undefined && before.expiresAtMs > now(self)) return { due_at: instant(before.dueMs)! };
  apply(self, cluster, { type: 'run_now', checkId, nowMs: now(self) });
  const asked = extra.get(checkId);
  return asked === undefined ? null : { due_at: instant(asked.dueMs)! };
}

function eventOf({ checkId, dueAtMs, reason, as }: NotRun, nowMs: number): AccountingEvent {
  const instant = { checkId, dueAtMs, reason };
  return as === 'again' ? { type: 'returned', ...instant, nowMs } : { type: 'not_run', ...instant, as };
}

function dueOf(self: SchedulerSelf, checkId: string) {
  const tracked = self.state.accounting.checks.get(checkId);
  if (tracked === undefined) return null;
  return {
    next_due_at: instant(nextDue(tracked.check.schedule, now(self))?.dueMs ?? null),
    pending: tracked.pending.map(({ dueMs }) => instant(dueMs)!),
    watermark: instant(tracked.watermarkMs),
  };
}

/** Database milliseconds. */
function now(self: SchedulerSelf): number {
  return Math.floor(self.monotonicMs() + self.state.start.databaseOffsetMs);
}

function instant(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** What events of one message give out goes on as one message to each. */
function apply(self: SchedulerSelf, cluster: Cluster, ...events: AccountingEvent[]): void {
  const { state } = self;
  const dispatches: Dispatch[] = [];
  const rows: Required<WriterRows> = {
    results: [],
    late: [],
    gaps: [],
    watermarks: [],
    states: [],
    traces: [],
  };
  const seen: ResultRow[] = [];
  for (const effect of events.flatMap((event) => account(state.accounting, event))) {
    switch (effect.type) {
      case 'dispatch':
        dispatches.push(effect);
        break;
      case 'wake':
        wake(self, effect.atMs);
        break;
      case 'result':
        takeBack(state, effect.row.checkId, effect.row.dueAtMs);
        rows.results.push({ row: effect.row, intervalMs: effect.intervalMs });
        rows.traces.push(...state.traces.end(effect.row, null));
        seen.push(effect.row);
        break;
      case 'late':
        rows.late.push(effect.row);
        seen.push(effect.row);
        break;
      case 'gap':
        takeBack(state, effect.row.checkId, effect.row.toMs);
        state.traces.end({ checkId: effect.row.checkId, dueAtMs: effect.row.toMs }, effect.row.reason);
        rows.gaps.push(effect.row);
        break;
      case 'watermark':
        rows.watermarks.push(effect.row);
        break;
    }
  }
  const { tenantId, epoch, writer, health } = state.start;
  if (rows.results.length + rows.late.length + rows.gaps.length + rows.watermarks.length > 0) {
    self.cast(writer).write(tenantId, epoch, rows);
  }
  if (seen.length > 0) self.cast(health).results(seen);
  if (dispatches.length > 0) hand(self, cluster, dispatches);
}

function wake(self: SchedulerSelf, atMs: number): void {
  if (self.state.timer !== null) self.cancel(self.state.timer);
  self.state.timer = self.after(Math.max(1, atMs - now(self)), 'tick');
}

/** Chooses a poller for each, and sends each poller its jobs. */
function hand(self: SchedulerSelf, cluster: Cluster, dispatches: readonly Dispatch[]): void {
  const { state } = self;
  const batches = new Map<string, { job: Job; dispatch: Dispatch }[]>();
  const candidates = state.pollers.candidates();
  const unrun: AccountingEvent[] = [];
  for (const dispatch of dispatches) {
    // It may have been written off while it waited for a poller.
    if (!isOpen(state.accounting, dispatch.check.id, dispatch.dueAtMs)) continue;
    const handing = handOut(state, candidates, dispatch);
    if (handing.type === 'nobody') park(self, cluster, dispatch);
    if (handing.type === 'refused') unrun.push(notRun(dispatch, handing.reason, handing.as));
    if (handing.type !== 'poller') continue;
    const { poller, agentId } = handing;
    state.hadPollerMs = self.monotonicMs();
    const trace = state.traces.begin(self.tracing, state.start.tenantId, dispatch, poller);
    const handout = { job: jobOf(state.start, dispatch, now(self), agentId, trace), dispatch };
    const batch = batches.get(poller);
    if (batch === undefined) batches.set(poller, [handout]);
    else batch.push(handout);
  }
  if (unrun.length > 0) apply(self, cluster, ...unrun);
  for (const [name, batch] of batches) {
    const ref = cluster.names.lookup<PollerProtocol>(pollerKey(name));
    for (let at = 0; at < batch.length; at += batchItemsMax) {
      const part = batch.slice(at, at + batchItemsMax);
      const sent = ref !== null && self.cast(ref).run(part.map(({ job }) => job));
      if (sent) continue;
      for (const { dispatch } of part) {
        takeBack(state, dispatch.check.id, dispatch.dueAtMs);
        park(self, cluster, dispatch);
      }
    }
  }
}

/**
 * A poller that restarts is to cost no gap: the instant waits a moment before it is given up. Not when there was none
 * for longer than that already: then instants follow each other into one gap.
 */
function park(self: SchedulerSelf, cluster: Cluster, dispatch: Dispatch): void {
  const nowMs = self.monotonicMs();
  self.state.parked.push(dispatch);
  // Oldest first, so that they are one gap.
  if (nowMs - self.state.hadPollerMs >= noPollerWaitMs) {
    for (const one of self.state.parked.splice(0)) apply(self, cluster, notRun(one, 'no_poller', 'gap'));
  }
  lookLater(self);
}

function notRun({ check, dueAtMs }: Dispatch, reason: string, as: 'gap' | 'skipped'): AccountingEvent {
  return { type: 'not_run', checkId: check.id, dueAtMs, reason, as };
}

function lookLater(self: SchedulerSelf): void {
  if (self.state.looking) return;
  self.state.looking = true;
  self.after(pollerLookMs, 'look');
}

/** Once more at who is there: a link may have been lost and be back while its poller's name never went. */
function look(self: SchedulerSelf, cluster: Cluster): void {
  self.state.looking = false;
  pollersChanged(self, cluster);
  const parked = self.state.parked.splice(0);
  if (parked.length > 0) hand(self, cluster, parked);
  if (self.state.pollers.size === 0 || self.state.parked.length > 0) lookLater(self);
}

function pollersChanged(self: SchedulerSelf, cluster: Cluster): void {
  const { state } = self;
  state.pollers.refresh(self, cluster, (name) => pollerGone(self, cluster, name));
  if (state.parked.length > 0 && state.pollers.size > 0) hand(self, cluster, state.parked.splice(0));
}

function pollerDown(self: SchedulerSelf, cluster: Cluster, monitor: number): void {
  const name = self.state.pollers.monitored(monitor);
  if (name !== null && self.state.pollers.drop(self, name)) pollerGone(self, cluster, name);
  lookLater(self);
}

/** What it had is handed out again. */
function pollerGone(self: SchedulerSelf, cluster: Cluster, name: string): void {
  forgetPoller(self.state, name);
  apply(self, cluster, { type: 'poller_lost', poller: name, nowMs: now(self) });
}

/** By what happens, not by a look at all: a tenant may have thousands of them. */
function watchAgents(self: SchedulerSelf, cluster: Cluster): void {
  const { tenantId: tenant } = self.state.start;
  const ref = self.ref as Ref<SchedulerProtocol>;
  const told = ({ type, entry }: NameEvent) => {
    // The tenant's own nodes are found by the pollers that they work for.
    if (entry.metadata.edge === true) self.cast(ref).agentNamed(type, entry);
  };
  cluster.names.watch({ tenant, kind: 'agent' }, told, self.signal);
}

function agentsLost(self: SchedulerSelf, cluster: Cluster): void {
  const { state } = self;
  state.losing = false;
  const isThere = (partition: string, agent: string) => state.edge.runsItself(partition, agent);
  apply(self, cluster, { type: 'agents_lost', isThere, nowMs: now(self) });
}
