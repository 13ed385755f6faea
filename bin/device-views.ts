/** Devices as the command line prints them. */
import type {
  CountedDeviceGroup,
  Device,
  DeviceChange,
  ListedConflict,
  ListedDevice,
  ListedMerge,
  SeenInterface,
} from '../actors/index.ts';
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
  /** The id, by the name that OCSF has for it, as what follows. */
  uid: string;
  hostname: string | null;
  ip: string | null;
  mac: string | null;
  vendor: string | null;
  model: string | null;
  os: string | null;
  first_seen: string | null;
  last_seen: string | null;
  is_available: boolean | null;
  sources: readonly string[];
  /** Retracted by its source, and not seen since. */
  deleted: boolean;
  by_hand: boolean;
  /** The device that it is now. */
  merged_into: string | null;
  /** Names of the groups that it is in. */
  groups: readonly string[];
}

export interface DeviceGroupView {
  name: string;
  description: string | null;
  /** How many live. */
  devices: number;
  decommissioned: number;
  created_at: string;
  who: string;
}

/** Devices that were put into a group or taken out of it, and those that were so already. */
export interface GroupChangeView {
  group: string;
  changed: number;
  unchanged: number;
}

export interface IdentifierView {
  type: string;
  scope: string;
  value: string;
  status: string;
}

export interface InterfaceView {
  name: string | null;
  mac: string | null;
  addresses: readonly string[];
  /** Who tells of it. */
  sources: readonly string[];
  /** By the hour, as the next. */
  first_seen: string;
  last_seen: string;
}

export interface MergeView {
  at: string;
  what: string;
  from: string;
  to: string;
  reason: string;
  evidence: readonly string[];
  who: string | null;
  why: string | null;
}

export interface ConflictView {
  partition: string;
  type: string;
  scope: string;
  value: string;
  reason: string;
  devices: readonly string[];
  since: string;
}

export interface DeviceChangeView {
  at: string;
  who: string;
  event: string;
  from: string | null;
  to: string | null;
  why: string | null;
}

/** Of one that was only written down nothing was seen. */
export function deviceView(device: Device & Partial<ListedDevice>, groups: readonly string[]): DeviceView {
  const { id, name, type, state, partition, addresses, macs, serial } = device;
  const { stateAtMs, createdAtMs, archivedAtMs, firstSeenMs, lastSeenMs } = device;
  const { hostname = null, ip = null, mac = null, vendor = null, model = null, os = null } = device;
  const { isAvailable = null, sources = [], isDeleted = false, byHand = true, mergedInto = null } = device;
  return {
    ...{ id, name, type, state, state_at: instant(stateAtMs), partition, addresses, macs, serial },
    created_at: instant(createdAtMs),
    archived_at: archivedAtMs === null ? null : instant(archivedAtMs),
    ...{ uid: id, hostname, ip, mac, vendor, model, os },
    ...{ first_seen: orNull(firstSeenMs), last_seen: orNull(lastSeenMs), is_available: isAvailable, sources },
    ...{ deleted: isDeleted, by_hand: byHand, merged_into: mergedInto, groups },
  };
}

function orNull(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : instant(ms);
}

export function groupView(group: CountedDeviceGroup): DeviceGroupView {
  const { name, description, devices, archived, createdAtMs, who } = group;
  return { name, description, devices, decommissioned: archived, created_at: instant(createdAtMs), who };
}

export function interfaceView(one: SeenInterface): InterfaceView {
  const { name, mac, addresses, sources, firstSeenMs, lastSeenMs } = one;
  return {
    ...{ name: name === '' ? null : name, mac: mac === '' ? null : mac, addresses, sources },
    ...{ first_seen: instant(firstSeenMs), last_seen: instant(lastSeenMs) },
  };
}

export function mergeView({ atMs, what, from, to, reason, evidence, who, why }: ListedMerge): MergeView {
  return { at: instant(atMs), what, from, to, reason, evidence, who, why };
}

export function conflictView({ sinceMs, ...row }: ListedConflict): ConflictView {
  const { partition, type, scope, value, reason, devices } = row;
  return { partition, type, scope, value, reason, devices, since: instant(sinceMs) };
}

export function deviceChangeView({ atMs, who, event, from, to, why }: DeviceChange): DeviceChangeView {
  return { at: instant(atMs), who, event, from, to, why };
}
