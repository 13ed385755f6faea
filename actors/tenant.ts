/**
 * A tenant on its core: holds the lease, the checks, and the scheduler and health monitor that run while the lease is
 * held. Without it, it waits in `standby`. Whatever ends one of the three ends all; the restart asks for the lease
 * again and accounts for what was missed.
 */
import { defineActor, type Info, messageOf, type Ref } from '../runtime/index.ts';
import { answer } from './answer-later.ts';
import { giveUp } from './give-up.ts';
import { healthMonitor } from './health-monitor.ts';
import {
  archivedLookBackMs,
  checksRereadMs,
  lateGrantMs,
  leaseRetryJitterMs,
  leaseRetryMs,
} from './limits.ts';
import { type TenantProtocol, tenantKey, type WriterProtocol } from './messages.ts';
import type { Check, CheckStateRow } from './ports/check.ts';
import type { LeaseAnswer } from './ports/lease-store.ts';
import type { AccountedCheck } from './ports/result-store.ts';
import { scheduler } from './scheduler.ts';
import { dayStartMs } from './standstill.ts';
import {
  addChecks,
  editCheck,
  explainCheck,
  removeCheck,
  reread,
  restoreCheck,
  runNow,
  takeChecks,
} from './tenant-checks.ts';
import { isSuspended, startListings, startReconciler, startSources, startSweeps } from './tenant-sources.ts';
import {
  liveChecks,
  nameMetadataOf,
  partKeys,
  runningOf,
  type TenantNeeds,
  type TenantSelf,
  type TenantState,
} from './tenant-state.ts';

interface Loaded {
  epoch: number;
  databaseOffsetMs: number;
  checks: Check[];
  accounted: AccountedCheck[];
  gapsToday: number;
}

export function tenant(needs: TenantNeeds) {
  return defineActor<TenantState, TenantProtocol>({
    name: 'tenant',
    trapExit: true,
    init(self, tenantId) {
      self.register(`tenant:${tenantId}`);
      const state: TenantState = {
        tenantId,
        terms: needs.termsOf(tenantId),
        running: null,
        checks: new Map(),
        checksVersion: 0,
        epoch: null,
        refusedBy: null,
        asking: null,
        unsureUntilMs: 0,
        rereading: false,
        rereadAgain: false,
        isUnsureOfChecks: false,
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
      editCheck: (self, checkId, edit, by, why) =>
        answer(self, () => editCheck(self, needs, checkId, edit, { by, why })),
      removeCheck: (self, checkId, by = 'system', why = null) =>
        answer(self, () => removeCheck(self, needs, checkId, { by, why })),
      restoreCheck: (self, checkId, by, why) =>
        answer(self, () => restoreCheck(self, needs, checkId, { by, why })),
      runNow: (self, checkId) => answer(self, () => runNow(self, checkId)),
      explainCheck: (self, checkId) => answer(self, () => explainCheck(self, needs, checkId)),
      totals: (self) => answer(self, async () => await self.call(runningOf(self).scheduler).totals()),
    },
    cast: {
      fenced(self, epoch) {
        if (self.state.running !== null && self.state.epoch === epoch) self.stop('fenced');
      },
      checksChanged: (self) => reread(self, needs),
      confirm: (self) => confirm(self, needs),
      overtaken(self, epoch) {
        if (self.state.running !== null && self.state.running.epoch < epoch) self.stop('fenced');
      },
      leaseFree(self) {
        if (self.state.waiting === null) return;
        self.cancel(self.state.waiting);
        askLease(self, needs);
      },
      terms(self, terms) {
        self.state.terms = terms;
        tellTerms(self, needs);
      },
    },
    info: (self, info) => handleInfo(self, needs, info),
    terminate: (self, reason) => giveUp(self, needs, reason),
  });
}

function handleInfo(self: TenantSelf, needs: TenantNeeds, info: Info): void {
  if (info.type === 'timeout' && info.tag === 'confirm') confirm(self, needs);
  else if (info.type === 'timeout' && info.tag === 'reread') reread(self, needs);
  else if (info.type === 'timeout') askLease(self, needs);
  else if (info.type === 'done' && info.tag === 'lease') {
    leased(self, needs, info.value as LeaseAnswer | null, info.error);
  } else if (info.type === 'done' && info.tag === 'checks') {
    takeChecks(self, needs, info.value as Check[] | null);
  } else if (info.type === 'done' && info.tag === 'confirmed') {
    confirmed(self, info.value as LeaseAnswer | null);
  } else if (info.type === 'done' && info.tag === 'loaded') {
    loaded(self, needs, info.value as Loaded | null, info.error);
  } else if (info.type === 'done' && info.error !== null) throw info.error;
  else if (info.type === 'exit') self.stop(`a part ended: ${info.reason}`);
}

function askLease(self: TenantSelf, needs: TenantNeeds): void {
  self.state.waiting = null;
  const { node, boot } = needs.cluster;
  self.state.asking = needs.leases.acquire(self.state.tenantId, node, boot);
  self.pipe(self.state.asking, 'lease');
}

/** A tree that writes nothing for hours would not be told that its lease is somebody else's. */
function confirm(self: TenantSelf, needs: TenantNeeds): void {
  if (self.state.epoch === null || self.state.asking !== null) return;
  const { node, boot } = needs.cluster;
  self.state.asking = needs.leases.acquire(self.state.tenantId, node, boot);
  self.pipe(self.state.asking, 'confirmed');
}

function confirmed(self: TenantSelf, lease: LeaseAnswer | null): void {
  const { state } = self;
  noteAnswer(self, lease);
  if (lease === null) self.after(leaseRetryMs, 'confirm');
  else if (!lease.granted) self.stop('fenced');
  else if (lease.epoch !== state.epoch) {
    // It was free, and is ours again under another epoch: what was written since the last row may be somebody else's.
    state.epoch = lease.epoch;
    self.stop('fenced');
  }
}

/** What had no answer before may still be taken up for a while after this one. */
function noteAnswer(self: TenantSelf, lease: LeaseAnswer | null): void {
  const { state } = self;
  state.asking = null;
  if (lease === null) state.unsureUntilMs = Number.POSITIVE_INFINITY;
  else if (state.unsureUntilMs === Number.POSITIVE_INFINITY)
    state.unsureUntilMs = self.monotonicMs() + lateGrantMs;
}

function leased(self: TenantSelf, needs: TenantNeeds, lease: LeaseAnswer | null, error: unknown): void {
  const { tenantId } = self.state;
  noteAnswer(self, lease);
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
  if (writer !== null) await self.call(writer, 30_000).flush(tenantId);
  const nowMs = self.monotonicMs() + databaseOffsetMs;
  const checks = await needs.checks.list(tenantId, Math.floor(nowMs - archivedLookBackMs));
  const accounted = await needs.results.accounted(tenantId);
  const gapsToday = await needs.results.gapInstants(tenantId, dayStartMs(nowMs));
  return { epoch, databaseOffsetMs, checks, accounted, gapsToday };
}

function tellTerms(self: TenantSelf, needs: TenantNeeds): void {
  const { running, terms, tenantId } = self.state;
  if (running === null) return;
  needs.cluster.names.update(tenantKey(tenantId), nameMetadataOf(self.state, running.epoch));
  self.cast(running.scheduler).terms(terms);
  if (running.sources !== null) self.cast(running.sources).terms(isSuspended(terms));
  if (running.sweeps !== null) self.cast(running.sweeps).terms(isSuspended(terms));
  if (running.listings !== null) self.cast(running.listings).terms(isSuspended(terms));
}

function loaded(self: TenantSelf, needs: TenantNeeds, load: Loaded | null, error: unknown): void {
  const { tenantId } = self.state;
  if (load === null) {
    self.log('warn', 'the tenant could not be loaded', { tenant: tenantId, error: messageOf(error) });
    self.state.waiting = self.after(leaseRetryMs, 'ask');
    return;
  }
  if (isNamedElsewhere(self, needs, load.epoch)) return;
  const writer = needs.writer();
  if (writer === null) throw new Error('this core has no writer');
  self.state.checks = new Map(load.checks.map((check) => [check.id, check]));
  self.state.refusedBy = null;
  self.pipe(startParts(self, needs, load, writer), 'started');
}

/**
 * A name that another core still shows would be kept by that one, and this tree be ended for it again and again. The other
 * is told; when its name goes, or after a while, the lease is asked for again.
 */
function isNamedElsewhere(self: TenantSelf, needs: TenantNeeds, epoch: number): boolean {
  const { names, node } = needs.cluster;
  const { tenantId } = self.state;
  const other = names.lookup<TenantProtocol>(tenantKey(tenantId));
  const isElsewhere = (ref: Ref | null) => ref !== null && ref.node !== node;
  const parts = partKeys.map((keyOf) => names.lookup(keyOf(tenantId)));
  if (other !== null && isElsewhere(other)) self.cast(other).overtaken(epoch);
  // The parts' names may be there a moment longer than the tenant's own.
  else if (!parts.some(isElsewhere)) return false;
  self.state.waiting = self.after(leaseRetryMs, 'ask');
  return true;
}

async function startParts(self: TenantSelf, needs: TenantNeeds, load: Loaded, writer: Ref<WriterProtocol>) {
  const { tenantId } = self.state;
  const { cluster } = needs;
  const { epoch, databaseOffsetMs, checks, accounted, gapsToday } = load;
  const { terms } = self.state;
  const health = await self.startLink(healthMonitor({ cluster }), tenantId, epoch, writer);
  const states = accounted.flatMap(({ state }) => (state === null ? [] : [state as CheckStateRow]));
  self.cast(health).adopt(liveChecks(self.state), states);
  const allowAll = needs.allowAll(tenantId);
  const start = { tenantId, epoch, allowAll, databaseOffsetMs, terms, gapsToday, writer, health };
  const schedulerRef = await self.startLink(scheduler({ cluster, checks, accounted }), start);
  const sources = await startSources(self, needs, epoch);
  const listings = await startListings(self, needs, epoch);
  const sweeps = await startSweeps(self, needs, epoch);
  const reconciler = await startReconciler(self, needs, epoch);
  self.state.running = { epoch, scheduler: schedulerRef, health, sources, listings, sweeps, reconciler };
  cluster.names.register(tenantKey(tenantId), self.ref, nameMetadataOf(self.state, epoch));
  if (self.state.rereadAgain) reread(self, needs);
  self.after(checksRereadMs + self.random() * checksRereadMs, 'reread');
  // They may have changed while the parts were started.
  if (self.state.terms !== terms) tellTerms(self, needs);
  self.log('info', 'tenant active', { tenant: tenantId, epoch, checks: self.state.checks.size });
}
