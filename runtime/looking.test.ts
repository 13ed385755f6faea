import { expect, test } from 'vitest';
import {
  actorRows,
  LogRing,
  lookAtActivity,
  manualClock,
  nestRows,
  noMarks,
  paced,
  pacedResult,
  type Sight,
  treeLines,
  treeOf,
} from './index.ts';
import { logBytesKeptMax, logLineCharactersMax, logLinesKeptMax } from './limits.ts';
import { world } from './testing/probe.ts';
import { tree } from './testing/tree.ts';

test('a walk gives the loop its turn whenever its slice is over, and ends when it is told to', async () => {
  let [now, turns] = [0, 0];
  // Every step takes a tenth of a millisecond.
  const clock = { ...manualClock(), monotonicMs: () => now };
  clock.afterIo = (task) => {
    turns += 1;
    queueMicrotask(task);
  };
  function* walk() {
    for (let at = 0; at < 10_000; at += 1) {
      now += 0.1;
      yield at % 100 === 0 ? at : undefined;
    }
    return 'done';
  }
  const told: number[] = [];
  for await (const at of paced(walk(), clock)) told.push(at);
  expect(told).toHaveLength(100);
  // A slice of 2 ms, overrun by at most 64 steps.
  expect(turns).toBeGreaterThan(1_000 / (2 + 6.4) - 1);
  expect(await pacedResult(walk(), clock)).toBe('done');
  const stop = new AbortController();
  const some: number[] = [];
  for await (const at of paced(walk(), clock, stop.signal)) {
    some.push(at);
    if (some.length === 3) stop.abort();
  }
  expect(some).toHaveLength(3);
  expect(await pacedResult(walk(), clock, stop.signal)).toBe(null);
});

test('rows of any number of parts are the tree, restarts of supervised children included', async () => {
  const { actors, child, clock, endChild } = tree();
  await clock.settle();
  await endChild('b', 'odd');
  await child('b');
  const whole = treeOf(actors);
  expect(whole).toMatchObject([{ kind: 'supervisor', name: 'top', children: [{}, {}, {}] }]);
  expect(whole[0]!.children.map(({ restarts }) => restarts).sort()).toEqual([0, 0, 1]);
  const rows = [];
  for (let after = 0; ; ) {
    // One row for each question.
    let row = null;
    for (const step of actorRows(actors, after))
      if (step !== undefined) {
        row = step;
        break;
      }
    if (row === null) break;
    rows.push(row);
    after = row.id;
  }
  expect(nestRows(rows)).toEqual(whole);
  const lines = [...treeLines(actors, { ids: null, sees: () => true })].filter((line) => line !== undefined);
  expect(lines.map(({ depth, restarts }) => [depth, restarts])).toEqual([
    [0, 0],
    ...whole[0]!.children.map(({ restarts }) => [1, restarts]),
  ]);
});

test('a walk over a system that starts actors all the time ends with those that were there', () => {
  const { actors, spawn } = world();
  for (let at = 0; at < 10; at += 1) spawn();
  let seen = 0;
  for (const row of actorRows(actors, 0)) {
    if (row === undefined) continue;
    seen += 1;
    spawn();
  }
  expect(seen).toBe(10);
});

test('whoever sees some actors alone is shown those, as roots where their parents are not seen', async () => {
  const { actors, act, spawn, clock } = world();
  const parent = spawn();
  const child = await act(parent, (self) => self.spawn({ ...childless, name: 'child' }));
  await clock.settle();
  const sight: Sight = { ids: () => [child.id], sees: (id) => id === child.id };
  const lines = [...treeLines(actors, sight)].filter((line) => line !== undefined);
  expect(lines.map(({ depth, row }) => [depth, row.id])).toEqual([[0, child.id]]);
});

const childless = { name: 'childless', init: () => null, call: {}, cast: {} };

test('activity is what was handled between two looks, by actor and in all, also of those that came or went', async () => {
  const { actors, clock, spawn, end } = world();
  const [gone, busy, idle] = [spawn(), spawn(), spawn()];
  const sight: Sight = { ids: null, sees: () => true };
  const look = (marks = noMarks) => drain(lookAtActivity(actors, sight, marks, 'messages', 2));
  for (let n = 0; n < 5; n += 1) actors.cast(busy).note('before');
  await clock.settle();
  const before = look();
  expect(before.totals).toMatchObject({ actors: 3, messages: 5 });
  for (let n = 0; n < 100; n += 1) actors.cast(busy).note('x');
  for (let n = 0; n < 7; n += 1) actors.cast(idle).note('y');
  await end(gone, 'normal');
  const fresh = spawn();
  for (let n = 0; n < 30; n += 1) actors.cast(fresh).note('z');
  await clock.settle();
  const after = look(before.marks);
  expect(after.totals).toMatchObject({ actors: 3, messages: 137, mailbox: 0 });
  expect(after.first.map(({ id, messages }) => [id, messages])).toEqual([
    [busy.id, 100],
    [fresh.id, 30],
  ]);
  expect(look(after.marks)).toMatchObject({ totals: { messages: 0 }, first: [] });
});

function drain<R>(walk: Generator<unknown, R>): R {
  for (;;) {
    const { done, value } = walk.next();
    if (done) return value;
  }
}

test('the lines of a log are kept within their bounds, numbered for good, and told as they come', () => {
  const ring = new LogRing();
  let told = 0;
  const stop = new AbortController();
  ring.watch(() => {
    told += 1;
  }, stop.signal);
  for (let at = 0; at < 3 * logLinesKeptMax; at += 1) ring.push(`line ${at}\n`);
  expect([ring.end, ring.end - ring.start]).toEqual([3 * logLinesKeptMax, logLinesKeptMax]);
  expect(ring.at(ring.start)).toBe(`line ${ring.start}`);
  expect(ring.at(ring.end - 1)).toBe(`line ${ring.end - 1}`);
  expect([ring.at(ring.start - 1), ring.at(ring.end)]).toEqual([null, null]);
  expect(told).toBe(3 * logLinesKeptMax);
  stop.abort();
  for (let at = 0; at < 200; at += 1) ring.push('x'.repeat(2 * logLineCharactersMax));
  expect(told).toBe(3 * logLinesKeptMax);
  expect((ring.end - ring.start) * logLineCharactersMax).toBeLessThanOrEqual(logBytesKeptMax);
});
