import { expect, test } from 'vitest';
import { ListingTurns } from './listing-turns.ts';

const never = new AbortController().signal;

test('so many have a turn, the next waits for the first to give it back, and twice given back is once', async () => {
  const turns = new ListingTurns(2);
  const [first, second] = [await turns.take(never), await turns.take(never)];
  const order: string[] = [];
  const third = turns.take(never).then(() => order.push('third'));
  const fourth = turns.take(never).then(() => order.push('fourth'));
  await Promise.resolve();
  expect(order).toEqual([]);
  expect(turns.totals()).toMatchObject({ running: 2, waiting: 2 });
  first!();
  first!();
  await third;
  expect(order).toEqual(['third']);
  second!();
  await fourth;
  expect(order).toEqual(['third', 'fourth']);
});

test('whoever is called off while waiting leaves the queue', async () => {
  const turns = new ListingTurns(1);
  const held = await turns.take(never);
  const abort = new AbortController();
  const leaving = turns.take(abort.signal);
  const staying = turns.take(never);
  abort.abort();
  expect(await leaving).toBeNull();
  held!();
  expect(await staying).not.toBeNull();
  expect(await turns.take(abort.signal)).toBeNull();
});

test('what has ended is counted, devices of complete ones alone', () => {
  const turns = new ListingTurns(1);
  turns.note('complete', 400);
  turns.note('aborted', 360);
  turns.note('complete', 397);
  expect(turns.totals()).toEqual({ running: 0, waiting: 0, complete: 2, aborted: 1, devices: 797 });
});

test('what an agent lists takes no turn, and is counted while it runs', async () => {
  const turns = new ListingTurns(1);
  const over = turns.atAgent();
  const giveBack = await turns.take(new AbortController().signal);
  expect(giveBack).not.toBeNull();
  expect(turns.totals()).toMatchObject({ running: 2, waiting: 0 });
  over();
  expect(turns.totals().running).toBe(1);
});
