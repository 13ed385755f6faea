/**
 * What operators' commands ask of a core about tenants themselves: their lives, their plans, what was done to them. Each
 * change is written with who asked for it, announced, and acted on by the cores that hear of it.
 */
import { announceTenant, type CoreTree, type Quotas, type Tenant } from '../actors/index.ts';
import { type Caller, type ClusterNode, ProcedureError } from '../cluster/index.ts';
import type { Store } from '../store/index.ts';
import { findTenant, text } from './named-tenant.ts';
import { nameOf, orRefuse } from './procedure-answers.ts';
import { auditView, planView, tenantChangeView, tenantView } from './views.ts';

interface Named {
  tenant: string;
}

export function declareTenants(node: ClusterNode, store: Store, core: CoreTree): void {
  const { tenants, lives, plans, users } = store;
  const read = (name: string, run: (argument: never) => unknown) =>
    node.declare(name, { access: 'read', run });
  const write = (name: string, run: (argument: never, caller: Caller) => unknown) =>
    node.declare(name, { access: 'write', run });
  const changed = (row: Tenant, event: string) => {
    const keeper = core.tenants();
    if (keeper !== null) node.system.cast(keeper).refresh();
    announceTenant(node.topics, node.system, row, event);
    return tenantView(row);
  };

  read('tenant_show', async ({ tenant }: Named) => tenantView(await findTenant(store, tenant)));
  read('tenant_list', async () => (await tenants.list()).map(tenantView));
  write('tenant_create', async (asked: { slug: string; name: string; plan?: string | null }, caller) => {
    const plan = asked.plan === undefined || asked.plan === null ? {} : { plan: text(asked.plan) };
    const answer = await tenants.create(text(asked.slug), text(asked.name), { ...plan, by: nameOf(caller) });
    return changed(orRefuse(answer).tenant, 'create');
  });
  for (const event of ['suspend', 'activate', 'cancel'] as const) {
    write(`tenant_${event}`, async ({ tenant, why }: Named & { why: string | null }, caller) => {
      const { id } = await findTenant(store, tenant);
      return changed(orRefuse(await lives.change(id, event, nameOf(caller), why)).tenant, event);
    });
  }
  write('tenant_retry', async ({ tenant }: Named, caller) => {
    const { id, slug } = await findTenant(store, tenant);
    orRefuse(await lives.change(id, 'retry', nameOf(caller), null));
    const made = await lives.provision(id);
    if (made.status === 'failed') {
      const detail = `tenant ${slug} could not be made: see picket tenant history ${slug}`;
      throw new ProcedureError('provisioning_failed', detail);
    }
    return changed(made, 'retry');
  });
  write('tenant_purge', async ({ tenant }: Named, caller) => {
    const { id } = await findTenant(store, tenant);
    return changed(orRefuse(await lives.purge(id, nameOf(caller), 0)).tenant, 'purge');
  });
  write('tenant_plan', async ({ tenant, plan }: Named & { plan: string }, caller) => {
    const { id } = await findTenant(store, tenant);
    return changed(orRefuse(await plans.assign(id, text(plan), nameOf(caller))).tenant, 'plan');
  });
  read('tenant_history', async ({ tenant }: Named) => {
    const { id } = await findTenant(store, tenant);
    const [own, rows] = await Promise.all([lives.history(id), users.changes(id)]);
    const all = [...own.map(tenantChangeView), ...rows.map(auditView)];
    // Instants of RFC 3339 in UTC: in the order of their texts.
    return all.sort((one, other) => (one.at < other.at ? -1 : Number(one.at > other.at)));
  });
  read('plan_list', async () => (await plans.list()).map(planView));
  write('plan_set', async ({ name, quotas }: { name: string; quotas: Partial<Quotas> }) => {
    const { plan } = orRefuse(await plans.set(text(name), quotas));
    const keeper = core.tenants();
    if (keeper !== null) node.system.cast(keeper).refresh();
    return planView(plan);
  });
}
