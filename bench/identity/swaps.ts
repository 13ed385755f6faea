/**
 * Addresses that churn: one tenant's devices, each seen once a round by what watches it once it is there, of which a fifth have traded
 * addresses since the last round. Every device is told by one strong identifier, so none of them may be lost, ever.
 * Made round by round, for all of them together would be large.
 */
import { type Random, seededRandom } from '../../runtime/index.ts';
import { newMint } from './device.ts';
import type { DeviceUpdate } from './update.ts';
import { shuffled } from './world.ts';

export interface SwapPlan {
  readonly seed: number;
  readonly devices: number;
  readonly rounds: number;
  /** Of the devices, a round. */
  readonly swapped: number;
}

export const fullSwapPlan: SwapPlan = { seed: 2, devices: 50_000, rounds: 10, swapped: 0.2 };

export interface SwapRound {
  /** The true device of each update. */
  readonly devices: readonly number[];
  readonly updates: readonly DeviceUpdate[];
}

const firstMs = Date.parse('2026-01-05T00:00:00.000Z');
const hourMs = 3_600_000;

export function* swapRounds({ seed, devices, rounds, swapped }: SwapPlan): Generator<SwapRound> {
  const random = seededRandom(seed);
  const mint = newMint();
  const macs = Array.from({ length: devices }, () => mint.mac());
  const ips = Array.from({ length: devices }, (_, n) => `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`);
  // A fifth is there only later, and comes by addresses that others had.
  const comes = ips.map(() => (random.next() < 0.8 ? 0 : 1 + Math.floor(random.next() * (rounds - 1))));
  for (let round = 0; round < rounds; round += 1) {
    if (round > 0) swap(ips, Math.round(devices * swapped), random);
    const order = shuffled([...ips.keys()], random).filter((device) => comes[device]! <= round);
    const updates = order.map((device, at): DeviceUpdate => {
      const ms = firstMs + round * hourMs + Math.floor((at * hourMs) / devices);
      const common = { ip: ips[device]!, timestamp: new Date(ms).toISOString(), is_available: true };
      return { ...common, ...toldBy(device, macs[device]!.value) };
    });
    yield { devices: order, updates };
  }
}

/** The manners of telling take turns over the devices. */
function toldBy(device: number, mac: string): Pick<DeviceUpdate, 'source'> & Partial<DeviceUpdate> {
  const id = String(device);
  switch (device % 5) {
    case 0:
      return { source: 'armis', mac, metadata: { armis_device_id: id } };
    case 1:
      return { source: 'netbox', metadata: { netbox_device_id: id } };
    case 2:
      return { source: 'integration', metadata: { integration_type: 'intune', integration_id: id } };
    case 3:
      return { source: 'snmp', metadata: { serial: `SW${id.padStart(6, '0')}` }, agent_id: 'poller-agent-1' };
    default:
      return { source: 'snmp', mac, agent_id: 'poller-agent-1' };
  }
}

/** Each of the chosen gets the address of the next one. */
function swap(ips: string[], count: number, random: Random): void {
  const chosen = shuffled([...ips.keys()], random).slice(0, count);
  const first = ips[chosen[0]!]!;
  for (const [at, device] of chosen.entries()) {
    const next = chosen[at + 1];
    ips[device] = next === undefined ? first : ips[next]!;
  }
}

/** Devices that in some round had another id than in the first, none, or one that another device had. */
export function lostDevices(
  rounds: Iterable<{ devices: readonly number[]; groups: readonly (string | null)[] }>,
): number {
  const idOf = new Map<number, string | null>();
  const ownerOf = new Map<string, number>();
  const lost = new Set<number>();
  for (const { devices, groups } of rounds) {
    for (const [at, device] of devices.entries()) {
      const id = groups[at] ?? null;
      if (!idOf.has(device)) idOf.set(device, id);
      const isOwn = id !== null && (ownerOf.get(id) ?? device) === device && idOf.get(device) === id;
      if (!isOwn) lost.add(device);
      if (id !== null && !ownerOf.has(id)) ownerOf.set(id, device);
    }
  }
  return lost.size;
}
