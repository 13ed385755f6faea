/**
 * What operators' commands ask of a core about which sightings are one device: merges and their undoing, which the tenant's reconciler
 * decides wherever it lives, why a device is the one that it is, and what is in conflict.
 */
import { type ReconcilerProtocol, reconcilerKey, type Tenant } from '../actors/index.ts';
import { type Caller, type ClusterNode, ProcedureError } from '../cluster/index.ts';
import type { Ref } from '../runtime/index.ts';
import type { Store } from '../store/index.ts';
import { withGroups } from './device-groups-of.ts';
import { judgeTenant } from './device-procedures.ts';
import { conflictView } from './device-views.ts';
import { withHeld } from './held-tenant.ts';
import { deviceChangeMs, devicesPageRows } from './limits.ts';
import { findTenant, text } from './named-tenant.ts';
import { nameOf } from './procedure-answers.ts';

interface MergeAsked {
  tenant: string;
  id: string;
  from: string;
  why?: string | null;
}

export function declareIdentity(node: ClusterNode, store: Store): void {
  const held = <T>(row: Tenant, act: (ref: Ref<ReconcilerProtocol>) => Promise<T>) =>
    withHeld(node, row, reconcilerKey(row.id), act);
  const { system } = node;
  const read = (name: string, run: (argument: never) => unknown) =>
    node.declare(name, { access: 'read', run });
  const write = (name: string, run: (argument: never, caller: Caller) => unknown) =>
    node.declare(name, { access: 'write', run });
  const shown = async (row: Tenant, id: string) => {
    const device = await store.inventoryShelf.find(row.id, id);
    if (device === null) throw none(row, id);
    return (await withGroups(store, row, [device]))[0];
  };

  write('device_merge', async ({ tenant, id, from, why = null }: MergeAsked, caller) => {
    const row = judgeTenant(await findTenant(store, tenant), false);
    const [into, other] = [text(id), text(from)];
    const reason = why === null ? null : text(why);
    const merged = await held(row, (ref) =>
      system.call(ref, deviceChangeMs).merge(into, other, nameOf(caller), reason),
    );
    return await shown(row, merged.device_id);
  });
  write('device_unmerge', async ({ tenant, id, why = null }: Omit<MergeAsked, 'from'>, caller) => {
    const row = judgeTenant(await findTenant(store, tenant), false);
    const reason = why === null ? null : text(why);
    const restored = await held(row, (ref) =>
      system.call(ref, deviceChangeMs).unmerge(text(id), nameOf(caller), reason),
    );
    return await shown(row, restored.device_id);
  });
  read('device_conflicts', async ({ tenant }: { tenant: string }) => {
    const row = judgeTenant(await findTenant(store, tenant), true);
    return (await store.inventoryShelf.conflicts(row.id, devicesPageRows)).map(conflictView);
  });
  read('explain_device', async ({ tenant, id }: { tenant: string; id: string }) => {
    const row = judgeTenant(await findTenant(store, tenant), true);
    const told = await held(row, (ref) => system.call(ref, deviceChangeMs).explain(text(id)));
    if (told !== null) return told;
    const device = await store.inventoryShelf.find(row.id, text(id));
    if (device === null) throw none(row, id);
    return {
      subject: device.id,
      state: 'by_hand',
      because: ['somebody wrote it down; nothing has seen it yet'],
    };
  });
}

function none({ slug }: Tenant, id: string): ProcedureError {
  return new ProcedureError('no_such_device', `tenant ${slug} has no device "${id}": see picket device list`);
}
