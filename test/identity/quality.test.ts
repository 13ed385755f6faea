/** How often the reconciler is right on a made truth that is smaller than the bench's, and that it loses nobody. */
import { beforeAll, describe, expect, it } from 'vitest';
import { groundOf } from '../../bench/identity/ground.ts';
import { groupAll } from '../../bench/identity/grouping.ts';
import { qualityOf, recallOf, samenessOf } from '../../bench/identity/measure.ts';
import { hostileNoise, tidyNoise } from '../../bench/identity/noise.ts';
import { lostDevices, swapRounds } from '../../bench/identity/swaps.ts';
import { makeTruth } from '../../bench/identity/truth.ts';
import type { Sighting } from '../../bench/identity/update.ts';
import { shuffled } from '../../bench/identity/world.ts';
import { seededRandom } from '../../runtime/index.ts';
import { groupingByLines } from './by-lines.ts';
import { loadReconcileLines, type ReconcileLines } from './engine.ts';

let reconcile: ReconcileLines;
beforeAll(async () => {
  reconcile = await loadReconcileLines();
});

const plan = { devices: 1_500, sightings: 15_000, tenants: 5, rounds: 10 };

function group(sightings: readonly Sighting[], batch: number) {
  return groupAll(sightings, groupingByLines(reconcile, batch), () => 0);
}

describe.each([11, 12, 13])('on the made truth of seed %d', (seed) => {
  it.each([
    ['tidy', tidyNoise, 1],
    ['hostile', hostileNoise, 0.9999],
  ] as const)(
    'joins in the %s world hardly anything that is not one, and nearly all that is',
    (_, noise, precision) => {
      const truth = makeTruth({ ...plan, seed, noise });
      const ground = groundOf(truth);
      const { groups, conflicts } = group(truth, 1_000);
      const told = qualityOf(ground.device, groups, (at) => ground.isTold[at]!);
      expect(told.precision).toBeGreaterThanOrEqual(precision);
      if (told.precision < 1) expect(conflicts).toBeGreaterThan(0);
      expect(recallOf(ground.bySingle, groups)).toBeGreaterThanOrEqual(0.99);
      expect(recallOf(ground.bySingleOrMac, groups)).toBeGreaterThanOrEqual(0.95);
    },
  );
});

describe('on a made truth', () => {
  it('groups alike in another order and in other batches', () => {
    const truth = makeTruth({ ...plan, seed: 14, noise: hostileNoise });
    const { groups } = group(truth, 1_000);
    const order = shuffled([...truth.keys()], seededRandom(14));
    const mixed = group(
      order.map((at) => truth[at]!),
      137,
    ).groups;
    const back = new Array<string | null>(truth.length).fill(null);
    for (const [place, at] of order.entries()) back[at] = mixed[place]!;
    expect(samenessOf(groups, back)).toBe(1);
  });
  it('loses nobody when a fifth of all addresses change hands in each of ten rounds', () => {
    const grouping = groupingByLines(reconcile, 500)();
    const rounds = [...swapRounds({ seed: 15, devices: 2_000, rounds: 10, swapped: 0.2 })];
    for (const { updates } of rounds) grouping.apply(updates);
    const groups = grouping.groups();
    let at = 0;
    const answered = rounds.map(({ devices }) => {
      at += devices.length;
      return { devices, groups: groups.slice(at - devices.length, at) };
    });
    expect(lostDevices(answered)).toBe(0);
  });
  it('takes devices back and lets them return without taking one for another', () => {
    const truth = makeTruth({ ...plan, seed: 16, noise: { ...tidyNoise, retracted: 0.02 } });
    const ground = groundOf(truth);
    const { groups } = group(truth, 1_000);
    expect(qualityOf(ground.device, groups, (at) => ground.isTold[at]!).precision).toBe(1);
  });
});
