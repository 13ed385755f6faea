/**
 * What operators' commands ask of a core: declared procedures over the tenants' actors and the store. Thin: a procedure
 * finds the tenant, messages its actor wherever it lives, and shapes the answer for the command line.
 */
import {
  type CheckView,
  type CoreTree,
  type Explanation,
  judgeNewCheck,
  type NewCheck,
  type ResultQuery,
  type Tenant,
  type TenantProtocol,
  tenantKey,
  type WriterProtocol,
} from '../actors/index.ts';
import { type ClusterNode, ProcedureError } from '../cluster/index.ts';
import type { Ref } from '../runtime/index.ts';
import type { Store } from '../store/index.ts';
import { standbyRetryMs, standbyWaitMs } from './limits.ts';
import { gapView, resultView, tenantView } from './views.ts';

export interface StatusView {
  status: 'ok' | 'degraded';
  coordinator: string | null;
  nodes_up: number;
  tenants: number;
  checks: number;
  pollers: number;
  agents: number;
  results_per_s: number;
  splits: number;
  because: string[];
}

export function declareMonitor(
  node: ClusterNode,
  store: Store,
  core: CoreTree,
  ownMachineTenant: string | null,
): void {
  const read = (name: string, run: (argument: never) => unknown) =>
    node.declare(name, { access: 'read', run });
  const write = (name: string, run: (argument: never) => unknown) =>
    node.declare(name, { access: 'write', run });

  read('status', () => status(node, store));
  read('tenant_list', async () => (await store.tenants.list()).map(tenantView));
  write('tenant_create', async ({ slug, name }: { slug: string; name: string }) => {
    const answer = await store.tenants.create(text(slug), text(name));
    if ('refused' in answer) throw new ProcedureError(answer.refused, answer.detail);
    const keeper = core.tenants();
    if (keeper !== null) node.system.cast(keeper).refresh();
    return tenantView(answer.tenant);
  });
  write('check_add', async ({ tenant, checks }: { tenant: string; checks: NewCheck[] }) => {
    const row = await findTenant(store, tenant);
    return await withTenant(node, row, (ref) => node.system.call(ref, 60_000).addChecks(checks));
  });
  read('check_judge', async ({ tenant, checks }: { tenant: string; checks: NewCheck[] }) => {
    const { slug } = await findTenant(store, tenant);
    return firstRefused(checks, slug === ownMachineTenant);
  });
  read('check_list', async ({ tenant }: { tenant: string }): Promise<CheckView[]> => {
    const row = await findTenant(store, tenant);
    return await withTenant(node, row, (ref) => node.system.call(ref).listChecks());
  });
  write('check_remove', ({ tenant, id }: CheckQuestion) =>
    ofCheck(node, store, tenant, id, (ref) => node.system.call(ref).removeCheck(id)),
  );
  write('check_run_now', ({ tenant, id }: CheckQuestion) =>
    ofCheck(node, store, tenant, id, async (ref, row) => {
      const asked = await node.system.call(ref).runNow(id);
      return asked === null ? null : { ...asked, tenant: row.id };
    }),
  );
  read(
    'explain_check',
    ({ tenant, id }: CheckQuestion): Promise<Explanation> =>
      ofCheck(node, store, tenant, id, (ref) => node.system.call(ref).explainCheck(id)),
  );
  read('results', async ({ tenant, query }: { tenant: string; query: ResultQuery }) => {
    const row = await findTenant(store, tenant);
    return (await store.results.results(row.id, query)).map(resultView);
  });
  read('gaps', async ({ tenant, query }: { tenant: string; query: ResultQuery }) => {
    const row = await findTenant(store, tenant);
    return (await store.results.gaps(row.id, query)).map(gapView);
  });
}

/** The place of the first check that `check_add` would refuse, and why: so that an import adds all or nothing. */
export interface RefusedAt {
  at: number;
  code: string;
  detail: string;
}

function firstRefused(checks: readonly NewCheck[], allowAll: boolean): RefusedAt | null {
  for (const [at, check] of checks.entries()) {
    const refused = judgeNewCheck(check, { allowAll });
    if (refused !== null) return { at, ...refused };
  }
  return null;
}

interface CheckQuestion {
  tenant: string | null;
  id: string;
}

async function findTenant(store: Store, idOrSlug: string): Promise<Tenant> {
  const row = await store.tenants.find(text(idOrSlug));
  if (row !== null) return row;
  throw new ProcedureError('no_such_tenant', `there is no tenant "${idOrSlug}": see picket tenant list`);
}

/** Calls the tenant's actor, waiting through a move between cores. */
async function withTenant<T>(
  node: ClusterNode,
  row: Tenant,
  act: (ref: Ref<TenantProtocol>) => Promise<T>,
): Promise<T> {
  const { clock } = node.system;
  const untilMs = clock.monotonicMs() + standbyWaitMs;
  for (;;) {
    const ref = node.names.lookup<TenantProtocol>(tenantKey(row.id));
    try {
      if (ref !== null) return await act(ref);
    } catch (error) {
      if (!movedAway(error) || clock.monotonicMs() > untilMs) throw error;
    }
    if (clock.monotonicMs() > untilMs) {
      throw new ProcedureError(
        'standby',
        `no core holds tenant "${row.slug}" now: see picket status, and try again`,
      );
    }
    await new Promise<void>((resolve) => void clock.timer(standbyRetryMs, resolve));
  }
}

/** A check by its id alone: ids are unique across tenants. */
async function ofCheck<T>(
  node: ClusterNode,
  store: Store,
  tenant: string | null,
  id: string,
  act: (ref: Ref<TenantProtocol>, row: Tenant) => Promise<T | null>,
): Promise<T> {
  const rows = tenant === null ? await store.tenants.list() : [await findTenant(store, tenant)];
  for (const row of rows.filter(({ status }) => status === 'active')) {
    const answer = await withTenant(node, row, (ref) => act(ref, row));
    if (answer !== null) return answer;
  }
  throw new ProcedureError('no_such_check', `there is no check "${id}": see picket check list`);
}

function movedAway(error: unknown): boolean {
  const { code } = error as { code?: string };
  return code === 'no_actor' || code === 'node_down' || code === 'standby' || code === 'actor_dead';
}

async function status(node: ClusterNode, store: Store): Promise<StatusView> {
  const members = node.members.list();
  const because: string[] = [];
  for (const one of members) {
    if (one.status === 'down' || one.status === 'suspect')
      because.push(`${one.name} is ${one.status}: ${one.because.at(-1)}`);
  }
  const split = node.members.split();
  if (split !== null)
    because.push(`the network is split: ${split.here.join(' ')} here, ${split.there.join(' ')} cut off`);
  const tenants = (await store.tenants.list()).filter((row) => row.status === 'active');
  const totals = await Promise.all(tenants.map((row) => totalsOf(node, row, because)));
  const writers = node.names.list({ tenant: 'platform', kind: 'writer' });
  const rates = await Promise.all(
    writers.map((entry) =>
      node.system
        .call(entry.ref as Ref<WriterProtocol>, 2_000)
        .totals()
        .catch(() => null),
    ),
  );
  for (const [index, rate] of rates.entries()) {
    if (rate === null) because.push(`the writer of ${writers[index]!.node} does not answer`);
    else if (rate.storeAway)
      because.push(`${writers[index]!.node} cannot reach the store: ${rate.buffered} results wait`);
  }
  // By their names, not by their processes: what counts is that the actor is there.
  const pollers = node.names.list({ tenant: 'platform', kind: 'poller' }).length;
  const agents = node.names.list({ tenant: 'platform', kind: 'agent' }).length;
  if (pollers === 0) because.push('no poller is up: no check runs');
  if (agents === 0) because.push('no agent is up: no check runs');
  return {
    status: because.length === 0 ? 'ok' : 'degraded',
    coordinator: node.coordinator(),
    nodes_up: members.filter((one) => one.status === 'up').length,
    tenants: tenants.length,
    checks: totals.reduce((sum, checks) => sum + checks, 0),
    pollers,
    agents,
    results_per_s: Math.round(rates.reduce((sum, rate) => sum + (rate?.resultsPerS ?? 0), 0) * 10) / 10,
    splits: split === null ? 0 : 1,
    because,
  };
}

async function totalsOf(node: ClusterNode, row: Tenant, because: string[]): Promise<number> {
  const ref = node.names.lookup<TenantProtocol>(tenantKey(row.id));
  const totals =
    ref === null
      ? null
      : await node.system
          .call(ref, 2_000)
          .totals()
          .catch(() => null);
  if (totals === null) because.push(`no core runs tenant ${row.slug} now`);
  return totals?.checks ?? 0;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new ProcedureError('bad_argument', 'a text was expected');
  return value;
}
