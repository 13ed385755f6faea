/** One stream of a made truth with all that lies, in a thousand orders and as many ways of cutting it into batches: always the same devices. */
import { expect, it } from 'vitest';
import { groupAll } from '../../bench/identity/grouping.ts';
import { samenessOf } from '../../bench/identity/measure.ts';
import { hostileNoise } from '../../bench/identity/noise.ts';
import { makeTruth } from '../../bench/identity/truth.ts';
import { shuffled } from '../../bench/identity/world.ts';
import { openReconciler } from '../../bench/ours/identity.ts';
import { seededRandom } from '../../runtime/index.ts';

const shuffles = 1_000;
const batchMax = 200;

it('a thousand shuffles of one stream, delivered in part twice, are the same devices', () => {
  const truth = makeTruth({
    ...{ seed: 16, devices: 150, sightings: 1_500, tenants: 1, rounds: 10, noise: hostileNoise },
  });
  const { groups: wanted } = groupAll(truth, openReconciler, () => 0);
  let same = 0;
  for (let seed = 1; seed <= shuffles; seed += 1) {
    const random = seededRandom(seed);
    const again = [...truth.keys()].filter(() => random.next() < 0.1);
    const order = shuffled([...truth.keys(), ...again], random);
    const grouping = openReconciler();
    for (let at = 0; at < order.length; ) {
      const to = at + 1 + Math.floor(random.next() * batchMax);
      grouping.apply(order.slice(at, to).map((index) => truth[index]!.update));
      at = to;
    }
    const found = new Array<string | null>(truth.length).fill(null);
    for (const [place, group] of grouping.groups().entries()) found[order[place]!] = group;
    if (samenessOf(wanted, found) === 1) same += 1;
  }
  expect(same).toBe(shuffles);
}, 600_000);
