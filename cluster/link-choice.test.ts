import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ageOf, type LinkFacts, standingOf } from './link-choice.ts';

const link: LinkFacts = { boot: 7, age: 2, dialler: 'core_1', number: 5 };

describe('a link that comes up', () => {
  it('is the first when nothing is there, or only an earlier life', () => {
    expect(standingOf(link, null)).toBe('first');
    expect(standingOf(link, { ...link, boot: 6, age: 9 })).toBe('first');
    expect(standingOf(link, { ...link, boot: 8 })).toBe('of_earlier_life');
  });

  it('is not taken beside one that began after a loss, and tells of a loss that is new', () => {
    expect(standingOf({ ...link, number: 6, age: 1 }, link)).toBe('before_loss');
    expect(standingOf({ ...link, number: 6, age: 3 }, link)).toBe('after_loss');
  });

  it('is of the age that the end knew which knew more, at both ends', () => {
    expect(ageOf({ link: 1, lost: 0 }, { link: 4, lost: 1 })).toBe(1);
    expect(ageOf({ link: 4, lost: 1 }, { link: 1, lost: 0 })).toBe(1);
  });

  it('gives way to the other or takes its place, whichever of the two came first', () => {
    const one = fc.record({ dialler: fc.constantFrom('core_1', 'core_2'), number: fc.nat(3) });
    fc.assert(
      fc.property(one, one, (a, b) => {
        fc.pre(a.dialler !== b.dialler || a.number !== b.number);
        const [first, second] = [
          { ...link, ...a },
          { ...link, ...b },
        ];
        expect([standingOf(first, second), standingOf(second, first)].sort()).toEqual(['kept', 'retires']);
      }),
    );
  });
});
