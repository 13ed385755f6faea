/** What a tenant does with its checks for callers: adds, changes, removes, runs and explains them. Refused with a `TenantRefusal`. */
import { isCustomersNetwork } from './dispatch.ts';
import { gapsOf } from './explain-gaps.ts';
import { viewOf } from './health-monitor.ts';
import {
  archivedKeptMs,
  archivedLookBackMs,
  batchMs,
  checksPerMessageMax,
  checksPerTenantMax,
  checksRereadMs,
  leaseRetryMs,
} from './limits.ts';
import { type TenantTerms, tenantKey } from './messages.ts';
import { judgeNewCheck, knownEdit } from './new-check.ts';
import type { Check, CheckEdit, NewCheck } from './ports/check.ts';
import type { Asked } from './ports/check-store.ts';
import { isNewer } from './schedule-change.ts';
import { TenantRefusal } from './tenant-refusal.ts';
import {
  liveChecks,
  nameMetadataOf,
  type Running,
  runningOf,
  type TenantNeeds,
  type TenantSelf,
} from './tenant-state.ts';

/** Those of a suspended tenant may be looked at, nothing else. */
function mayChange(self: TenantSelf): void {
  if (self.state.terms.suspendedSinceMs === null) return;
  throw new TenantRefusal('tenant_suspended', 'the tenant is suspended: what it has can only be read');
}

export async function addChecks(self: TenantSelf, needs: TenantNeeds, checks: NewCheck[]) {
  const { tenantId } = self.state;
  const running = runningOf(self);
  mayChange(self);
  const { checksMax } = self.state.terms;
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
  const added = await unlessUnsure(self, needs, needs.checks.add(tenantId, checks, checksMax));
  begin(self, needs, running, added);
  return added.map((check) => viewOf(check));
}

export async function editCheck(
  self: TenantSelf,
  needs: TenantNeeds,
  checkId: string,
  asked: CheckEdit,
  by: Asked,
) {
  const { tenantId, checks } = self.state;
  const running = runningOf(self);
  mayChange(self);
  const edit = knownEdit(asked);
  if (edit === null) throw new TenantRefusal('bad_check', 'nothing is said that could be changed');
  const before = checks.get(checkId);
  if (before === undefined || before.archivedAtMs !== null) return null;
  const refused = judgeNewCheck({ ...before, ...edit }, { allowAll: needs.allowAll(tenantId) });
  if (refused !== null) throw new TenantRefusal(refused.code, `${before.name}: ${refused.detail}`);
  const edited = await unlessUnsure(self, needs, needs.checks.edit(tenantId, checkId, edit, by));
  if (edited === null) return null;
  // It may have been read already, or be changed once more.
  const known = checks.get(checkId);
  if (known !== undefined && isNewer(edited, known)) goOn(self, needs, running, edited);
  const [view] = await self.call(running.health).views([edited]);
  return view!;
}

export async function removeCheck(self: TenantSelf, needs: TenantNeeds, checkId: string, asked: Asked) {
  const running = runningOf(self);
  mayChange(self);
  const removed = await unlessUnsure(self, needs, needs.checks.remove(self.state.tenantId, checkId, asked));
  if (removed === null) return null;
  end(self, needs, running, removed);
  return viewOf(removed);
}

/** Who keeps the tenant's checks is told by its name that there are others. */
function changed(self: TenantSelf, { cluster }: TenantNeeds): void {
  const { state } = self;
  state.checksVersion += 1;
  if (state.running === null) return;
  cluster.names.update(tenantKey(state.tenantId), nameMetadataOf(state, state.running.epoch));
}

function begin(self: TenantSelf, needs: TenantNeeds, running: Running, checks: readonly Check[]): void {
  const added = checks.filter(({ id }) => !self.state.checks.has(id));
  if (added.length === 0) return;
  for (const check of added) self.state.checks.set(check.id, check);
  changed(self, needs);
  self.cast(running.scheduler).added(added);
  self.cast(running.health).adopt(added, []);
}

function end(self: TenantSelf, needs: TenantNeeds, running: Running, removed: Check): void {
  const isKnown = self.state.checks.has(removed.id);
  // Kept: a reading that is older than this must not bring it back.
  self.state.checks.set(removed.id, removed);
  changed(self, needs);
  // One that was added while the lease moved is unknown here, and what was due of it until now is accounted for all the same.
  if (isKnown) self.cast(running.scheduler).removed(removed);
  else self.cast(running.scheduler).added([removed]);
  self.cast(running.health).forget(removed.id);
}

/** A store that went away may have done it all the same: then what there is is read again, as soon as it can be. */
async function unlessUnsure<T>(self: TenantSelf, needs: TenantNeeds, done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'store_unavailable') {
      self.state.isUnsureOfChecks = true;
      reread(self, needs);
    }
    throw error;
  }
}

export function reread(self: TenantSelf, needs: TenantNeeds): void {
  const { state } = self;
  // Whoever waited for an answer may have ended meanwhile, and the next one reads anyway.
  if (self.signal.aborted) return;
  if (state.rereading) {
    // The reading that is under way may be of before the change.
    state.rereadAgain = true;
    return;
  }
  state.rereadAgain = false;
  state.rereading = true;
  const sinceMs = Math.floor(self.wallMs() - archivedLookBackMs);
  self.pipe(needs.checks.list(state.tenantId, sinceMs), 'checks');
}

/** Null: they could not be read. */
export function takeChecks(self: TenantSelf, needs: TenantNeeds, checks: readonly Check[] | null): void {
  const { running, checks: known } = self.state;
  self.state.rereading = false;
  if (checks === null) self.after(leaseRetryMs, 'reread');
  else if (self.state.rereadAgain) self.after(batchMs, 'reread');
  else if (self.state.isUnsureOfChecks) {
    // What had no answer may still be on its way to the store.
    self.state.isUnsureOfChecks = false;
    self.after(checksRereadMs, 'reread');
  }
  // The parts start by an earlier reading.
  if (running === null) self.state.rereadAgain = true;
  if (checks === null || running === null) return;
  begin(
    self,
    needs,
    running,
    checks.filter(({ archivedAtMs }) => archivedAtMs === null),
  );
  for (const check of checks) {
    const before = known.get(check.id);
    // The reading may be older than what is known.
    if (before === undefined || !isNewer(check, before)) continue;
    if (check.archivedAtMs !== null) end(self, needs, running, check);
    else if (before.archivedAtMs !== null) comeBack(self, needs, running, check);
    else goOn(self, needs, running, check);
  }
}

export async function restoreCheck(self: TenantSelf, needs: TenantNeeds, checkId: string, asked: Asked) {
  const running = runningOf(self);
  mayChange(self);
  if (liveChecks(self.state).length >= checksPerTenantMax) {
    throw new TenantRefusal('too_many_checks', `a tenant has at most ${checksPerTenantMax} checks`);
  }
  const terms = { liveMax: self.state.terms.checksMax, keptMs: archivedKeptMs };
  const restored = await unlessUnsure(
    self,
    needs,
    needs.checks.restore(self.state.tenantId, checkId, { ...asked, ...terms }),
  );
  if (restored === null) return null;
  const known = self.state.checks.get(checkId);
  if (known === undefined || isNewer(restored, known)) comeBack(self, needs, running, restored);
  return viewOf(restored);
}

/** By another version of its schedule, and by another definition. */
function goOn(self: TenantSelf, needs: TenantNeeds, running: Running, edited: Check): void {
  self.state.checks.set(edited.id, edited);
  changed(self, needs);
  self.cast(running.scheduler).changed(edited);
  self.cast(running.health).changed(edited);
}

function comeBack(self: TenantSelf, needs: TenantNeeds, running: Running, restored: Check): void {
  self.state.checks.set(restored.id, restored);
  changed(self, needs);
  self.cast(running.scheduler).restored(restored);
  self.cast(running.health).adopt([restored], []);
}

export async function explainCheck(self: TenantSelf, needs: TenantNeeds, checkId: string) {
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
    because: [...because, ...suspension(self.state.terms), ...whoseAlone(check), schedule, accounted, gaps],
  };
}

export async function runNow(self: TenantSelf, checkId: string) {
  const running = runningOf(self);
  mayChange(self);
  return self.state.checks.get(checkId)?.archivedAtMs === null
    ? await self.call(running.scheduler).runNow(checkId)
    : null;
}

function whoseAlone({ partition }: Check): string[] {
  if (!isCustomersNetwork(partition)) return [];
  return [`only the tenant's agents in partition ${partition} run it; while none can it is a gap`];
}

function suspension({ suspendedSinceMs }: TenantTerms): string[] {
  if (suspendedSinceMs === null) return [];
  return [`the tenant is suspended since ${new Date(suspendedSinceMs).toISOString()}: nothing runs`];
}
