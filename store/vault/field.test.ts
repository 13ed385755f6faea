import fc from 'fast-check';
import { expect, test } from 'vitest';
import { limits } from '../limits.ts';
import { type FieldPlace, keyIdOf, openField, sealField } from './field.ts';
import { parseKeyRing } from './key-ring.ts';

const key = (byte: number) => Buffer.alloc(32, byte).toString('base64');
const ring = parseKeyRing(`k1:${key(1)}\nk2:${key(2)}\n`, 'f');
const [k1, k2] = ring.keys;
const keyOf = (id: string) => ring.byId(id);
const coded = (code: string) => expect.objectContaining({ code });

const word = fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom(...'abcd_-:.') });
const place: fc.Arbitrary<FieldPlace> = fc.record({ tenantId: word, table: word, column: word, rowId: word });
const text = fc.string({ unit: 'binary', maxLength: 200 });
const one: FieldPlace = { tenantId: 'abcdefghijkl', table: 'users', column: 'email_sealed', rowId: 'usr_1' };

test('what was sealed opens where it belongs, and is never sealed alike twice', () => {
  fc.assert(
    fc.property(place, text, (where, plain) => {
      const sealed = sealField(k1!, where, plain);
      expect(openField(keyOf, where, sealed)).toBe(plain);
      expect(sealField(k1!, where, plain)).not.toBe(sealed);
      expect(keyIdOf(sealed)).toBe('k1');
    }),
  );
});

test('it opens in no other tenant, table, column or row, however their names are put together', () => {
  fc.assert(
    fc.property(place, place, text, (where, other, plain) => {
      fc.pre(JSON.stringify(where) !== JSON.stringify(other));
      expect(() => openField(keyOf, other, sealField(k1!, where, plain))).toThrow(coded('sealed_refused'));
    }),
  );
  // A letter that changes sides leaves the joined text as it was.
  const sealed = sealField(k1!, { ...one, table: 'ab', column: 'c' }, 'x');
  expect(() => openField(keyOf, { ...one, table: 'a', column: 'bc' }, sealed)).toThrow(
    coded('sealed_refused'),
  );
});

test('a bit that was flipped, an end that is missing and one that is too long are all found', () => {
  fc.assert(
    fc.property(text, fc.nat(), fc.nat(), (plain, at, cut) => {
      const sealed = sealField(k1!, one, plain);
      const head = sealed.lastIndexOf(':') + 1;
      const data = Buffer.from(sealed.slice(head), 'base64url');
      const bytes = Buffer.from(data);
      bytes[Math.floor(at / 8) % data.length]! ^= 1 << (at % 8);
      const open = (changed: Buffer) => () =>
        openField(keyOf, one, sealed.slice(0, head) + changed.toString('base64url'));
      expect(open(bytes)).toThrow(coded('sealed_refused'));
      const shorter = data.subarray(0, cut % data.length);
      expect(open(shorter)).toThrow(coded(shorter.length < 28 ? 'sealed_malformed' : 'sealed_refused'));
      expect(open(Buffer.concat([data, Buffer.alloc(1)]))).toThrow(coded('sealed_refused'));
    }),
  );
});

test('whatever stands there instead of a sealed value ends in a stated error', () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string().map((some) => `v1:k1:${some}`),
  );
  fc.assert(
    fc.property(anything, (some) => {
      expect(() => openField(keyOf, one, some)).toThrow(
        expect.objectContaining({
          code: expect.stringMatching(/^(sealed_malformed|sealed_refused|no_such_key)$/),
        }),
      );
    }),
  );
});

test('another key, an unknown one, and the same value under the name of another key are refused', () => {
  const sealed = sealField(k1!, one, 'secret');
  expect(() => openField(keyOf, one, sealed.replace(':k1:', ':k2:'))).toThrow(coded('sealed_refused'));
  expect(() => openField(() => ({ ...k1!, bytes: k2!.bytes }), one, sealed)).toThrow(coded('sealed_refused'));
  expect(() => openField(keyOf, one, sealed.replace(':k1:', ':k9:'))).toThrow(coded('no_such_key'));
  // Not even when another key with the same bytes stands in the ring.
  const twin = parseKeyRing(`k1:${key(1)}\nk3:${key(1)}\n`, 'f');
  expect(() => openField((id) => twin.byId(id), one, sealed.replace(':k1:', ':k3:'))).toThrow(
    coded('sealed_refused'),
  );
});

test('a value has a bound, on its way in and on its way out', () => {
  const largest = 'x'.repeat(limits.fieldBytesMax);
  const sealed = sealField(k1!, one, largest);
  expect(sealed.length).toBeLessThanOrEqual(limits.sealedCharsMax);
  expect(openField(keyOf, one, sealed)).toBe(largest);
  expect(() => sealField(k1!, one, `${largest}x`)).toThrow(coded('too_large'));
  expect(() => openField(keyOf, one, `v1:k1:${'A'.repeat(limits.sealedCharsMax)}`)).toThrow(
    coded('sealed_malformed'),
  );
});

test('an error names the place and the key, and nothing of what is inside', () => {
  const sealed = sealField(k1!, one, 'top secret');
  try {
    openField(keyOf, { ...one, rowId: 'usr_2' }, sealed);
    expect.unreachable();
  } catch (error) {
    const { message } = error as Error;
    expect(message).toContain('users.email_sealed of usr_2');
    expect(message).not.toContain(sealed.slice(8));
    expect(message).not.toContain('secret');
  }
});
