import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addToArray, emptyArray, endOfArray } from './one-array.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

function joined(pieces: readonly Uint8Array[]): { text: string; items: number } | null {
  let state = emptyArray;
  const out: Uint8Array[] = [];
  for (const piece of pieces) {
    const added = addToArray(state, piece);
    state = added.state;
    out.push(added.text);
  }
  const end = endOfArray(state);
  return end === null ? null : { text: Buffer.concat([...out, end]).toString(), items: state.items };
}

const texts = fc.array(
  fc.oneof(fc.array(fc.jsonValue(), { maxLength: 5 }), fc.dictionary(fc.string(), fc.jsonValue())),
  { maxLength: 6 },
);

test('arrays and objects one after the other are one array of the items of both, however they are cut', () => {
  fc.assert(
    fc.property(
      texts,
      fc.constantFrom('', ' ', '\n'),
      fc.array(fc.nat(), { maxLength: 10 }),
      (given, between, places) => {
        const all = bytes(
          given.map((one) => JSON.stringify(one, null, between === '' ? 0 : 1)).join(between),
        );
        const at = [0, ...places.map((place) => place % (all.length + 1)).sort((a, b) => a - b), all.length];
        const made = joined(at.slice(1).map((to, index) => all.subarray(at[index], to)));
        const wanted = given.flatMap((one) => (Array.isArray(one) ? one : [one]));
        expect(made!.items).toBe(wanted.length);
        // Through JSON, which has no -0.
        if (wanted.length === 0) expect(made!.text).toBe('');
        else expect(JSON.parse(made!.text)).toEqual(JSON.parse(JSON.stringify(wanted)));
      },
    ),
  );
});

test('one that was cut off in the middle is none', () => {
  const all = bytes('[{"a":"]"},2]');
  for (let length = 1; length < all.length; length += 1) expect(joined([all.subarray(0, length)])).toBeNull();
});

test.each(['1', 'x', ']', '}', '[,]', '[1,]', '[1,,2]', '[}', '{}1', '[]"a"', ','])(
  '%j is refused',
  (text) => {
    expect(joined([bytes(text)])).toBeNull();
  },
);
