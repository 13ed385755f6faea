/**
 * The rows of a tenant's devices, and what was done to them. Implemented by `store/` in the tenant's own schema under its own
 * database role. Every method fails with a `StoreError`: `store_unavailable` when the database is away, `schema_behind`
 * when the tenant's schema has no devices yet.
 */
import type { Device, NewDevice } from './device.ts';
import type { DeviceEvent, DeviceState } from './device-lifecycle.ts';

export interface DeviceChange {
  atMs: number;
  who: string;
  /** An event of the lifecycle, or `create`, `purge`. */
  event: string;
  from: DeviceState | null;
  to: DeviceState | null;
  why: string | null;
}

export interface DeviceRefused {
  refused: 'quota_devices' | 'device_exists' | 'bad_device_type' | 'bad_transition' | 'no_such_device';
  detail: string;
}

export interface DeviceTerms {
  /** Who asks, for the audit. */
  by: string;
  /** Live devices that the tenant may have; null: as many as wanted. */
  liveMax: number | null;
  why?: string | null;
}

export interface DeviceQuery {
  archived: boolean;
  /** The last device of the page before. */
  after: string | null;
  limit: number;
}

export interface DeviceStore {
  /** All or none, `discovered`, in the order given; an id that is there already, archived or not, is refused. */
  add(
    tenantId: string,
    devices: readonly NewDevice[],
    terms: DeviceTerms,
  ): Promise<{ devices: Device[] } | DeviceRefused>;
  /** One transition of `deviceLife`, written only from the state that it was judged in. */
  change(
    tenantId: string,
    deviceId: string,
    event: DeviceEvent,
    terms: DeviceTerms,
  ): Promise<{ device: Device } | DeviceRefused>;
  /** By age; those that live, or those that are archived. */
  list(tenantId: string, query: DeviceQuery): Promise<Device[]>;
  find(tenantId: string, deviceId: string): Promise<Device | null>;
  /** Oldest first; also of a device that was purged. */
  history(tenantId: string, deviceId: string): Promise<DeviceChange[]>;
  /** Names of the tenant's device types. */
  types(tenantId: string): Promise<string[]>;
}
