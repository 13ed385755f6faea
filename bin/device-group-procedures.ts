/** What operators' commands ask of a core about groups of devices: rows that people change, as devices are. Thin: judged by those who know. */
import { type DeviceGroupSaid, type DeviceGroupStore, judgeNewGroup } from '../actors/index.ts';
import { type Caller, type ClusterNode, ProcedureError } from '../cluster/index.ts';
import type { Store } from '../store/index.ts';
import { judgeTenant } from './device-procedures.ts';
import { type DeviceGroupView, type GroupChangeView, groupView } from './device-views.ts';
import { devicesPageRows } from './limits.ts';
import { findTenant, text } from './named-tenant.ts';
import { nameOf, orRefuse } from './procedure-answers.ts';

interface Named {
  tenant: string;
}

interface GroupNamed extends Named {
  name: string;
}

interface MembersAsked extends GroupNamed {
  ids: string[];
}

export function declareDeviceGroups(
  node: ClusterNode,
  store: { tenants: Store['tenants']; deviceGroups: DeviceGroupStore },
): void {
  const { deviceGroups } = store;
  const write = (name: string, run: (argument: never, caller: Caller) => unknown) =>
    node.declare(name, { access: 'write', run });
  const tenantOf = async (tenant: string, onlyRead: boolean) =>
    judgeTenant(await findTenant(store, tenant), onlyRead);

  write('device_group_add', async ({ tenant, ...said }: Named & DeviceGroupSaid, caller) => {
    const row = await tenantOf(tenant, false);
    const { group: asked } = orRefuse(judgeNewGroup(said));
    const { group } = orRefuse(await deviceGroups.add(row.id, asked, nameOf(caller)));
    return groupView({ ...group, devices: 0, archived: 0 });
  });
  node.declare('device_group_list', {
    access: 'read',
    run: async ({ tenant }: Named): Promise<DeviceGroupView[]> =>
      (await deviceGroups.list((await tenantOf(tenant, true)).id)).map(groupView),
  });
  write('device_group_remove', async ({ tenant, name }: GroupNamed, caller) => {
    const row = await tenantOf(tenant, false);
    return groupView(orRefuse(await deviceGroups.remove(row.id, text(name), nameOf(caller))).group);
  });
  for (const verb of ['put', 'take'] as const)
    write(`device_group_${verb}`, async ({ tenant, name, ids }: MembersAsked, caller) => {
      const row = await tenantOf(tenant, false);
      const asked = idsOf(ids);
      const answer = await deviceGroups[verb](row.id, text(name), asked, nameOf(caller));
      const { group, changed } = orRefuse(answer);
      return { group, changed, unchanged: asked.length - changed } satisfies GroupChangeView;
    });
}

/** Each once. */
function idsOf(ids: unknown): string[] {
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > devicesPageRows)
    throw new ProcedureError('bad_argument', `a list of 1 to ${devicesPageRows} ids of devices was expected`);
  return [...new Set(ids.map(text))];
}
