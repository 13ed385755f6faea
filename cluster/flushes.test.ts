import { expect, test } from 'vitest';
import { manualClock } from '../runtime/index.ts';
import { Flushes } from './flushes.ts';

test('what was asked for is flushed once each, in the order of asking, with its frame unless that was taken back', async () => {
  const clock = manualClock();
  const flushes = new Flushes(clock);
  const told: string[] = [];
  const outbox = (name: string) => ({
    flushWith: (frame: Uint8Array | null) => {
      told.push(`${name} ${frame === null ? 'none' : frame.length}`);
      if (name === 'again' && frame !== null) flushes.ask(outbox(name), null);
    },
  });
  flushes.ask(outbox('a'), Buffer.alloc(1));
  const place = flushes.ask(outbox('b'), Buffer.alloc(2));
  flushes.ask(outbox('again'), Buffer.alloc(3));
  expect(flushes.takeBack(place)).toHaveLength(2);
  expect(told).toEqual([]);
  await clock.settle();
  expect(told).toEqual(['a 1', 'b none', 'again 3', 'again none']);
  // The list is empty by now, and begins anew.
  expect(flushes.ask(outbox('c'), Buffer.alloc(4))).toBe(0);
  await clock.settle();
  expect(told.at(-1)).toBe('c 4');
});
