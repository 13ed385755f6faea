import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { DeviceUpdate } from './device-update.ts';
import { UpdateArray } from './update-array.ts';

test('whatever the parts, they are one array of all updates, with its hash and length', () => {
  const update = fc
    .string({ unit: 'grapheme', maxLength: 40 })
    .map(
      (hostname): DeviceUpdate => ({ hostname, partition: 'p', source: 's', timestamp: 't', metadata: {} }),
    );
  fc.assert(
    fc.property(
      fc.array(fc.array(update, { maxLength: 5 }), { maxLength: 5 }),
      fc.integer({ min: 1, max: 300 }),
      (chunks, max) => {
        const array = new UpdateArray(max);
        const parts = [...chunks.flatMap((chunk) => [...array.add(chunk)]), ...array.end()];
        const whole = Buffer.concat(parts);
        expect(JSON.parse(whole.toString())).toEqual(chunks.flat());
        expect(parts.slice(0, -1).every(({ length }) => length === max)).toBe(true);
        expect(parts.at(-1)!.length).toBeLessThanOrEqual(max);
        expect([array.bytes, array.items]).toEqual([whole.length, chunks.flat().length]);
        expect(array.sha256()).toBe(createHash('sha256').update(whole).digest('hex'));
      },
    ),
  );
});
