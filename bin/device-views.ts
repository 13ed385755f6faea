/** Devices as the command line prints them. */
import type { Device, DeviceChange } from '../actors/index.ts';
import { instant } from './views.ts';

export interface DeviceView {
  id: string;
  name: string;
  type: string | null;
  state: string;
  /** Since when. */
  state_at: string;
  partition: string;
  addresses: readonly string[];
  macs: readonly string[];
  serial: string | null;
  created_at: string;
  /** When it was decommissioned; it is removed 30 days after. */
  archived_at: string | null;
}

export interface DeviceChangeView {
  at: string;
  who: string;
  event: string;
  from: string | null;
  to: string | null;
  why: string | null;
}

export function deviceView(device: Device): DeviceView {
  const { id, name, type, state, partition, addresses, macs, serial } = device;
  const { stateAtMs, createdAtMs, archivedAtMs } = device;
  return {
    ...{ id, name, type, state, state_at: instant(stateAtMs), partition, addresses, macs, serial },
    created_at: instant(createdAtMs),
    archived_at: archivedAtMs === null ? null : instant(archivedAtMs),
  };
}

export function deviceChangeView({ atMs, who, event, from, to, why }: DeviceChange): DeviceChangeView {
  return { at: instant(atMs), who, event, from, to, why };
}
