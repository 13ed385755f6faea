import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countItems, itemsOf, noItems } from './item-count.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

/** Cut at the given places. */
function cut(all: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [0, ...places.map((place) => place % (all.length + 1)).sort((a, b) => a - b), all.length];
  return at.slice(1).map((to, index) => all.subarray(at[index], to));
}
const count = (pieces: readonly Uint8Array[]) => itemsOf(pieces.reduce(countItems, noItems));

test('whatever the items are and however the text is cut, they are counted', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue(), { maxLength: 8 }),
      fc.constantFrom(undefined, 1, '\t'),
      fc.array(fc.nat(), { maxLength: 12 }),
      (items, indent, places) => {
        expect(count(cut(bytes(JSON.stringify(items, null, indent)), places))).toBe(items.length);
      },
    ),
  );
});

test('a text that was cut off is no array', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 5 }), fc.nat(), (items, place) => {
      const all = bytes(JSON.stringify(items));
      expect(count([all.subarray(0, place % all.length)])).toBeNull();
    }),
  );
});

test.each([
  ...[
    '',
    ' ',
    '{}',
    '1',
    '"[]"',
    '[]]',
    '[] []',
    '[,1]',
    '[1,]',
    '[1,,2]',
    '[}',
    'x[]',
    '[]x',
    '["a]',
    '["a\\"]',
  ],
])('%j is none', (text) => {
  expect(count([bytes(text)])).toBeNull();
});

test('space around it and in it is nothing', () => {
  expect(count([bytes(' \n[ \t]\r ')])).toBe(0);
  expect(count([bytes(' [ 1 , {"a":[1,2]} , "],[" ] ')])).toBe(3);
});
