/**
 * What operators' commands ask of a core about a tenant's devices. They are rows that people change, so a core writes them
 * itself, whichever holds the tenant; each change is written with who asked for it, and announced.
 */
import {
  announceDevice,
  type DeviceSaid,
  deviceEvents,
  type IdentifiedBy,
  type IdentifierPlace,
  isRun,
  judgeNewDevice,
  type NewDevice,
  type ReconcilerProtocol,
  reconcilerKey,
  type Tenant,
} from '../actors/index.ts';
import { type Caller, type ClusterNode, ProcedureError } from '../cluster/index.ts';
import type { Store } from '../store/index.ts';
import { atNewest, groupNamed, withGroups } from './device-groups-of.ts';
import { deviceChangeView, deviceView, interfaceView, mergeView } from './device-views.ts';
import { devicesPageRows } from './limits.ts';
import { findTenant, text } from './named-tenant.ts';
import { nameOf, orRefuse } from './procedure-answers.ts';

interface Named {
  tenant: string;
}

interface DeviceQuestion extends Named {
  id: string;
  why?: string | null;
}

/** What was seen already is not written down once more: it would be there twice. */
async function refuseKnown(
  devices: readonly NewDevice[],
  holderOf: (partition: string, any: IdentifierPlace[]) => Promise<IdentifiedBy | null>,
): Promise<void> {
  for (const partition of new Set(devices.map((device) => device.partition))) {
    const of = devices.filter((device) => device.partition === partition);
    const any = of.flatMap(identifiersOf);
    const known = any.length === 0 ? null : await holderOf(partition, any);
    if (known === null) continue;
    const isKnown = ({ type, value }: IdentifierPlace) => type === known.type && value === known.value;
    const { name } = of.find((device) => identifiersOf(device).some(isKnown))!;
    const what = known.type === 'serial' ? 'serial number' : 'MAC';
    throw new ProcedureError(
      'device_exists',
      `"${name}" is there: a device with ${what} ${known.value} was seen, ${known.deviceId} (${known.name}); nothing was added`,
    );
  }
}

function identifiersOf({ macs, serial }: NewDevice): IdentifierPlace[] {
  const ofMacs = macs.map((value) => ({ type: 'mac', scope: '', value }));
  return serial === null ? ofMacs : [{ type: 'serial', scope: '', value: serial }, ...ofMacs];
}

export function declareDevices(node: ClusterNode, store: Store): void {
  const { devices, inventoryShelf } = store;
  const read = (name: string, run: (argument: never) => unknown) =>
    node.declare(name, { access: 'read', run });
  const write = (name: string, run: (argument: never, caller: Caller) => unknown) =>
    node.declare(name, { access: 'write', run });
  const readable = async (tenant: string) => judgeTenant(await findTenant(store, tenant), true);
  const changeable = async (tenant: string) => judgeTenant(await findTenant(store, tenant), false);
  const holderOf = async (tenantId: string, partition: string, any: IdentifierPlace[]) =>
    await atNewest(() => inventoryShelf.holder(tenantId, partition, any));
  const termsOf = ({ quotas }: Tenant, caller: Caller) => ({ by: nameOf(caller), liveMax: quotas.devices });

  write('device_add', async ({ tenant, devices: said }: Named & { devices: DeviceSaid[] }, caller) => {
    const row = await changeable(tenant);
    if (!Array.isArray(said) || said.length > devicesPageRows)
      throw new ProcedureError('bad_argument', `a list of at most ${devicesPageRows} devices was expected`);
    const judged = said.map((one) => orRefuse(judgeNewDevice(one)).device);
    await refuseKnown(judged, (partition, any) => holderOf(row.id, partition, any));
    const added = orRefuse(await devices.add(row.id, judged, termsOf(row, caller))).devices;
    for (const device of added) announceDevice(node.topics, node.system, row.id, device, 'create');
    // What is seen of them from now on is to be theirs. A core that takes the tenant later looks by itself.
    const reconciler = node.names.lookup<ReconcilerProtocol>(reconcilerKey(row.id));
    if (reconciler !== null) node.system.cast(reconciler).look();
    // What was not there a moment ago is in no group.
    return added.map((device) => deviceView(device, []));
  });
  read('device_list', async ({ tenant, archived, merged, group, after: last }: Named & DevicePage) => {
    const row = await readable(tenant);
    const [after, limit] = [last ?? null, devicesPageRows];
    const which = merged === true ? 'merged' : archived === true ? 'archived' : 'live';
    const inGroup = group == null ? null : await groupNamed(store, row, text(group));
    const page =
      (await atNewest(() => inventoryShelf.list(row.id, { which, group: inGroup, after, limit }))) ??
      (await devices.list(row.id, { archived: archived === true, after, limit }));
    return await withGroups(store, row, page);
  });
  read('device_show', async ({ tenant, id }: DeviceQuestion) => {
    const row = await readable(tenant);
    const seen = await atNewest(() => inventoryShelf.find(row.id, text(id)));
    const device = seen ?? (await devices.find(row.id, text(id)));
    const history = await devices.history(row.id, text(id));
    if (device === null) {
      const gone = history.at(-1)?.event === 'purge' ? `: it was removed at ${at(history.at(-1)!.atMs)}` : '';
      throw new ProcedureError('no_such_device', `tenant ${row.slug} has no device "${id}"${gone}`);
    }
    const identifiers = await atNewest(() => inventoryShelf.identifiers(row.id, device.id));
    const interfaces = await atNewest(() => inventoryShelf.interfaces(row.id, device.id));
    const merges = await atNewest(() => inventoryShelf.merges(row.id, device.id));
    const [view] = await withGroups(store, row, [device]);
    return {
      ...view!,
      history: history.map(deviceChangeView),
      identifiers: (identifiers ?? []).map(({ deviceId: _, ...one }) => one),
      interfaces: (interfaces ?? []).map(interfaceView),
      merges: (merges ?? []).map(mergeView),
    };
  });
  for (const event of deviceEvents) {
    write(`device_${event}`, async ({ tenant, id, why = null }: DeviceQuestion, caller) => {
      const row = await changeable(tenant);
      const asked = { ...termsOf(row, caller), why: why === null ? null : text(why) };
      const { device } = orRefuse(await devices.change(row.id, text(id), event, asked));
      announceDevice(node.topics, node.system, row.id, device, event);
      return (await withGroups(store, row, [device]))[0];
    });
  }
}

interface DevicePage {
  archived?: boolean;
  merged?: boolean;
  /** Those in this group alone. */
  group?: string | null;
  after?: string | null;
}

function at(ms: number): string {
  return new Date(ms).toISOString();
}

export function judgeTenant(row: Tenant, onlyRead: boolean): Tenant {
  const { slug, status } = row;
  if (!isRun(status))
    throw new ProcedureError('tenant_not_running', `tenant ${slug} is ${status}: nothing of it runs`);
  if (status === 'suspended' && !onlyRead)
    throw new ProcedureError('tenant_suspended', `tenant ${slug} is suspended: what it has can only be read`);
  return row;
}
