/** From what an operator names to the tenant's row, for the procedures of a core. */
import { isRun, type Tenant } from '../actors/index.ts';
import { ProcedureError } from '../cluster/index.ts';
import type { Store } from '../store/index.ts';

export async function findTenant(store: Pick<Store, 'tenants'>, idOrSlug: unknown): Promise<Tenant> {
  const row = await store.tenants.find(text(idOrSlug));
  if (row !== null) return row;
  throw new ProcedureError('no_such_tenant', `there is no tenant "${idOrSlug}": see picket tenant list`);
}

export function text(value: unknown): string {
  if (typeof value !== 'string') throw new ProcedureError('bad_argument', 'a text was expected');
  return value;
}

/** A suspended tenant's rows can only be read; those of one that does not live are not changed. */
export function judgeWrite({ status, slug }: Tenant): void {
  if (status === 'suspended')
    throw new ProcedureError('tenant_suspended', `tenant ${slug} is suspended: what it has can only be read`);
  if (!isRun(status))
    throw new ProcedureError('tenant_not_running', `tenant ${slug} is ${status}: nothing of it is changed`);
}
