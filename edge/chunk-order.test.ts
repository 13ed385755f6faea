import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChunkEvent, type ChunkOrder, noChunks, stepChunks } from './chunk-order.ts';
import { isRefusal } from './errors.ts';
import { chunksMax, servicesMax, streamHeldBytesMax } from './limits.ts';

function chunk(
  chunkIndex: number,
  totalChunks: number,
  changes: Partial<ChunkEvent & { type: 'chunk' }> = {},
) {
  const place = { chunkIndex, totalChunks, isFinal: chunkIndex === totalChunks - 1 };
  return { type: 'chunk', place, senderId: 'a', services: 1, bytes: 10, ...changes } as const;
}

/** The state after all of them, or the first refusal. */
function run(events: readonly ChunkEvent[]) {
  let state: ChunkOrder = noChunks;
  for (const event of events) {
    const next = stepChunks(state, event);
    if (isRefusal(next)) return next;
    state = next;
  }
  return state;
}

describe('the order of chunks', () => {
  it('takes 0, 1, 2 and so on up to the final one, and is complete then and no earlier', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), (total) => {
        const events = Array.from({ length: total }, (_, at) => chunk(at, total));
        expect(run([...events, { type: 'end' }])).toMatchObject({ complete: true, services: total });
        const short = run([...events.slice(0, -1), { type: 'end' }]);
        expect(short).toMatchObject({ code: 'stream_incomplete' });
      }),
    );
  });
  it.each<[string, ChunkEvent[], string]>([
    ['a total of none', [chunk(0, 0)], 'bad_chunk'],
    ['a total below none', [chunk(0, -1)], 'bad_chunk'],
    ['a total that nobody needs', [chunk(0, chunksMax + 1)], 'bad_chunk'],
    ['a total that changes', [chunk(0, 3), chunk(1, 4)], 'bad_chunk'],
    ['a first that is not the first', [chunk(1, 3)], 'bad_chunk'],
    ['one twice', [chunk(0, 3), chunk(0, 3)], 'bad_chunk'],
    ['one left out', [chunk(0, 3), chunk(2, 3)], 'bad_chunk'],
    ['another sender', [chunk(0, 3), chunk(1, 3, { senderId: 'b' })], 'bad_chunk'],
    ['one after the final one', [chunk(0, 1), chunk(1, 1)], 'bad_chunk'],
    [
      'a last that is not final',
      [chunk(0, 1, { place: { ...chunk(0, 1).place, isFinal: false } })],
      'bad_chunk',
    ],
    [
      'a final that is not last',
      [chunk(0, 2, { place: { ...chunk(0, 2).place, isFinal: true } })],
      'bad_chunk',
    ],
    ['too many services', [chunk(0, 2), chunk(1, 2, { services: servicesMax })], 'too_many_services'],
    ['too many bytes', [chunk(0, 2), chunk(1, 2, { bytes: streamHeldBytesMax })], 'too_large'],
    ['nothing at all', [{ type: 'end' }], 'stream_incomplete'],
  ])('refuses %s', (_what, events, code) => {
    expect(run(events)).toMatchObject({ code });
  });
  it('never holds more than it may, whatever comes', () => {
    const any = fc.record({
      type: fc.constant('chunk' as const),
      place: fc.record({
        chunkIndex: fc.integer({ min: -1, max: 4 }),
        totalChunks: fc.integer({ min: -1, max: 5 }),
        isFinal: fc.boolean(),
      }),
      senderId: fc.constantFrom('a', 'b'),
      services: fc.integer({ min: 0, max: servicesMax + 1 }),
      bytes: fc.integer({ min: 0, max: streamHeldBytesMax + 1 }),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 8 }), (events) => {
        const ended = run(events);
        if (isRefusal(ended)) return;
        expect(ended.next).toBe(events.length);
        expect(ended.services).toBeLessThanOrEqual(servicesMax);
        expect(ended.bytes).toBeLessThanOrEqual(streamHeldBytesMax);
      }),
    );
  });
});
