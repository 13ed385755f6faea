import { expect, test } from 'vitest';
import { droppedOf } from './agent-facts.ts';
import { droppedToldMax } from './limits.ts';

const dropped = (said: string | null) =>
  droppedOf({ labels: said === null ? {} : { results_dropped: said } } as unknown as Parameters<
    typeof droppedOf
  >[0]);

test('what an agent says to have lost is a count, or nothing; the counts of a door stay numbers', () => {
  expect([dropped(null), dropped('12'), dropped('-1'), dropped('1.5'), dropped('many')]).toEqual([
    0, 12, 0, 0, 0,
  ]);
  expect(dropped(String(Number.MAX_SAFE_INTEGER))).toBe(droppedToldMax);
  expect([dropped('1e400'), dropped(' 7 '), dropped('0x10')]).toEqual([0, 7, 16]);
});
