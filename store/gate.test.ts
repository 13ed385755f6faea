/** Turns at the pool: order, bound, and giving up. */
import { expect, test } from 'vitest';
import { manualClock } from '../runtime/clock.ts';
import { createGate } from './gate.ts';
import { limits } from './limits.ts';

test('turns are given in the order in which they were asked for, never more at once than there are', async () => {
  const clock = manualClock();
  const gate = createGate(2, clock);
  const entered: number[] = [];
  for (let i = 0; i < 5; i += 1) void gate.enter().then(() => entered.push(i));
  await clock.settle();
  expect(entered).toEqual([0, 1]);
  gate.leave();
  await clock.settle();
  expect(entered).toEqual([0, 1, 2]);
  gate.leave();
  gate.leave();
  await clock.settle();
  expect(entered).toEqual([0, 1, 2, 3, 4]);
});

test('whoever waits too long is told, and its turn goes to the next', async () => {
  const clock = manualClock();
  const gate = createGate(1, clock);
  await gate.enter();
  const late = gate.enter();
  const refused = expect(late).rejects.toMatchObject({ code: 'store_unavailable' });
  await clock.advance(limits.turnWaitMs);
  await refused;
  let entered = false;
  void gate.enter().then(() => {
    entered = true;
  });
  gate.leave();
  await clock.settle();
  expect(entered).toBe(true);
});
