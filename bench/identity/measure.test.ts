import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pairsOf, qualityOf, recallOf, samenessOf } from './measure.ts';

/** The definition itself: every pair looked at. */
function pairByPair(left: readonly (string | null)[], right: readonly (string | null)[]) {
  const together = (groups: readonly (string | null)[], i: number, j: number) =>
    groups[i] !== null && groups[i] === groups[j];
  const pairs = { left: 0, right: 0, both: 0 };
  for (let i = 0; i < left.length; i += 1) {
    for (let j = i + 1; j < left.length; j += 1) {
      if (together(left, i, j)) pairs.left += 1;
      if (together(right, i, j)) pairs.right += 1;
      if (together(left, i, j) && together(right, i, j)) pairs.both += 1;
    }
  }
  return pairs;
}

const group = fc.constantFrom('a', 'b', 'c', 'd', null);
const divisions = fc.array(fc.tuple(group, group), { maxLength: 40 });

describe('pairs counted from sizes', () => {
  it('are those that are found pair by pair', () => {
    fc.assert(
      fc.property(divisions, (things) => {
        const [left, right] = [things.map(([one]) => one), things.map(([, one]) => one)];
        expect(pairsOf(left, right)).toEqual(pairByPair(left, right));
      }),
    );
  });
  it('are only of the things that count', () => {
    expect(pairsOf(['a', 'a', 'a'], ['x', 'x', 'x'], (at) => at > 0)).toEqual({ left: 1, right: 1, both: 1 });
  });
  it('are refused for different things', () => {
    expect(() => pairsOf(['a'], [])).toThrow('1 things and 0 things');
  });
});

describe('the quality of a grouping', () => {
  const truth = ['a', 'a', 'a', 'b', 'b', 'c'];

  it('is perfect when it is the truth under other names', () => {
    const found = qualityOf(truth, ['3', '3', '3', '1', '1', null]);
    expect(found).toEqual({ precision: 1, recall: 1, clusterF1: 1, overMerges: 0, splits: 0 });
  });
  it('tells what was wrongly merged and what was split', () => {
    // Groups x = {a, a}, y = {a, b, b}, z = {c}: of 1 + 3 pairs together 2 are right, of 3 + 1 true ones 2 are there.
    const found = qualityOf(truth, ['x', 'x', 'y', 'y', 'y', 'z']);
    expect(found).toMatchObject({ precision: 0.5, recall: 0.5, overMerges: 1, splits: 1 });
    // One of three is exact on both sides.
    expect(found.clusterF1).toBeCloseTo(1 / 3);
  });
  it('is precise and knows nothing when everything stands alone', () => {
    const alone = truth.map(() => null);
    expect(qualityOf(truth, alone)).toMatchObject({ precision: 1, recall: 0, overMerges: 0, splits: 2 });
    expect(recallOf(truth, alone)).toBe(0);
  });
});

describe('the sameness of two groupings', () => {
  it('is 1 for the same under other names, and the share of common pairs otherwise', () => {
    expect(samenessOf(['a', 'a', 'b'], ['2', '2', '1'])).toBe(1);
    expect(samenessOf(['a', 'a', 'a'], ['x', 'x', 'y'])).toBeCloseTo(1 / 3);
    expect(samenessOf(['a', 'b'], [null, null])).toBe(1);
  });
});
