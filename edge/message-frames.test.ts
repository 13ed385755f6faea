import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chunkOverheadBytes } from './limits.ts';
import { MessageFrames } from './message-frames.ts';

function framed(lengths: readonly number[]): Buffer {
  return Buffer.concat(
    lengths.map((length) => {
      const head = Buffer.alloc(5);
      head.writeUInt32BE(length, 1);
      return Buffer.concat([head, Buffer.alloc(length, 7)]);
    }),
  );
}

test('however the bytes are cut, the messages are those that were sent, and nothing is left over', () => {
  const lengths = fc.array(fc.nat(700), { maxLength: 12 });
  fc.assert(
    fc.property(lengths, fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }), (sent, cuts) => {
      const bytes = framed(sent);
      const frames = new MessageFrames();
      for (let [at, cut] = [0, 0]; at < bytes.length; cut += 1) {
        const next = Math.min(bytes.length, at + cuts[cut % cuts.length]!);
        frames.take(bytes.subarray(at, next));
        at = next;
      }
      expect(frames.whole).toEqual(sent);
      expect(frames.partialBytes).toBe(0);
    }),
  );
});

test('of a message that is not whole every piece counts, and the smallest one as much as it costs', () => {
  const frames = new MessageFrames();
  const bytes = framed([1_000]);
  for (let at = 0; at < 100; at += 1) frames.take(bytes.subarray(at, at + 1));
  expect(frames.partialBytes).toBe(100 * (1 + chunkOverheadBytes));
  frames.take(bytes.subarray(100));
  expect(frames.partialBytes).toBe(0);
});

test('the piece in which a message begins counts whole: it is kept for that', () => {
  const frames = new MessageFrames();
  frames.take(Buffer.concat([framed([500]), Buffer.of(0)]));
  expect(frames.whole).toEqual([500]);
  expect(frames.partialBytes).toBe(506 + chunkOverheadBytes);
});

test('a length of four gigabytes is a number like another', () => {
  const frames = new MessageFrames();
  frames.take(Buffer.of(0, 0xff, 0xff, 0xff, 0xff, 1));
  expect(frames.whole).toEqual([]);
  expect(frames.partialBytes).toBe(6 + chunkOverheadBytes);
});
