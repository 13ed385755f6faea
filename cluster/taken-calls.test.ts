import { expect, test } from 'vitest';
import { manualClock } from '../runtime/index.ts';
import { TakenCalls } from './taken-calls.ts';

function calls(named: Set<number>) {
  const turns: (() => void)[] = [];
  const clock = { ...manualClock(), afterIo: (task: () => void) => void turns.push(task) };
  const told: string[] = [];
  const turn = () => {
    for (const task of turns.splice(0)) task();
  };
  return { taken: new TakenCalls(clock, (actor) => named.has(actor)), told, turn, turns };
}

test('a caller is told that an actor is gone when its name is, and of all else at once', () => {
  const named = new Set([7]);
  const { taken, told, turn } = calls(named);
  for (const [actor, code] of [
    [7, 'no_actor'],
    [7, 'mailbox_full'],
    [8, 'no_actor'],
  ] as const) {
    taken.begin(1_000);
    taken.failed(actor, code, () => void told.push(`${code} of ${actor}`));
  }
  expect(told).toEqual(['mailbox_full of 7', 'no_actor of 8']);
  turn();
  expect(told).toHaveLength(2);
  named.delete(7);
  turn();
  expect(told.at(-1)).toBe('no_actor of 7');
});

test('a name that stays holds the answer up for a bounded number of turns', () => {
  const { taken, told, turn, turns } = calls(new Set([7]));
  taken.begin(1_000);
  taken.failed(7, 'no_actor', () => void told.push('told'));
  let turned = 0;
  for (; turns.length > 0; turned += 1) turn();
  expect(turned).toBeGreaterThan(1);
  expect(told).toEqual(['told']);
});
