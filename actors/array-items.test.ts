import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ArrayItems } from './array-items.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

test('the items of any array come out as they are, however its bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.json()), fc.integer({ min: 1, max: 9 }), (texts, size) => {
      const whole = bytes(`[${texts.join(' ,\n')}]`);
      const items = new ArrayItems(1_000_000);
      const found: (string | null)[] = [];
      for (let at = 0; at < whole.length; at += size) found.push(...items.add(whole.subarray(at, at + size)));
      expect(found.map((one) => JSON.parse(one!))).toEqual(texts.map((one) => JSON.parse(one)));
    }),
  );
});

test('an item that is too long is told as one, and those around it are read', () => {
  const items = new ArrayItems(10);
  const found = [
    ...items.add(bytes('[1,"a long text ')),
    ...items.add(bytes('with, commas and ]",{"b":2}]')),
  ];
  expect(found).toEqual(['1', null, '{"b":2}']);
});
