import { describe, expect, it } from 'vitest';
import { evidenceOf, partitionOf } from './evidence.ts';
import { groundOf } from './ground.ts';
import { groupAll, type OpenGrouping } from './grouping.ts';
import { qualityOf, samenessOf } from './measure.ts';
import { hostileNoise, type Noise, tidyNoise } from './noise.ts';
import { openPriorityList } from './priority-list.ts';
import { openStrongUnion } from './strong-union.ts';
import { makeTruth } from './truth.ts';
import type { Sighting } from './update.ts';

const plan = { seed: 7, devices: 1_200, sightings: 12_000, tenants: 6, rounds: 10 };
const truth = (noise: Noise, seed = plan.seed) => makeTruth({ ...plan, seed, noise });
const tidy = truth(tidyNoise);
const hostile = truth(hostileNoise);

function group(sightings: readonly Sighting[], open: OpenGrouping) {
  return groupAll(sightings, open, () => 0).groups;
}

describe('a made truth', () => {
  it('is the same of the same seed, and another of another', () => {
    expect(truth(hostileNoise)).toEqual(hostile);
    expect(truth(hostileNoise, 8)).not.toEqual(hostile);
  });
  it('sees every device as often as it is told to, and some a second time', () => {
    expect(new Set(tidy.map(({ device }) => device)).size).toBe(plan.devices);
    expect(tidy.length).toBe(plan.sightings + plan.rounds * Math.round(plan.devices * tidyNoise.redelivered));
  });
  it('gives each address of a partition to one device a round, and another device the next', () => {
    const holders = new Map<string, Set<number>>();
    const moved = { yes: 0, no: 0 };
    const last = new Map<number, string>();
    for (const { tenant, round, device, update } of tidy) {
      const { ip } = evidenceOf(update);
      const key = `${tenant}|${round}|${ip}`;
      holders.set(key, (holders.get(key) ?? new Set()).add(device));
      const before = last.get(device);
      if (before !== undefined && before !== `${ip}|${round}`)
        moved[before.startsWith(`${ip}|`) ? 'no' : 'yes'] += 1;
      last.set(device, `${ip}|${round}`);
    }
    expect([...holders.values()].filter(({ size }) => size > 1)).toEqual([]);
    expect(moved.yes / (moved.yes + moved.no)).toBeCloseTo(tidyNoise.addressChanges, 1);
  });
  it('repeats addresses, ids and MACs from tenant to tenant and from partition to partition', () => {
    const of = (tenant: number, partition: string) =>
      new Set(
        tidy
          .filter((one) => one.tenant === tenant && partitionOf(one.update) === partition)
          .flatMap(({ update }) => [update.ip, update.mac, update.metadata?.armis_device_id])
          .filter((one) => one !== undefined),
      );
    for (const [left, right] of [
      [of(0, 'default'), of(1, 'default')],
      [of(1, 'default'), of(1, 'north')],
    ] as const)
      expect([...left].filter((one) => right.has(one)).length).toBeGreaterThan(left.size / 8);
  });
  it('has no identifier that two devices have, as long as nothing lies', () => {
    expect(qualityOf(groundOf(tidy).device, group(tidy, openStrongUnion))).toMatchObject({
      precision: 1,
      overMerges: 0,
    });
  });
  it('lies when it is told to: docks, clones, moved cards and serials of a batch tie devices together', () => {
    expect(qualityOf(groundOf(hostile).device, group(hostile, openStrongUnion)).overMerges).toBeGreaterThan(
      3,
    );
  });
  it('shows nothing shared without ids that prove it shared, wherever it is shown by what has no such id', () => {
    const devicesOf = new Map<string, Set<number>>();
    const provenBy = new Map<string, Set<string>>();
    for (const { tenant, device, update } of hostile) {
      const { single, macs } = evidenceOf(update);
      for (const key of [...macs, ...single.filter((one) => one.includes('|serial|'))]) {
        const of = `${tenant}|${key}`;
        devicesOf.set(of, (devicesOf.get(of) ?? new Set()).add(device));
        for (const id of single.filter((one) => /\|(armis|netbox)\|/.test(one)))
          provenBy.set(of, (provenBy.get(of) ?? new Set()).add(id));
      }
    }
    const shared = [...devicesOf].filter(([, devices]) => devices.size > 1);
    expect(shared.length).toBeGreaterThan(20);
    for (const [key] of shared) {
      const ids = [...(provenBy.get(key) ?? [])];
      const of = (kind: string) => ids.filter((id) => id.includes(kind)).length;
      expect(Math.max(of('|armis|'), of('|netbox|')), key).toBeGreaterThan(1);
    }
  });
  it('takes devices back when it is told to', () => {
    const gone = truth({ ...tidyNoise, retracted: 0.05 }).filter(({ isRetraction }) => isRetraction);
    expect(gone.length).toBeGreaterThan(100);
    for (const { update } of gone) expect(update.metadata?._deleted).toBe('true');
  });
});

describe('the ground of a truth', () => {
  it('never ties two devices, and ties more with MACs than without', () => {
    const ground = groundOf(hostile);
    for (const parts of [ground.bySingle, ground.bySingleOrMac])
      expect(qualityOf(ground.device, parts).precision).toBe(1);
    const count = (parts: Int32Array) => new Set(parts).size;
    expect(count(ground.bySingleOrMac)).toBeLessThan(count(ground.bySingle));
    expect(count(ground.bySingle)).toBeLessThan(hostile.length);
  });
  it('holds all that the union of strong identifiers finds where nothing lies', () => {
    const ground = groundOf(tidy);
    expect(samenessOf(ground.bySingleOrMac, group(tidy, openStrongUnion))).toBe(1);
  });
});

describe('the peers', () => {
  it('are wrong in their own ways: the lists by the order, the union by what is shared', () => {
    const { device, isTold } = groundOf(hostile);
    const of = (open: OpenGrouping) => qualityOf(device, group(hostile, open), (at) => isTold[at]!);
    const [common, strong, union] = [
      openPriorityList('common'),
      openPriorityList('strong'),
      openStrongUnion,
    ].map(of);
    expect(common!.precision).toBeLessThan(strong!.precision);
    expect(union!.recall).toBeGreaterThan(strong!.recall);
    const reversed = [...hostile].reverse();
    const back = (groups: readonly (string | null)[]) => [...groups].reverse();
    expect(samenessOf(group(hostile, openStrongUnion), back(group(reversed, openStrongUnion)))).toBe(1);
    const list = openPriorityList('strong');
    expect(samenessOf(group(hostile, list), back(group(reversed, list)))).toBeLessThan(1);
  });
});
