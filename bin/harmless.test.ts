import fc from 'fast-check';
import { expect, test } from 'vitest';
import { harmless } from './harmless.ts';

test('no text reaches a terminal with anything that moves its cursor or gives it orders', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 0x17f })), (codes) => {
      const text = String.fromCharCode(...codes);
      expect(harmless(text)).not.toMatch(/[^\P{Cc}\n\t]/u);
    }),
  );
});

test('eight-bit controls are no way around it, and what is JSON stays the same JSON', () => {
  const row = { name: 'a\u009b2Jb\u007f\u001b]0;owned\u0007', text: 'wörter\tund\nZeilen' };
  expect(harmless(JSON.stringify(row))).not.toMatch(/\p{Cc}/u);
  expect(JSON.parse(harmless(JSON.stringify(row)))).toEqual(row);
});

test('no text is shown otherwise than it is by marks that turn its direction', () => {
  const row = { name: 'r\u202eev\u2066\u200f\u2028' };
  expect(harmless(row.name)).toBe('r\\u202eev\\u2066\\u200f\\u2028');
  expect(JSON.parse(harmless(JSON.stringify(row)))).toEqual(row);
});

test('what is text stays as it is', () => {
  expect(harmless('tree\n\tüber 😀\n')).toBe('tree\n\tüber 😀\n');
});
