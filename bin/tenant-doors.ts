/**
 * Declares procedures that are about one tenant, which the operator names: it is found, and judged before anything of it is
 * changed; who asks goes along. Between the procedures of a core and what each of them does.
 */
import type { Tenant } from '../actors/index.ts';
import type { Caller, ClusterNode } from '../cluster/index.ts';
import type { Store } from '../store/index.ts';
import { findTenant, judgeWrite } from './named-tenant.ts';
import { nameOf } from './procedure-answers.ts';

interface Named {
  tenant: string;
}

export function tenantDoors(node: ClusterNode, store: Pick<Store, 'tenants'>) {
  return {
    read: <Asked extends Named>(name: string, run: (tenant: Tenant, asked: Asked) => unknown) =>
      node.declare(name, {
        access: 'read',
        run: async (asked: Asked) => await run(await findTenant(store, asked.tenant), asked),
      }),
    write: <Asked extends Named>(
      name: string,
      run: (tenant: Tenant, asked: Asked, by: string) => Promise<unknown>,
    ) =>
      node.declare(name, {
        access: 'write',
        async run(asked: Asked, caller: Caller) {
          const tenant = await findTenant(store, asked.tenant);
          judgeWrite(tenant);
          return await run(tenant, asked, nameOf(caller));
        },
      }),
  };
}
