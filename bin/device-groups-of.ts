/** Devices as they are printed, with the groups that each is in; and what a tenant's schema of the version before has of either. */
import type { Device, ListedDevice, Tenant } from '../actors/index.ts';
import { ProcedureError } from '../cluster/index.ts';
import { type Store, StoreError } from '../store/index.ts';
import { type DeviceView, deviceView } from './device-views.ts';

/** In their order. */
export async function withGroups(
  { deviceGroups }: Pick<Store, 'deviceGroups'>,
  { id: tenantId }: Tenant,
  devices: readonly (Device & Partial<ListedDevice>)[],
): Promise<DeviceView[]> {
  const ids = devices.map(({ id }) => id);
  const groups = ids.length === 0 ? null : await atNewest(() => deviceGroups.of(tenantId, ids));
  return devices.map((device) => deviceView(device, groups?.get(device.id) ?? []));
}

/** As it is called, however it was asked for. */
export async function groupNamed(
  { deviceGroups }: Pick<Store, 'deviceGroups'>,
  { id: tenantId, slug }: Tenant,
  asked: string,
): Promise<string> {
  const name = await deviceGroups.find(tenantId, asked);
  if (name !== null) return name;
  const detail = `tenant ${slug} has no group "${asked}": see picket device group list`;
  throw new ProcedureError('no_such_group', detail);
}

/** Null: the tenant's schema is one version behind, and has no place for it. */
export async function atNewest<T>(ask: () => Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof StoreError && error.code === 'schema_behind') return null;
    throw error;
  }
}
