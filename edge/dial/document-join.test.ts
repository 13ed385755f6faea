import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ResultsChunk } from '../../proto/index.ts';
import { isFault } from './dial-errors.ts';
import { type DocumentJoin, joinChunk, joinEnd, newJoin, type StreamedType } from './document-join.ts';

const chunkOf = (
  value: unknown,
  chunkIndex: number,
  totalChunks: number,
  currentSequence = '1',
): ResultsChunk => ({
  data: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
  ...{ isFinal: chunkIndex === totalChunks - 1, chunkIndex, totalChunks, currentSequence, timestamp: 0 },
});

function joined(type: StreamedType, chunks: ResultsChunk[], last = '') {
  let state: DocumentJoin = newJoin(type);
  for (const chunk of chunks) {
    const next = joinChunk(state, chunk, last);
    if (isFault(next)) return next;
    state = next;
  }
  const ended = joinEnd(state, last);
  if (ended === null || isFault(ended)) return ended;
  return { ...ended, value: JSON.parse(Buffer.from(ended.data).toString()) as unknown };
}

describe('a document out of chunks', () => {
  it('is the same whatever the number of chunks that it came in', () => {
    const hosts = fc.array(fc.record({ host: fc.string(), rtt: fc.integer() }), {
      minLength: 1,
      maxLength: 60,
    });
    fc.assert(
      fc.property(hosts, fc.integer({ min: 1, max: 10 }), fc.boolean(), (list, size, isSweep) => {
        const head = { network: '192.0.2.0/24', ports: [{ port: 1, available: 2 }] };
        const parts: unknown[][] = [];
        for (let at = 0; at < list.length; at += size) parts.push(list.slice(at, at + size));
        const of = (part: unknown[]) => (isSweep ? { ...head, hosts: part } : part);
        const chunks = parts.map((part, at) => chunkOf(of(part), at, parts.length));
        const whole = joined(isSweep ? 'sweep' : 'sync', chunks);
        expect(whole).toMatchObject({ sequence: '1' });
        expect(whole).toHaveProperty('value', isSweep ? { ...head, hosts: list } : list);
      }),
    );
  });

  it('whose chunks come in any other order, or not all, is refused', () => {
    const chunks = [0, 1, 2].map((at) => chunkOf([at], at, 3));
    fc.assert(
      fc.property(fc.shuffledSubarray(chunks), (some) => {
        const isWhole = some.length === 3 && some.every((one, at) => one.chunkIndex === at);
        expect(isFault(joined('sync', some))).toBe(!isWhole);
      }),
    );
  });

  it('is nothing new when its sequence was taken, or when it holds nothing', () => {
    expect(joined('sync', [chunkOf([1], 0, 1, '4')], '4')).toBeNull();
    expect(joined('sweep', [chunkOf('', 0, 1, '5')], '4')).toBeNull();
    expect(joined('sync', [chunkOf([], 0, 1, '5')], '4')).toMatchObject({ value: [] });
    // An agent that names no sequence says something new each time.
    expect(joined('sync', [chunkOf([1], 0, 1, '')], '')).toMatchObject({ value: [1] });
  });

  it('takes a sweep without a head, and one whose hosts were never begun', () => {
    const bare = [chunkOf({ hosts: [1] }, 0, 2), chunkOf({ hosts: null }, 1, 2)];
    expect(joined('sweep', bare)).toMatchObject({ value: { hosts: [1] } });
  });

  it.each<[string, StreamedType, ResultsChunk[]]>([
    ['an empty chunk among others', 'sync', [chunkOf([1], 0, 2), chunkOf('', 1, 2)]],
    ['another sequence', 'sync', [chunkOf([1], 0, 2), chunkOf([1], 1, 2, '2')]],
    ['another head', 'sweep', [chunkOf({ a: 1 }, 0, 2), chunkOf({ a: 2 }, 1, 2)]],
    ['text that is no UTF-8', 'sync', [{ ...chunkOf('', 0, 1), data: Buffer.of(0x22, 0xff, 0x22) }]],
    ['an object where an array belongs', 'sync', [chunkOf({}, 0, 1)]],
    ['what is nested without end', 'sync', [chunkOf('['.repeat(200_000) + ']'.repeat(200_000), 0, 1)]],
    [
      'more than a document may hold',
      'sync',
      [0, 1, 2, 3].map((at) => chunkOf([' '.repeat(4_000_000)], at, 5)),
    ],
  ])('is refused with %s', (_what, type, chunks) => {
    expect(joined(type, chunks)).toMatchObject({
      fault: expect.stringMatching(/^(bad_chunk|bad_json|too_large)$/),
    });
  });
});
