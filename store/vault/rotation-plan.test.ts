import { expect, test } from 'vitest';
import { limits } from '../limits.ts';
import { parseKeyRing } from './key-ring.ts';
import { isDone, type NotedKey, planRotation } from './rotation-plan.ts';

const ring = (...marks: string[]) =>
  parseKeyRing(
    marks
      .map((mark, at) => `${mark.replace(/ |$/, `:${Buffer.alloc(32, at).toString('base64')} `)}`)
      .join('\n'),
    'f',
  );
const noted = (id: string, at: number, endedAtMs: number | null = null): NotedKey => ({
  id,
  proof: '',
  notedAtMs: at,
  beganAtMs: at,
  endedAtMs,
  resealed: 0,
  unreadable: 0,
});

test('where nothing was ever sealed there is nothing to do', () => {
  expect(planRotation(ring('a', 'b'), [], 0)).toEqual({ type: 'nothing' });
});

test('a new active key begins a pass, one that was begun goes on, and one that has ended rests', () => {
  const pass = { type: 'pass', key: 'b', sweep: false };
  expect(planRotation(ring('a', 'b'), [noted('a', 1, 2)], 10)).toEqual(pass);
  expect(planRotation(ring('a', 'b'), [noted('a', 1, 2), noted('b', 5)], 10)).toEqual(pass);
  expect(planRotation(ring('a', 'b'), [noted('a', 1, 2), noted('b', 5, 9)], 10)).toEqual({ type: 'nothing' });
});

test('after the end it is looked again now and then, as long as an older key opens fields', () => {
  const keys = [noted('a', 1, 2), noted('b', 5, 9)];
  const later = 9 + limits.resealSweepMs;
  expect(planRotation(ring('a', 'b'), keys, later)).toEqual({ type: 'pass', key: 'b', sweep: true });
  expect(planRotation(ring('a retired', 'b'), keys, later)).toEqual({ type: 'nothing' });
});

test('a node whose ring lacks the newest key, or does not seal with it yet, takes nothing back', () => {
  const keys = [noted('a', 1, 2), noted('b', 5)];
  expect(planRotation(ring('a'), keys, 10)).toEqual({ type: 'behind', key: 'b' });
  expect(planRotation(ring('b next', 'a'), keys, 10)).toEqual({ type: 'behind', key: 'b' });
});

test('a pass counts as the last one when it found nothing, and began when all nodes had the key', () => {
  expect(isDone(0, limits.resealSettleMs, 0)).toBe(true);
  expect(isDone(0, limits.resealSettleMs - 1, 0)).toBe(false);
  expect(isDone(0, limits.resealSettleMs, 1)).toBe(false);
});
