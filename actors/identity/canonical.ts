/** Which of the devices in one group is the one, and the seeds of the id of a new one. */
import type { DeviceSeed } from '../ports/device-id.ts';
import { type DeviceRecord, isAddress } from './device-record.ts';
import type { Evidence } from './evidence.ts';
import type { Group } from './groups.ts';
import { isIdentified } from './identified.ts';

/** In the order of the rule; what is said of MACs is said with what class they are of. */
export function seedsOf({ ids, overruled, seedMac, macs, locals }: Evidence): DeviceSeed[] {
  const seeds: DeviceSeed[] = [];
  const names = {
    agent_id: 'agent',
    armis_device_id: 'armis',
    integration_id: 'integration',
    netbox_device_id: 'netbox',
  } as const;
  for (const { kind, value } of [...ids, ...overruled])
    if (kind in names) seeds.push([names[kind as keyof typeof names], value]);
  const own = [...macs, ...locals].find(({ value }) => value === seedMac)?.value;
  const mac = seeds.length > 0 ? seedMac : (own ?? macs.map(({ value }) => value).sort()[0] ?? null);
  if (mac !== null) seeds.push(['mac', mac]);
  return seeds;
}

/** An asserted id, of several the earliest; else the earliest created; what the rules make yield comes last. */
export function canonicalOf(records: readonly DeviceRecord[], group: Group): DeviceRecord {
  let best = records[0]!;
  for (const one of records) if (one !== best && goesBefore(one, best, group)) best = one;
  return best;
}

function goesBefore(a: DeviceRecord, b: DeviceRecord, group: Group): boolean {
  const order =
    a.assertedMs !== null || b.assertedMs !== null
      ? (a.assertedMs ?? Number.POSITIVE_INFINITY) - (b.assertedMs ?? Number.POSITIVE_INFINITY)
      : yields(a, group) - yields(b, group) || a.createdIn - b.createdIn;
  return (order || byId(a, b)) < 0;
}

function byId(a: DeviceRecord, b: DeviceRecord): number {
  return a.id < b.id ? -1 : 1;
}

/** 4: an address, or what was seen at one, that is another name of what stands by one. 3: an address. 2: known by where it was alone. 1: known by nothing but a MAC that another's own table claims. 0: none of it. */
function yields({ founder }: DeviceRecord, group: Group): number {
  if (isAddress(founder)) return group.address === null || founder === group.address ? 3 : 4;
  if (!isIdentified(founder) && founder.locals.length === 0)
    return group.address === null || group.address.holders.includes(founder) ? 2 : 4;
  return isClaimed(founder, group) ? 1 : 0;
}

/** Where nothing better is known yet, that makes a device of its own. */
export function yieldsAlways({ founder, assertedMs }: DeviceRecord, group: Group): boolean {
  if (isAddress(founder)) return group.address === null;
  return assertedMs === null && isClaimed(founder, group);
}

/** Known by nothing but a MAC that the table of something else in the group claims. */
export function isClaimed({ ids, macs, claims }: Evidence, group: Group): boolean {
  const [mac] = macs;
  if (mac === undefined || ids.length > 0 || macs.length > 1 || claims.includes(mac)) return false;
  return group.evidence.some((one) => one.claims.includes(mac));
}
