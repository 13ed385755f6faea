/**
 * What the contract suites of the store's ports need of an implementation: the ports over one and the same data, and
 * a way to let a session run out without waiting for it.
 */
import type { NewCheck, ResultRow } from '../../actors/ports/check.ts';
import type { CheckStore } from '../../actors/ports/check-store.ts';
import type { CoordinatorStore } from '../../actors/ports/coordinator-store.ts';
import type { DeviceStore } from '../../actors/ports/device-store.ts';
import type { LeaseStore } from '../../actors/ports/lease-store.ts';
import type { PlanStore } from '../../actors/ports/plan-store.ts';
import type { ResultStore, TenantWrite } from '../../actors/ports/result-store.ts';
import type { TenantLives } from '../../actors/ports/tenant-lives.ts';
import type { TenantStore } from '../../actors/ports/tenant-store.ts';

export interface StoreSetup {
  tenants: TenantStore;
  lives: TenantLives;
  plans: PlanStore;
  checks: CheckStore;
  devices: DeviceStore;
  leases: LeaseStore;
  coordinator: CoordinatorStore;
  results: ResultStore;
  /** Lets the node's session end a moment ago, as if it had not been renewed. */
  expireSession(node: string): Promise<void>;
}

let serial = 0;

/** Names that no other test of this process uses. */
export function unique(prefix: string): string {
  serial += 1;
  return `${prefix}-${serial}`;
}

export async function newTenant(setup: StoreSetup): Promise<string> {
  const answer = await setup.tenants.create(unique('tenant'), 'A tenant');
  if ('refused' in answer) throw new Error(`no tenant: ${answer.detail}`);
  return answer.tenant.id;
}

export const newCheck = (name: string, intervalMs = 1_000): NewCheck => ({
  name,
  kind: 'tcp',
  target: '192.0.2.1',
  port: 80,
  partition: 'default',
  intervalMs,
  timeoutMs: 500,
  retries: 3,
  settings: {},
});

export const result = (
  checkId: string,
  dueAtMs: number,
  status: ResultRow['status'] = 'success',
): ResultRow =>
  status === 'skipped'
    ? {
        checkId,
        dueAtMs,
        startedAtMs: null,
        latencyMs: null,
        status,
        reason: 'no agent',
        agent: null,
        poller: null,
      }
    : {
        checkId,
        dueAtMs,
        startedAtMs: dueAtMs + 3,
        latencyMs: 1.25,
        status,
        reason: null,
        agent: 'agent_1',
        poller: 'poller_1',
      };

/** A node with a live session that holds the tenant's lease; `write` fills in what a test leaves out. */
export async function holderOf(setup: StoreSetup, tenantId: string) {
  const node = unique('core');
  const boot = 1;
  await setup.leases.renewSession(node, boot);
  const lease = await setup.leases.acquire(tenantId, node, boot);
  if (!lease.granted) throw new Error('the lease of a new tenant was refused');
  const { epoch } = lease;
  const write = (rows: Partial<TenantWrite>) =>
    setup.results.write(node, boot, [
      { tenantId, epoch, results: [], gaps: [], late: [], watermarks: [], states: [], ...rows },
    ]);
  return { node, boot, epoch, write };
}

export const everything = { checkId: null, sinceMs: null, limit: 100_000 };
