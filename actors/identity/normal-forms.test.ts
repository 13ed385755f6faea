import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normalAddress, normalMac } from '../new-device.ts';
import { addressOf, instantOf, macOf } from './normal-forms.ts';

/** Near to the usual forms, so that what is nearly one is met. */
const near = (characters: string, maxLength: number) =>
  fc.array(fc.constantFrom(...characters), { maxLength }).map((all) => all.join(''));
const v4 = fc
  .array(fc.constantFrom('0', '1', '9', '01', '10', '99', '255', '256', '1000', ''), {
    minLength: 3,
    maxLength: 5,
  })
  .map((parts) => parts.join('.'));

test('addresses read like those of everybody', () => {
  fc.assert(
    fc.property(fc.oneof(v4, near('012.5', 16), near('0:a.1', 12), fc.ipV4(), fc.ipV6()), (text) => {
      expect(addressOf(text)).toBe(normalAddress(text));
    }),
    { numRuns: 2_000 },
  );
});

const digits = fc.array(fc.constantFrom(...'09afAFg'), { minLength: 12, maxLength: 12 });
const grouped = fc
  .tuple(digits, fc.constantFrom(2, 4, 6, 12), fc.constantFrom(':', '-', '.', ''))
  .map(([all, size, separator]) =>
    all.map((digit, at) => (at > 0 && at % size === 0 ? separator : '') + digit).join(''),
  );

test('MACs read like those of everybody', () => {
  fc.assert(
    fc.property(fc.oneof(grouped, near('0aF:-.', 18)), (text) => {
      expect(macOf(text)).toBe(normalMac(text));
    }),
    { numRuns: 2_000 },
  );
});

const two = fc.integer({ min: 0, max: 99 }).map((n) => String(n).padStart(2, '0'));
const instant = fc
  .tuple(fc.constantFrom('1969', '1970', '2026', '9999'), two, two, two, two, two)
  .chain(([year, month, day, hour, minute, second]) =>
    fc
      .constantFrom('Z', 'z', '.5Z', '.123Z', '.1234Z', '+01:00', '.123+01:00', '')
      .map((end) => `${year}-${month}-${day}T${hour}:${minute}:${second}${end}`),
  );

test('instants read as the platform reads them', () => {
  const shape = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;
  const valid = fc
    .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
    .map((at) => at.toISOString());
  fc.assert(
    fc.property(fc.oneof(instant, valid), (text) => {
      expect(instantOf(text)).toBe(shape.test(text) ? Date.parse(text.toUpperCase()) : Number.NaN);
    }),
    { numRuns: 2_000 },
  );
});
