import fc from 'fast-check';
import { expect, test } from 'vitest';
import { literalMatch } from './literal-match.ts';

test('a literal is found in a stream exactly when it is in the whole, however the stream is cut', () => {
  // Two letters make many half matches.
  const letters = (maxLength: number) => fc.string({ unit: fc.constantFrom('a', 'b', 'é'), maxLength });
  fc.assert(
    fc.property(letters(6), fc.array(letters(12), { maxLength: 8 }), (needle, pieces) => {
      const match = literalMatch(needle);
      let seen = match.feed(Buffer.alloc(0));
      for (const piece of pieces) seen = match.feed(Buffer.from(piece));
      expect(seen).toBe(pieces.join('').includes(needle));
    }),
    { numRuns: 1000 },
  );
});

test('a character that is cut between two chunks is found', () => {
  const bytes = Buffer.from('pré');
  const match = literalMatch('ré');
  expect(match.feed(bytes.subarray(0, 3))).toBe(false);
  expect(match.feed(bytes.subarray(3))).toBe(true);
});
