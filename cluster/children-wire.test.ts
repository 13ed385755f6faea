import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readWord, type Word, wordRow } from './children-wire.ts';
import { askIdsMax } from './limits.ts';
import { actorCodec } from './router.ts';

const spec = { id: 'one', kind: 'counter', role: 'core', args: [1, { deep: [null] }], tenant: 'acme' };
const entry = { spec, clock: 5, node: 'core_1', stamp: 6, count: 7 };
const context = [['core_1', 6, 7, [9]]] as const;
const words: Word[] = [
  { type: 'delta', delta: { puts: [entry], removals: [{ id: 'two', node: 'core_2', stamp: 1, count: 2 }] } },
  { type: 'digest', digest: { hashes: [1, 2], reply: true, context, horizonMs: 3 } },
  {
    type: 'exchange',
    exchange: { number: 1, part: 0, last: true, buckets: [4], context, horizonMs: 0, entries: [entry] },
  },
  { type: 'state', serving: true, high: 1, low: 2 },
  { type: 'ask', round: 1, ids: ['one', 'two'] },
  { type: 'answer', round: 1, held: ['one'], elsewhere: [['core_2', ['two']]] },
  { type: 'handover', id: 'one', version: 'core_1.6.7', hops: 0, state: { n: 1 } },
  { type: 'report', id: 'one', version: 'core_1.6.7', code: 'child_failed', detail: 'because' },
];
const codec = actorCodec();

describe('a word between supervisors', () => {
  it.each(words.map((word) => [word.type, word] as const))('%s travels whole', (_type, word) => {
    expect(readWord(codec.decode(codec.encode(wordRow(word))))).toEqual(word);
  });

  it.each(words.map((word) => [word.type, word] as const))(
    '%s with any field spoilt is refused or still one',
    (type, word) => {
      const row = wordRow(word);
      const junk = fc.oneof(
        fc.constant(null),
        fc.string(),
        fc.integer(),
        fc.object(),
        fc.array(fc.anything()),
      );
      fc.assert(
        fc.property(fc.integer({ min: 1, max: row.length - 1 }), junk, (at, value) => {
          const read = readWord(row.with(at, value));
          if (read === null) return;
          expect(read).toMatchObject({ type });
          expect(readWord(wordRow(read as Word))).toEqual(read);
        }),
      );
    },
  );

  it('of a later version is let pass, and what is none is refused', () => {
    expect(readWord(['from the future', 1])).toBe('from the future');
    expect([readWord(null), readWord([]), readWord([7]), readWord({ type: 'ask' })]).toEqual([
      null,
      null,
      null,
      null,
    ]);
    expect(readWord(['ask', 1, Array.from({ length: askIdsMax + 1 }, () => 'x')])).toBe(null);
  });
});
