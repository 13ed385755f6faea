/**
 * What operators' commands ask of a core: declared procedures over the tenants' actors and the store. Thin: a procedure
 * finds the tenant, messages its actor wherever it lives, and shapes the answer for the command line.
 */
import {
  type CheckEdit,
  type CheckView,
  type CoreTree,
  type Explanation,
  isRun,
  judgeNewCheck,
  type NewCheck,
  type ResultQuery,
  type RollupQuery,
  type Tenant,
  type TenantProtocol,
  tenantKey,
} from '../actors/index.ts';
import { type Caller, type ClusterNode, ProcedureError } from '../cluster/index.ts';
import type { Ref } from '../runtime/index.ts';
import type { Store } from '../store/index.ts';
import { declareDeviceGroups } from './device-group-procedures.ts';
import { declareDevices } from './device-procedures.ts';
import { withHeld } from './held-tenant.ts';
import { declareIdentity } from './identity-procedures.ts';
import { findTenant } from './named-tenant.ts';
import { nameOf } from './procedure-answers.ts';
import { declareTenants } from './tenant-procedures.ts';
import { type ArchivedCheckView, archivedCheckView, gapView, resultView, rollupView } from './views.ts';

export function declareMonitor(
  node: ClusterNode,
  store: Store,
  core: CoreTree,
  ownMachineTenant: string | null,
): void {
  const read = (name: string, run: (argument: never) => unknown) =>
    node.declare(name, { access: 'read', run });
  const write = (name: string, run: (argument: never, caller: Caller) => unknown) =>
    node.declare(name, { access: 'write', run });

  declareTenants(node, store, core);
  declareDevices(node, store);
  declareDeviceGroups(node, store);
  declareIdentity(node, store);
  write('check_add', async ({ tenant, checks }: { tenant: string; checks: NewCheck[] }) => {
    const row = await findTenant(store, tenant);
    return await withTenant(node, row, (ref) => node.system.call(ref, 60_000).addChecks(checks));
  });
  read('check_judge', async ({ tenant, checks, total }: CheckJudgement) => {
    const row = await findTenant(store, tenant);
    const refused = firstRefused(checks, row.slug === ownMachineTenant);
    if (refused !== null || row.quotas.checks === null || total === undefined) return refused;
    const live = await withTenant(node, row, async (ref) => (await node.system.call(ref).totals()).checks);
    if (live + total <= row.quotas.checks) return null;
    const detail = `the tenant's plan allows ${row.quotas.checks} checks; it has ${live}, and ${total} are to be added`;
    throw new ProcedureError('quota_checks', `${detail}: nothing was added`);
  });
  read('check_list', async ({ tenant }: { tenant: string }): Promise<CheckView[]> => {
    const row = await findTenant(store, tenant);
    return await withTenant(node, row, (ref) => node.system.call(ref).listChecks());
  });
  write('check_edit', ({ tenant, id, edit, why = null }: CheckQuestion & { edit: CheckEdit }, caller) =>
    ofCheck(node, store, tenant, id, (ref) =>
      node.system.call(ref).editCheck(id, edit ?? {}, nameOf(caller), why),
    ),
  );
  write('check_remove', ({ tenant, id, why = null }: CheckQuestion, caller) =>
    ofCheck(node, store, tenant, id, (ref) => node.system.call(ref).removeCheck(id, nameOf(caller), why)),
  );
  write('check_restore', ({ tenant, id, why = null }: CheckQuestion, caller) =>
    ofCheck(node, store, tenant, id, (ref) => node.system.call(ref).restoreCheck(id, nameOf(caller), why)),
  );
  read('check_archived', async ({ tenant }: { tenant: string }): Promise<ArchivedCheckView[]> => {
    const row = await findTenant(store, tenant);
    return (await store.checks.list(row.id, 0)).flatMap(archivedCheckView);
  });
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
  declareReading(node, store);
}

/** What accounts for due instants, and what was made of it. */
function declareReading(node: ClusterNode, store: Store): void {
  const read = (name: string, run: (argument: never) => unknown) =>
    node.declare(name, { access: 'read', run });

  read('results', async ({ tenant, query }: { tenant: string; query: ResultQuery }) => {
    const row = await findTenant(store, tenant);
    const rows = await store.results.results(row.id, query);
    if (rows.length === 0) await judgeCheck(store, row, query);
    return rows.map(resultView);
  });
  read('gaps', async ({ tenant, query }: { tenant: string; query: ResultQuery }) => {
    const row = await findTenant(store, tenant);
    const rows = await store.results.gaps(row.id, query);
    if (rows.length === 0) await judgeCheck(store, row, query);
    return rows.map(gapView);
  });
  read('rollups', async ({ tenant, query }: { tenant: string; query: RollupQuery }) => {
    const row = await findTenant(store, tenant);
    const rows = await store.telemetry.rollups(row.id, query);
    if (rows.length === 0) await judgeCheck(store, row, query);
    return rows.map(rollupView);
  });
}

/** Nothing found of a check may mean that there is none, or none of this tenant. One that was removed is still known. */
async function judgeCheck(
  store: Store,
  { id, slug }: Tenant,
  { checkId, before }: Pick<ResultQuery, 'checkId' | 'before'>,
): Promise<void> {
  if (checkId === null || (before ?? null) !== null) return;
  const known = await store.checks.list(id, 0);
  if (known.some((check) => check.id === checkId)) return;
  throw new ProcedureError(
    'no_such_check',
    `tenant "${slug}" has no check "${checkId}": see picket check list --tenant ${slug}, or name its tenant with --tenant`,
  );
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

interface CheckJudgement {
  tenant: string;
  checks: NewCheck[];
  /** How many are to be added in all, of which these are some. */
  total?: number;
}

interface CheckQuestion {
  tenant: string | null;
  id: string;
  why?: string | null;
}

function withTenant<T>(
  node: ClusterNode,
  row: Tenant,
  act: (ref: Ref<TenantProtocol>) => Promise<T>,
): Promise<T> {
  return withHeld(node, row, tenantKey(row.id), act);
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
  for (const row of rows.filter(({ status, schemaFits }) => isRun(status) && schemaFits)) {
    const answer = await withTenant(node, row, (ref) => act(ref, row));
    if (answer !== null) return answer;
  }
  throw new ProcedureError('no_such_check', `there is no check "${id}": see picket check list`);
}
