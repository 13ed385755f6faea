/**
 * The life of a device, and what goes with its end: one that is decommissioned is archived, comes back by `restore`, and is
 * purged when its time is over. Which sightings are a device is decided elsewhere.
 */
import { lifecycle } from './lifecycle.ts';

export const deviceStates = ['discovered', 'identified', 'managed', 'decommissioned'] as const;
export type DeviceState = (typeof deviceStates)[number];
export const deviceEvents = ['identify', 'manage', 'decommission', 'restore'] as const;
export type DeviceEvent = (typeof deviceEvents)[number];

export const firstDeviceState: DeviceState = 'discovered';

export const deviceLife = lifecycle<DeviceState, DeviceEvent>({
  identify: { from: ['discovered'], to: 'identified' },
  manage: { from: ['identified'], to: 'managed' },
  decommission: { from: ['discovered', 'identified', 'managed'], to: 'decommissioned' },
  restore: { from: ['decommissioned'], to: 'identified' },
});

/** A device in this state is out of the listings and the quota, and has a day on which it is purged. */
export function isArchived(state: DeviceState): boolean {
  return state === 'decommissioned';
}
