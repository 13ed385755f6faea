/**
 * A tenant on its core: holds the lease, the checks, and the scheduler and health monitor that run while the lease is
 * held. Without it, it waits in `standby`. Whatever ends one of the three ends all; the restart asks for the lease
 * again and accounts for what was missed.
 */
import type { Cluster } from '../cluster/index.ts';
import { defineActor, messageOf, type Ref, type Self } from '../runtime/index.ts';
import { answer } from './answer-later.ts';
import { gapsOf } from './explain-gaps.ts';
import { healthMonitor, viewOf } from './health-monitor.ts';
import {
  archivedLookBackMs,
  checksPerMessageMax,
  checksPerTenantMax,
  flushOnStopMs,
  leaseRetryJitterMs,
  leaseRetryMs,
} from './limits.ts';
import {
  type HealthProtocol,
  type SchedulerProtocol,
  type TenantProtocol,
  tenantKey,
  type WriterProtocol,
} from './messages.ts';
import { judgeNewCheck } from './new-check.ts';
import type { Check, CheckStateRow, NewCheck } from './ports/check.ts';
import type { CheckStore } from './ports/check-store.ts';
import type { LeaseAnswer, LeaseStore } from './ports/lease-store.ts';
import type { AccountedCheck, ResultStore } from './ports/result-store.ts';
import { scheduler } from './scheduler.ts';
import { TenantRefusal } from './tenant-refusal.ts';

export interface TenantNeeds {
  cluster: Cluster;
  checks: CheckStore;
  leases: LeaseStore;
  results: ResultStore;
  writer: () => Ref<WriterProtocol> | null;
  /** A lease that the store did not take back, or perhaps granted (null): nobody else gets it while this core lives. */
  owed(tenantId: string, epoch: number | null): void;
  /** Only for the default tenant of a one-machine cluster. */
  allowAll(tenantId: string): boolean;
}

interface Running {
  epoch: number;
  scheduler: Ref<SchedulerProtocol>;
  health: Ref<HealthProtocol>;
}

interface Loaded {
  epoch: number;
  databaseOffsetMs: number;
  checks: Check[];
  accounted: AccountedCheck[];
}

interface TenantState {
  tenantId: string;
  running: Running | null;
  checks: Map<string, Check>;
  epoch: number | null;
  refusedBy: string | null;
  /** The question for the lease that is under way: an actor that ends must not leave a granted lease behind. */
  asking: Promise<LeaseAnswer> | null;
  /** The last question had no answer: it may have been granted all the same. */
  unsure: boolean;
  /** The timer after which it is asked for again. */
  waiting: number | null;
}

type TenantSelf = Self<TenantState>;

export function tenant(needs: TenantNeeds) {
  return defineActor<TenantState, TenantProtocol>({
    name: 'tenant',
    trapExit: true,
    init(self, tenantId) {
      self.register(`tenant:${tenantId}`);
      const state = {
        tenantId,
        running: null,
        checks: new Map(),
        epoch: null,
        refusedBy: null,
        asking: null,
        unsure: false,
        waiting: null,
      };
      self.state = state;
      const free = () => self.cast(self.ref).leaseFree();
      const filter = { tenant: tenantId, kind: 'tenant' };
      needs.cluster.names.watch(filter, (event) => event.type === 'removed' && free(), self.signal);
      askLease(self, needs);
      return state;
    },
    call: {
      addChecks: (self, checks) => answer(self, () => addChecks(self, needs, checks)),
      listChecks: (self) =>
        answer(self, async () => {
          const { health } = runningOf(self);
          return await self.call(health).views(liveChecks(self.state));
        }),
      removeCheck: (self, checkId) => answer(self, () => removeCheck(self, needs, checkId)),
      runNow: (self, checkId) =>
        answer(self, async () => {
          const running = runningOf(self);
          return self.state.checks.has(checkId) ? await self.call(running.scheduler).runNow(checkId) : null;
        }),
      explainCheck: (self, checkId) => answer(self, () => explainCheck(self, needs, checkId)),
      totals: (self) => answer(self, async () => await self.call(runningOf(self).scheduler).totals()),
    },
    cast: {
      fenced(self, epoch) {
        if (self.state.running !== null && self.state.epoch === epoch) self.stop('fenced');
      },
      leaseFree(self) {
        if (self.state.waiting === null) return;
        self.cancel(self.state.waiting);
        askLease(self, needs);
      },
    },
    info(self, info) {
      if (info.type === 'timeout') askLease(self, needs);
      else if (info.type === 'done' && info.tag === 'lease') {
        leased(self, needs, info.value as LeaseAnswer | null, info.error);
      } else if (info.type === 'done' && info.tag === 'loaded') {
        loaded(self, needs, info.value as Loaded | null, info.error);
      } else if (info.type === 'done' && info.error !== null) throw info.error;
      else if (info.type === 'exit') self.stop(`a part ended: ${info.reason}`);
    },
    terminate: (self, reason) => giveUp(self, needs, reason),
  });
}

/** Ends the parts, brings the last rows to the store, and gives the lease back. */
async function giveUp(self: TenantSelf, needs: TenantNeeds, reason: string): Promise<void> {
  const { running, tenantId, asking } = self.state;
  if (running !== null) {
    self.exit(running.scheduler, 'kill');
    self.exit(running.health, 'kill');
  }
  const answer = await asking?.catch(() => null);
  const epoch = answer?.granted === true ? answer.epoch : self.state.epoch;
  if (epoch === null) {
    if (self.state.unsure || answer === null) needs.owed(tenantId, null);
    return;
  }
  const writer = needs.writer();
  if (writer !== null && reason !== 'fenced')
    await self
      .call(writer, flushOnStopMs)
      .flush()
      .catch(() => {});
  const { node, boot } = needs.cluster;
  await needs.leases.release(tenantId, node, boot, epoch).catch(() => needs.owed(tenantId, epoch));
}

function askLease(self: TenantSelf, needs: TenantNeeds): void {
  self.state.waiting = null;
  const { node, boot } = needs.cluster;
  self.state.asking = needs.leases.acquire(self.state.tenantId, node, boot);
  self.pipe(self.state.asking, 'lease');
}

function leased(self: TenantSelf, needs: TenantNeeds, lease: LeaseAnswer | null, error: unknown): void {
  const { tenantId } = self.state;
  self.state.asking = null;
  self.state.unsure = lease === null;
  if (lease === null) {
    self.log('warn', 'the lease could not be asked for', { tenant: tenantId, error: messageOf(error) });
    self.state.waiting = self.after(leaseRetryMs, 'ask');
    return;
  }
  if (!lease.granted) {
    if (self.state.refusedBy !== lease.holder) {
      self.log('info', 'standby: another core holds the lease', { tenant: tenantId, holder: lease.holder });
    }
    self.state.refusedBy = lease.holder;
    const untilMs = lease.expiresAtMs - lease.databaseNowMs;
    // When the holder's session ends, and each second before: a holder that hands over is not always heard of here.
    const delayMs = Math.min(leaseRetryMs, Math.max(50, untilMs)) + self.random() * leaseRetryJitterMs;
    self.state.waiting = self.after(delayMs, 'ask');
    return;
  }
  self.state.epoch = lease.epoch;
  const databaseOffsetMs = lease.databaseNowMs - self.monotonicMs();
  self.pipe(load(self, needs, lease.epoch, databaseOffsetMs), 'loaded');
}

async function load(
  self: TenantSelf,
  needs: TenantNeeds,
  epoch: number,
  databaseOffsetMs: number,
): Promise<Loaded> {
  const { tenantId } = self.state;
  const writer = needs.writer();
  // What an earlier incarnation of this tree gave the writer must be there before it is asked what is there.
  if (writer !== null) await self.call(writer, 30_000).flush();
  const nowMs = self.monotonicMs() + databaseOffsetMs;
  const checks = await needs.checks.list(tenantId, Math.floor(nowMs - archivedLookBackMs));
  return { epoch, databaseOffsetMs, checks, accounted: await needs.results.accounted(tenantId) };
}

function loaded(self: TenantSelf, needs: TenantNeeds, load: Loaded | null, error: unknown): void {
  const { tenantId } = self.state;
  if (load === null) {
    self.log('warn', 'the tenant could not be loaded', { tenant: tenantId, error: messageOf(error) });
    self.state.waiting = self.after(leaseRetryMs, 'ask');
    return;
  }
  const writer = needs.writer();
  if (writer === null) throw new Error('this core has no writer');
  self.state.checks = new Map(load.checks.map((check) => [check.id, check]));
  self.state.refusedBy = null;
  self.pipe(startParts(self, needs, load, writer), 'started');
}

async function startParts(self: TenantSelf, needs: TenantNeeds, load: Loaded, writer: Ref<WriterProtocol>) {
  const { tenantId } = self.state;
  const { cluster } = needs;
  const { epoch, databaseOffsetMs, checks, accounted } = load;
  const health = await self.startLink(healthMonitor({ cluster }), tenantId, epoch, writer);
  const states = accounted.flatMap(({ state }) => (state === null ? [] : [state as CheckStateRow]));
  self.cast(health).adopt(liveChecks(self.state), states);
  const start = { tenantId, epoch, allowAll: needs.allowAll(tenantId), databaseOffsetMs, writer, health };
  const schedulerRef = await self.startLink(scheduler({ cluster, checks, accounted }), start);
  self.state.running = { epoch, scheduler: schedulerRef, health };
  cluster.names.register(tenantKey(tenantId), self.ref, { status: 'active', epoch });
  self.log('info', 'tenant active', { tenant: tenantId, epoch, checks: self.state.checks.size });
}

function runningOf(self: TenantSelf): Running {
  const { running } = self.state;
  if (running === null)
    throw new TenantRefusal('standby', 'the tenant is not active on this core yet: try again');
  return running;
}

function liveChecks(state: TenantState): Check[] {
  return [...state.checks.values()].filter((check) => check.archivedAtMs === null);
}

async function addChecks(self: TenantSelf, needs: TenantNeeds, checks: NewCheck[]) {
  const { tenantId } = self.state;
  const running = runningOf(self);
  if (checks.length > checksPerMessageMax) {
    throw new TenantRefusal('too_many_checks', `at most ${checksPerMessageMax} checks in one message`);
  }
  const policy = { allowAll: needs.allowAll(tenantId) };
  for (const check of checks) {
    const refused = judgeNewCheck(check, policy);
    if (refused !== null) throw new TenantRefusal(refused.code, `${check.name}: ${refused.detail}`);
  }
  if (liveChecks(self.state).length + checks.length > checksPerTenantMax) {
    throw new TenantRefusal('too_many_checks', `a tenant has at most ${checksPerTenantMax} checks`);
  }
  const added = await needs.checks.add(tenantId, checks);
  for (const check of added) self.state.checks.set(check.id, check);
  self.cast(running.scheduler).added(added);
  self.cast(running.health).adopt(added, []);
  return added.map((check) => viewOf(check));
}

async function removeCheck(self: TenantSelf, needs: TenantNeeds, checkId: string) {
  const running = runningOf(self);
  const removed = await needs.checks.remove(self.state.tenantId, checkId);
  if (removed === null) return null;
  self.state.checks.delete(checkId);
  self.cast(running.scheduler).removed(removed);
  self.cast(running.health).forget(checkId);
  return viewOf(removed);
}

async function explainCheck(self: TenantSelf, needs: TenantNeeds, checkId: string) {
  const running = runningOf(self);
  const check = self.state.checks.get(checkId);
  if (check === undefined) return null;
  const because = (await self.call(running.health).explain(checkId)) ?? ['the check was removed'];
  const [view] = await self.call(running.health).views([check]);
  const due = await self.call(running.scheduler).due(checkId);
  const schedule = `every ${(view!.interval_ms / 1000).toString()} s; next due ${due?.next_due_at ?? 'never'}`;
  const gaps = await gapsOf(needs.results, self.state.tenantId, checkId, self.wallMs());
  const accounted = `accounted for up to ${due?.watermark ?? 'nothing yet'}; ${due?.pending.length ?? 0} under way`;
  return {
    subject: `check ${checkId} (${check.name})`,
    state: view!.state,
    because: [...because, schedule, accounted, gaps],
  };
}
