import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPlacement, ownerOf, rank } from './placement.ts';

const keys = Array.from({ length: 20_000 }, (_, i) => `tenant${i % 97}/default/check/${i}`);
const nodes = (count: number) => Array.from({ length: count }, (_, i) => `core_${i + 1}`);

describe('placement', () => {
  it('has no owner without members', () => {
    expect(ownerOf('a', [])).toBeNull();
    expect(rank('a', [])).toEqual([]);
  });

  it('does not depend on the order or the repetition of members', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 12 }),
        fc.string(),
        (members, key) => {
          const again = [...members].reverse().concat(members);
          expect(ownerOf(key, again)).toBe(ownerOf(key, members));
          expect(rank(key, again)).toEqual(rank(key, members));
          expect(rank(key, members)[0]).toBe(ownerOf(key, members));
          expect([...rank(key, members)].sort()).toEqual([...members].sort());
        },
      ),
    );
  });

  it('keeps the order of the others when one member goes', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 12 }),
        fc.nat(),
        fc.string(),
        (members, which, key) => {
          const gone = members[which % members.length]!;
          const rest = members.filter((name) => name !== gone);
          expect(rank(key, rest)).toEqual(rank(key, members).filter((name) => name !== gone));
        },
      ),
    );
  });

  it.each([2, 3, 5, 10, 50])('spreads keys over %i members within chance and 2 % of even', (count) => {
    const placement = createPlacement(nodes(count));
    const held = new Map<string, number>();
    for (const key of keys) {
      const owner = placement.ownerOf(key)!;
      held.set(owner, (held.get(owner) ?? 0) + 1);
    }
    const even = keys.length / count;
    const bound = even * 0.02 + 5 * Math.sqrt(even);
    for (const name of nodes(count)) {
      expect(Math.abs((held.get(name) ?? 0) - even), name).toBeLessThan(bound);
    }
  });

  it('moves about one Nth of the keys to a member that comes, and none between the others', () => {
    const before = createPlacement(nodes(9));
    const after = createPlacement(nodes(10));
    let moved = 0;
    for (const key of keys) {
      if (before.ownerOf(key) === after.ownerOf(key)) continue;
      expect(after.ownerOf(key)).toBe('core_10');
      moved++;
    }
    expect(moved / keys.length).toBeGreaterThan(0.085);
    expect(moved / keys.length).toBeLessThan(0.115);
  });

  it('places these keys on these nodes for ever: another release must not move them', () => {
    const members = ['core_1', 'core_2', 'core_3'];
    expect(
      ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((key) => ownerOf(key, members)),
    ).toMatchInlineSnapshot(`
      [
        "core_2",
        "core_2",
        "core_1",
        "core_2",
        "core_2",
        "core_1",
        "core_3",
        "core_3",
      ]
    `);
  });
});
