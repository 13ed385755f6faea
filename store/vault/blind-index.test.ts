import fc from 'fast-check';
import { expect, test } from 'vitest';
import { blindIndex, blindIndexes, normalEmail } from './blind-index.ts';
import { parseKeyRing } from './key-ring.ts';

const key = (byte: number) => Buffer.alloc(32, byte).toString('base64');
const ring = parseKeyRing(`k1:${key(1)} retired\nk2:${key(2)}\nk4:${key(4)} next\nk3:${key(3)}\n`, 'f');
const active = ring.current();

test('equal values are equal in one tenant and column, and nowhere else', () => {
  const index = (tenant: string, column: string, text: string) => blindIndex(active, tenant, column, text);
  expect(index('a', 'users.email', 'x@y')).toBe(index('a', 'users.email', 'x@y'));
  const others = [
    index('b', 'users.email', 'x@y'),
    index('a', 'users.phone', 'x@y'),
    index('a', 'users.email', 'x@z'),
    blindIndex(ring.byId('k2'), 'a', 'users.email', 'x@y'),
  ];
  expect(new Set([...others, index('a', 'users.email', 'x@y')]).size).toBe(5);
});

test('a value is found under every key that opens fields, and under no retired one', () => {
  expect(blindIndexes(ring, 'a', 'users.email', 'x@y').map((one) => one.split(':')[0])).toEqual([
    'k2',
    'k4',
    'k3',
  ]);
});

test('an address is compared without case and in one spelling, and what is none is refused', () => {
  expect(normalEmail(' Ann.Lee@Example.ORG ')).toBe('ann.lee@example.org');
  expect(normalEmail('ame\u0301lie@example.org')).toBe(normalEmail('am\u00e9lie@example.org'));
  const none = [
    '',
    'ann',
    '@x.org',
    'a@',
    'a@b@c',
    'a b@c.org',
    'a@b..c',
    'a\u0000@b.c',
    'a\u200b@b.c',
    `${'a'.repeat(65)}@b.c`,
  ];
  for (const bad of [...none, `a@${'b'.repeat(260)}`]) expect(normalEmail(bad), bad).toBeNull();
});

test('the normal form of a normal form is itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (name, host) => {
      const normal = normalEmail(`${name}@${host}`);
      if (normal !== null) expect(normalEmail(normal)).toBe(normal);
    }),
  );
});
