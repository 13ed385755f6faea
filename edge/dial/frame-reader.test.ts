import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameReader, framed } from './frame-reader.ts';

const mebibyte = 1_048_576;

test('messages are the same however their bytes are cut, and it is told when the end is within one', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
  fc.assert(
    fc.property(messages, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (sent, cuts) => {
      const bytes = Buffer.concat(sent.map(framed));
      const reader = new FrameReader(40);
      const read: Buffer[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const length = cuts[turn % cuts.length]!;
        const piece = Buffer.from(bytes.subarray(at, at + length));
        read.push(...(reader.read(piece) as Buffer[]));
        // Whoever gave it may use it for what comes next.
        piece.fill(0xee);
        at += length;
      }
      expect(read.map((one) => [...one])).toEqual(sent.map((one) => [...one]));
      expect(reader.isBetween).toBe(true);
      expect(reader.read(Buffer.of(0))).toEqual([]);
      expect(reader.isBetween).toBe(false);
    }),
  );
});

test('a message in pieces of one byte holds at most twice what came of it, and none of the pieces', () => {
  const reader = new FrameReader(4 * mebibyte);
  reader.read(framed(Buffer.alloc(4 * mebibyte)).subarray(0, 5));
  const heldBytes = () =>
    Object.values(reader).reduce(
      (sum: number, one: unknown) => sum + (ArrayBuffer.isView(one) ? one.buffer.byteLength : 0),
      0,
    );
  const isList = () => Object.values(reader).some((one: unknown) => Array.isArray(one));
  for (let came = 1; came <= 64 * 1_024; came += 1) {
    expect(reader.read(Buffer.of(1))).toEqual([]);
    if (came % 1_024 === 0) expect([heldBytes() <= 2 * came + 16_384, isList()]).toEqual([true, false]);
  }
});

test('what is too long is refused by its head, before anything of it came', () => {
  const reader = new FrameReader(10);
  expect(reader.read(Buffer.from([0, 0, 0, 0, 11]))).toMatchObject({ fault: 'too_large' });
  expect(new FrameReader(10).read(Buffer.from([1, 0, 0, 0, 1]))).toMatchObject({ fault: 'bad_answer' });
});
