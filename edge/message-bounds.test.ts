import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { message } from '../test/edge/plain-protobuf.ts';
import { fieldsMax } from './limits.ts';
import { judgeBytes } from './message-bounds.ts';

const bounds = { bytesMax: 1_000, servicesMax: 3 };

describe('the bounds of a message', () => {
  it('take what is within them, fields that nobody knows included', () => {
    const good = message([1, 'a'], [1, ''], [1, 'c'], [2, -1], [900, 'later'], [901, 2n ** 63n]);
    expect(judgeBytes(good, bounds)).toBeNull();
    expect(judgeBytes(Buffer.alloc(0), bounds)).toBeNull();
    const fixed = Buffer.from([0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x15, 1, 2, 3, 4]);
    expect(judgeBytes(fixed, bounds)).toBeNull();
  });
  it('refuse too many services, fields and bytes', () => {
    const services = message([1, ''], [1, ''], [1, ''], [1, '']);
    expect(judgeBytes(services, bounds)?.code).toBe('too_many_services');
    expect(judgeBytes(services, { bytesMax: 100 })).toBeNull();
    expect(judgeBytes(Buffer.alloc(1_001), bounds)?.code).toBe('too_large');
    const fields = Buffer.concat(Array.from({ length: fieldsMax + 1 }, () => message([2, 0])));
    expect(judgeBytes(fields, { bytesMax: 1e6 })?.code).toBe('too_large');
    expect(judgeBytes(message([1, 'abc']), { bytesMax: 100, fieldBytesMax: { 1: 2 } })?.code).toBe(
      'too_large',
    );
  });
  it.each([
    ['a tag without a value', [0x08]],
    ['a length past the end', [0x0a, 5, 1]],
    ['a varint that does not end', new Array(12).fill(0xff)],
    ['a group', [0x0b, 0x0c]],
    ['a wire type that there is not', [0x0e]],
    ['field zero', [0x00, 0x00]],
  ])('refuse %s', (_what, bytes) => {
    expect(judgeBytes(Buffer.from(bytes), bounds)?.code).toBe('bad_message');
  });
  it('say something of any bytes, and the same of a message however its fields are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const refusal = judgeBytes(bytes, bounds);
        expect(refusal === null || ['bad_message', 'too_many_services'].includes(refusal.code)).toBe(true);
      }),
    );
    const field = fc.tuple(
      fc.integer({ min: 2, max: 2_000 }),
      fc.oneof(fc.string(), fc.bigInt(0n, 2n ** 64n - 1n)),
    );
    fc.assert(
      fc.property(fc.array(field, { maxLength: 20 }), (fields) => {
        expect(judgeBytes(message(...(fields as never[])), { bytesMax: 1e6 })).toBeNull();
      }),
    );
  });
});
