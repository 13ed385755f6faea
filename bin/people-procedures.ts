/**
 * What operators' commands ask of a core about a tenant's users and integrations. Judged and sealed by the store; nothing
 * here answers with credentials. A suspended tenant's rows can only be read.
 */
import type { ClusterNode } from '../cluster/index.ts';
import type { NewIntegration, NewUser, Store, UserChange } from '../store/index.ts';
import { text } from './named-tenant.ts';
import { integrationView, userView } from './people-views.ts';
import { tenantDoors } from './tenant-doors.ts';

interface Named {
  tenant: string;
}

export function declarePeople(
  node: ClusterNode,
  store: Pick<Store, 'tenants' | 'users' | 'integrations'>,
): void {
  const { users, integrations } = store;
  const { read, write } = tenantDoors(node, store);

  write('user_add', async ({ id, quotas }, { user }: Named & { user: NewUser }, by) =>
    userView(await users.add(id, user, by, quotas.users)),
  );
  read('user_list', async ({ id }, { all }: Named & { all: boolean }) =>
    (await users.list(id, all === true)).map(userView),
  );
  read('user_find', async ({ id }, { email }: Named & { email: string }) => {
    const found = await users.find(id, text(email));
    return found === null ? [] : [userView(found)];
  });
  write('user_change', async ({ id }, asked: Named & { id: string; change: UserChange }, by) =>
    userView(await users.change(id, text(asked.id), asked.change, by)),
  );
  write('user_archive', async ({ id }, asked: Named & { id: string }, by) =>
    userView(await users.archive(id, text(asked.id), by)),
  );
  write('integration_add', async ({ id }, asked: Named & { integration: NewIntegration }, by) =>
    integrationView(await integrations.add(id, asked.integration, by)),
  );
  read('integration_list', async ({ id }) => (await integrations.list(id)).map(integrationView));
  write('integration_remove', async ({ id }, asked: Named & { id: string }, by) =>
    integrationView(await integrations.remove(id, text(asked.id), by)),
  );
}
