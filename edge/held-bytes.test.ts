import { expect, test } from 'vitest';
import { manualClock } from '../runtime/index.ts';
import { HeldBytes } from './held-bytes.ts';
import { agentCalmBytes, agentHeldBytesMax, doorCalmBytes, doorHeldBytesMax, roomWaitMs } from './limits.ts';

test('no agent and not all together hold more than allowed', () => {
  const held = new HeldBytes(manualClock());
  expect(held.take('a', agentHeldBytesMax)).toBe(true);
  expect(held.take('a', 1)).toBe(false);
  for (let left = doorHeldBytesMax - agentHeldBytesMax; left > 0; left -= agentHeldBytesMax) {
    expect(held.take(`other ${left}`, agentHeldBytesMax)).toBe(true);
  }
  expect(held.take('b', 1)).toBe(false);
  held.give('a', agentHeldBytesMax);
  expect(held.take('b', 1)).toBe(true);
  expect(held.bytes).toBe(doorHeldBytesMax - agentHeldBytesMax + 1);
});

test('a stream waits while much is held, and begins when there is room', async () => {
  const clock = manualClock();
  const held = new HeldBytes(clock);
  const told: [string, boolean][] = [];
  const ask = (agent: string) => void held.calm(agent).then((isRoom) => told.push([agent, isRoom]));
  held.take('a', agentCalmBytes + 1);
  ask('a');
  ask('b');
  await clock.advance(1);
  expect(told).toEqual([['b', true]]);
  held.give('a', 1);
  await clock.advance(1);
  expect(told).toEqual([
    ['b', true],
    ['a', true],
  ]);
  for (let at = 0; held.bytes <= doorCalmBytes; at += 1) held.take(`other ${at}`, agentCalmBytes);
  ask('c');
  await clock.advance(roomWaitMs + 1);
  expect(told.at(-1)).toEqual(['c', false]);
});
