/**
 * The words of a device: what a caller says of one, and the row. Identifiers are in their normal form by then (see
 * `new-device.ts`): they are compared as they are. Instants are Unix milliseconds on the database's clock.
 */
import type { DeviceState } from './device-lifecycle.ts';

export interface NewDevice {
  name: string;
  partition: string;
  /** A name of the tenant's device types; null: not known. */
  type: string | null;
  /** Canonical (RFC 5952), the most telling first. */
  addresses: readonly string[];
  /** 12 hexadecimal digits in upper case, the most telling first. */
  macs: readonly string[];
  serial: string | null;
}

export interface Device extends NewDevice {
  /** `sr:` and a UUID, unique in its tenant (`device-id.ts`). */
  id: string;
  state: DeviceState;
  /** Since when it has its state. */
  stateAtMs: number;
  createdAtMs: number;
  /** Set while it is decommissioned. */
  archivedAtMs: number | null;
}
