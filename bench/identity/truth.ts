/**
 * A made truth: the sightings of a made world over some rounds, each with the true device that it is of. The same seed makes
 * the same truth. Each round is a day in which every device is seen by sources that watch it, at times of their own.
 */
import { type Random, seededRandom } from '../../runtime/index.ts';
import type { Source, TrueDevice } from './device.ts';
import type { Noise } from './noise.ts';
import { tell } from './telling.ts';
import type { DeviceUpdate, Sighting } from './update.ts';
import { newWorld, nextRound, shuffled } from './world.ts';

export interface TruthPlan {
  readonly seed: number;
  readonly devices: number;
  /** About as many; each device gets as many a round as any other, or one more. */
  readonly sightings: number;
  readonly tenants: number;
  readonly rounds: number;
  readonly noise: Noise;
}

/** What the reference figures were measured on, in size. */
export const fullPlan = { seed: 1, devices: 20_000, sightings: 200_000, tenants: 20, rounds: 10 } as const;

const firstMs = Date.parse('2026-01-05T00:00:00.000Z');
const roundMs = 24 * 3_600_000;
/** A sweep comes by half as often as each of the others. */
const sweepWeight = 0.5;

/** In the order of time within a tenant's rounds; what is redelivered comes some sightings later. */
export function makeTruth(plan: TruthPlan): Sighting[] {
  const random = seededRandom(plan.seed);
  const world = newWorld(plan.devices, plan.tenants, plan.noise, random);
  const all: Sighting[] = [];
  const perRound = plan.sightings / plan.rounds / plan.devices;
  for (let round = 0; round < plan.rounds; round += 1) {
    if (round > 0) for (const partition of world.partitions) nextRound(partition, plan.noise, random);
    const told: Sighting[] = [];
    for (const device of world.devices) {
      const times = Math.floor(perRound * (round + 1) + 1e-9) - Math.floor(perRound * round + 1e-9);
      for (let n = 0; n < times; n += 1) told.push(sighting(device, round, plan.noise, random));
      if (random.next() < plan.noise.retracted) told.push(...retraction(device, round));
    }
    told.push(...shuffled(told, random).slice(0, Math.round(told.length * plan.noise.redelivered)));
    for (const one of shuffled(told, random)) all.push(one);
  }
  return all;
}

function sighting(device: TrueDevice, round: number, noise: Noise, random: Random): Sighting {
  const timestamp = new Date(firstMs + round * roundMs + Math.floor(random.next() * roundMs)).toISOString();
  const update = tell(device, pick(device.sources, random), timestamp, noise, random);
  return { tenant: device.tenant, device: device.index, round, isRetraction: false, update };
}

function pick(sources: readonly Source[], random: Random): Source {
  const sweeps = sources.includes('sweep');
  const others = sources.length - (sweeps ? 1 : 0);
  const at = random.next() * (others + (sweeps ? sweepWeight : 0));
  const named = sources.filter((source) => source !== 'sweep');
  return named[Math.floor(at)] ?? 'sweep';
}

/** By the id of an own source, in the last second of the round; none of a device that no such source watches. */
function retraction(device: TrueDevice, round: number): Sighting[] {
  const source = device.sources.find((one) => one === 'armis' || one === 'netbox');
  if (source === undefined) return [];
  const update: DeviceUpdate = {
    ...(device.partition === '' ? {} : { partition: device.partition }),
    source,
    timestamp: new Date(firstMs + (round + 1) * roundMs - 1_000).toISOString(),
    is_available: false,
    metadata: { [`${source}_device_id`]: device.id, _deleted: 'true' },
  };
  return [{ tenant: device.tenant, device: device.index, round, isRetraction: true, update }];
}

/** By tenant, in the order in which they came. */
export function byTenant(sightings: readonly Sighting[]): Map<number, Sighting[]> {
  const found = new Map<number, Sighting[]>();
  for (const one of sightings) {
    const of = found.get(one.tenant);
    if (of === undefined) found.set(one.tenant, [one]);
    else of.push(one);
  }
  return found;
}
