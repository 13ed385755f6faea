import { expect, test } from 'vitest';
import { seededRandom } from '../../runtime/index.ts';
import { fuzzTargets } from './targets.ts';

const inputs = 50_000;
/** On a machine that is busy with the other tests; alone each takes a few seconds. */
const patienceMs = 120_000;

test.each(fuzzTargets)(
  '$name: 50,000 changed inputs get an answer of the closed set',
  ({ make }) => {
    const target = make();
    const seed = 20_261_121;
    const random = seededRandom(seed);
    let at = 0;
    try {
      for (; at < inputs; at += 1) target.run(random);
    } catch (error) {
      throw new Error(`${target.name}: input ${at} of seed ${seed}: ${String(error)}`, { cause: error });
    }
    expect(at).toBe(inputs);
  },
  patienceMs,
);
