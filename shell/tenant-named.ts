/**
 * The tenant that a line is about: named by slug or id, or the one of the operator's certificate. For an operator of one
 * tenant the same is asked whatever was named, so that neither the answer nor its time tells whether there is another.
 */
import { askCore } from './asking.ts';
import type { ShellCall } from './command.ts';
import { ShellError } from './errors.ts';

export interface TenantRow {
  readonly tenant_id: string;
  readonly slug: string;
  readonly name: string;
  readonly status: string;
}

/** `named` null: the operator's own. Throws `bad_words` when there is none, `no_such_tenant`. */
export async function tenantNamed(call: ShellCall, named: string | null): Promise<TenantRow> {
  const { scope } = call;
  const asked = scope.tenant ?? named;
  if (asked === null) throw new ShellError('bad_words', 'name a tenant, by slug or id: see tenants');
  const row = await askCore<TenantRow>(call, 'tenant_show', { tenant: asked });
  if (named === null || named === row.slug || named === row.tenant_id) return row;
  throw new ShellError('no_such_tenant', `there is no tenant "${named}": see tenants`);
}

/** Slugs that the session may name. */
export async function tenantWords(call: ShellCall): Promise<string[]> {
  if (call.scope.tenant !== null) return [(await tenantNamed(call, null)).slug];
  return (await askCore<TenantRow[]>(call, 'tenant_list', null)).map(({ slug }) => slug);
}
