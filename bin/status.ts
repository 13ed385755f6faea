/**
 * Health at a glance, as any node can tell it: members, names, and what the tenants' actors and the writers answer.
 * The tenants that ought to run are rows: a node with the store reads them, any other asks a core; when neither has an
 * answer, those that do run are known.
 */
import { type TenantProtocol, tenantKey, type WriterProtocol, type WriterTotals } from '../actors/index.ts';
import { type ClusterNode, type Coordinator, platformTenant } from '../cluster/index.ts';
import type { Ref } from '../runtime/index.ts';
import type { Store } from '../store/index.ts';
import { statusAnswerMs } from './limits.ts';

export interface StatusView {
  status: 'ok' | 'degraded';
  coordinator: string | null;
  coordinator_by: Coordinator['by'];
  coordinator_epoch: number | null;
  nodes_up: number;
  tenants: number;
  checks: number;
  pollers: number;
  agents: number;
  results_per_s: number;
  splits: number;
  because: string[];
}

interface TenantSeen {
  id: string;
  /** For people: the slug where it is known. */
  shown: string;
}

/** `store`: null on a node that has none. */
export function declareStatus(node: ClusterNode, store: Pick<Store, 'tenants'> | null): void {
  if (store !== null) node.declare('status_tenants', { access: 'node', run: () => activeTenants(store) });
  node.declare('status', { access: 'read', run: () => status(node, store) });
}

/** With the database away those that run are still known. */
async function tenantsOf(
  node: ClusterNode,
  store: Pick<Store, 'tenants'> | null,
  because: string[],
): Promise<TenantSeen[]> {
  // A customer's node is told of its own tenant alone.
  if (node.tenant !== null) return runningTenants(node);
  const asked = store === null ? tenantsOfCore(node) : activeTenants(store);
  const rows = await inTime(node, answer(asked));
  if (rows !== null) return rows;
  because.push('the rows of the tenants could not be read: those that run are counted');
  return runningTenants(node);
}

async function tenantsOfCore(node: ClusterNode): Promise<TenantSeen[]> {
  const core = node.coordinator().node ?? '';
  return (await node.procedures.ask(core, 'status_tenants', null, statusAnswerMs)) as TenantSeen[];
}

function inTime<T>(node: ClusterNode, asked: Promise<T | null>): Promise<T | null> {
  return new Promise((resolve) => {
    const cancel = node.system.clock.timer(statusAnswerMs, () => resolve(null));
    void asked.then((value) => {
      cancel();
      resolve(value);
    });
  });
}

async function activeTenants({ tenants }: Pick<Store, 'tenants'>): Promise<TenantSeen[]> {
  const rows = await tenants.list();
  return rows.filter((row) => row.status === 'active').map(({ id, slug }) => ({ id, shown: slug }));
}

function runningTenants(node: ClusterNode): TenantSeen[] {
  const names = node.names.list({ kind: 'tenant' });
  return [...new Set(names.map(({ key }) => key.tenant))].map((id) => ({ id, shown: id }));
}

async function status(node: ClusterNode, store: Pick<Store, 'tenants'> | null): Promise<StatusView> {
  // A customer's node that is away is no fault of ours.
  const members = node.members.list().filter((one) => one.tenant === null);
  const because: string[] = [];
  for (const one of members) {
    if (one.status === 'down' || one.status === 'suspect')
      because.push(`${one.name} is ${one.because.at(-1)}`);
  }
  const split = node.members.split();
  if (split !== null)
    because.push(`the network is split: ${split.here.join(' ')} here, ${split.there.join(' ')} cut off`);
  const tenants = await tenantsOf(node, store, because);
  const [checks, resultsPerS] = await Promise.all([
    Promise.all(tenants.map((one) => checksOf(node, one, because))),
    ratesOf(node, because),
  ]);
  // By their names, not by their processes: what counts is that the actor is there.
  const count = (kind: string) => node.names.list({ tenant: platformTenant, kind }).length;
  const pollers = count('poller');
  const agents = count('agent');
  const coordinator = node.coordinator();
  if (pollers === 0) because.push('no poller is up: no check runs');
  if (agents === 0) because.push('no agent is up: no check runs');
  return {
    status: because.length === 0 ? 'ok' : 'degraded',
    coordinator: coordinator.node,
    coordinator_by: coordinator.by,
    coordinator_epoch: coordinator.epoch,
    nodes_up: members.filter((one) => one.status === 'up').length,
    tenants: tenants.length,
    checks: checks.reduce((sum, one) => sum + one, 0),
    pollers,
    agents,
    results_per_s: Math.round(resultsPerS * 10) / 10,
    splits: split === null ? 0 : 1,
    because,
  };
}

async function checksOf(node: ClusterNode, { id, shown }: TenantSeen, because: string[]): Promise<number> {
  const ref = node.names.lookup<TenantProtocol>(tenantKey(id));
  const totals = ref === null ? null : await answer(node.system.call(ref, statusAnswerMs).totals());
  if (totals === null) because.push(`no core runs tenant ${shown} now`);
  return totals?.checks ?? 0;
}

/** Results stored in a second, by all writers together. */
async function ratesOf(node: ClusterNode, because: string[]): Promise<number> {
  const writers = node.names.list({ tenant: platformTenant, kind: 'writer' });
  const totals = await Promise.all(
    writers.map(({ ref }) => answer(node.system.call(ref as Ref<WriterProtocol>, statusAnswerMs).totals())),
  );
  let perS = 0;
  for (const [at, one] of totals.entries()) {
    const name = writers[at]!.node;
    if (one === null) because.push(`the writer of ${name} does not answer`);
    else if (one.storeAway)
      because.push(`${name} cannot reach the store: ${one.buffered} results wait${lostOf(one)}`);
    perS += one?.resultsPerS ?? 0;
  }
  return perS;
}

/** Past what its memory is to hold. */
function lostOf({ droppedNow }: WriterTotals): string {
  return droppedNow > 0 ? `, ${droppedNow} became gaps (buffer_full), since no more can wait` : '';
}

function answer<T>(asked: Promise<T>): Promise<T | null> {
  return asked.catch(() => null);
}
