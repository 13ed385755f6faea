/**
 * Groups of a tenant's devices. Implemented by `store/` in the tenant's own schema under its own database role. A group is named in
 * any case and Unicode form. Every method fails with a `StoreError`: `schema_behind` when the tenant's schema has no groups yet.
 */
import type { CountedDeviceGroup, DeviceGroup, DeviceGroupRefused, NewDeviceGroup } from './device-group.ts';

/** Devices of a call: how many of them are in the group, or out of it, that were not before. */
export interface MembersChanged {
  /** As the group is called. */
  readonly group: string;
  readonly changed: number;
}

export interface DeviceGroupStore {
  add(
    tenantId: string,
    group: NewDeviceGroup,
    by: string,
  ): Promise<{ group: DeviceGroup } | DeviceGroupRefused>;
  /** With its memberships; answers what it was. */
  remove(
    tenantId: string,
    name: string,
    by: string,
  ): Promise<{ group: CountedDeviceGroup } | DeviceGroupRefused>;
  /** By name. */
  list(tenantId: string): Promise<CountedDeviceGroup[]>;
  /** As it is called; null: there is none. */
  find(tenantId: string, name: string): Promise<string | null>;
  /** All of these ids or none; one that is in it already stays. */
  put(
    tenantId: string,
    name: string,
    deviceIds: readonly string[],
    by: string,
  ): Promise<MembersChanged | DeviceGroupRefused>;
  /** All of these devices or none, each with the ids that are merged into it; one that is not in it stays out. */
  take(
    tenantId: string,
    name: string,
    deviceIds: readonly string[],
    by: string,
  ): Promise<MembersChanged | DeviceGroupRefused>;
  /** Names of the groups of each of these devices that is in any: its own and of all ids that are merged into it, each once. */
  of(tenantId: string, deviceIds: readonly string[]): Promise<Map<string, string[]>>;
}
