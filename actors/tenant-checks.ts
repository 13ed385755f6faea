/** What a tenant does with its checks for callers: adds, removes, runs and explains them. Refused with a `TenantRefusal`. */
import { gapsOf } from './explain-gaps.ts';
import { viewOf } from './health-monitor.ts';
import { archivedKeptMs, checksPerMessageMax, checksPerTenantMax } from './limits.ts';
import type { TenantTerms } from './messages.ts';
import { judgeNewCheck } from './new-check.ts';
import type { NewCheck } from './ports/check.ts';
import type { Asked } from './ports/check-store.ts';
import { TenantRefusal } from './tenant-refusal.ts';
import { liveChecks, runningOf, type TenantNeeds, type TenantSelf } from './tenant-state.ts';

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
  const added = await needs.checks.add(tenantId, checks, checksMax);
  for (const check of added) self.state.checks.set(check.id, check);
  self.cast(running.scheduler).added(added);
  self.cast(running.health).adopt(added, []);
  return added.map((check) => viewOf(check));
}

export async function removeCheck(self: TenantSelf, needs: TenantNeeds, checkId: string, asked: Asked) {
  const running = runningOf(self);
  mayChange(self);
  const removed = await needs.checks.remove(self.state.tenantId, checkId, asked);
  if (removed === null) return null;
  self.state.checks.delete(checkId);
  self.cast(running.scheduler).removed(removed);
  self.cast(running.health).forget(checkId);
  return viewOf(removed);
}

export async function restoreCheck(self: TenantSelf, needs: TenantNeeds, checkId: string, asked: Asked) {
  const running = runningOf(self);
  mayChange(self);
  if (liveChecks(self.state).length >= checksPerTenantMax) {
    throw new TenantRefusal('too_many_checks', `a tenant has at most ${checksPerTenantMax} checks`);
  }
  const terms = { liveMax: self.state.terms.checksMax, keptMs: archivedKeptMs };
  const restored = await needs.checks.restore(self.state.tenantId, checkId, { ...asked, ...terms });
  if (restored === null) return null;
  self.state.checks.set(checkId, restored);
  self.cast(running.scheduler).restored(restored);
  self.cast(running.health).adopt([restored], []);
  return viewOf(restored);
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
    because: [...because, ...suspension(self.state.terms), schedule, accounted, gaps],
  };
}

export async function runNow(self: TenantSelf, checkId: string) {
  const running = runningOf(self);
  mayChange(self);
  return self.state.checks.has(checkId) ? await self.call(running.scheduler).runNow(checkId) : null;
}

function suspension({ suspendedSinceMs }: TenantTerms): string[] {
  if (suspendedSinceMs === null) return [];
  return [`the tenant is suspended since ${new Date(suspendedSinceMs).toISOString()}: nothing runs`];
}
