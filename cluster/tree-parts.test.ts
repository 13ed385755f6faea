import { expect, test } from 'vitest';
import { nestRows, treeOf } from '../runtime/index.ts';
import { tree } from '../runtime/testing/tree.ts';
import { treePartRows } from './limits.ts';
import { LoopLag } from './loop-lag.ts';
import { type TreePart, treePart, treeRows } from './tree-parts.ts';

test('the parts of a tree are the tree, each actor once, with what was restarted', async () => {
  const { actors, child, clock, endChild, spawn } = tree();
  await clock.settle();
  await endChild('b', 'odd');
  await child('b');
  for (let n = 0; n < treePartRows + 10; n += 1) spawn();
  await clock.settle();
  let asked = 0;
  const rows = await treeRows((after) => {
    asked += 1;
    return treePart({ system: actors }, after);
  });
  expect(asked).toBe(2);
  expect(nestRows(rows)).toEqual(treeOf(actors));
  expect(
    treeOf(actors)[0]!
      .children.map(({ restarts }) => restarts)
      .sort(),
  ).toEqual([0, 0, 1]);
});

test('a node that tells of the same part again and again is not asked for ever', async () => {
  const again: TreePart = { rows: [7, 0, 0, 0, 0, 0, 0], names: ['a'], restarted: [], next: 7 };
  expect(await treeRows(async () => again)).toHaveLength(2);
});

test('of a tree that is asked for in so many parts the first are told, and a circle in them ends it nowhere', async () => {
  const one = {
    rows: [1, 0, 1, 0, 0, 5, 2, 2, 1, 0, 1, 3, 9, 4],
    names: ['core', 'writer'],
    restarted: [2, 7],
  };
  const two = { rows: [3, 2, 0, 0, 0, 0, 0, 9, 9, 0, 0, 0, 0, 0], names: ['tenant'], restarted: [] };
  const ask = async (after: number): Promise<TreePart> =>
    after === 0 ? { ...one, next: 2 } : { ...two, next: after === 2 ? 9 : 10 };
  const tree = nestRows(await treeRows(ask, 2));
  expect(tree.map(({ id }) => id)).toEqual(['1', '9']);
  expect(tree[0]).toMatchObject({
    ...{ kind: 'supervisor', name: 'core', handled: 5, busyMs: 2 },
    children: [{ name: 'writer', restarts: 7, mailbox: 3, children: [{ name: 'tenant' }] }],
  });
});

test('the worst lateness of the own tick is that of the last minute', () => {
  const lag = new LoopLag();
  lag.note(Number.NEGATIVE_INFINITY, 500);
  lag.note(40, 1_000);
  lag.note(5, 1_900);
  lag.note(-3, 30_000);
  expect([lag.lastMs, lag.worstMs(30_000)]).toEqual([0, 40]);
  lag.note(2, 61_500);
  expect(lag.worstMs(61_500)).toBe(2);
  expect(lag.worstMs(500_000)).toBe(0);
});
