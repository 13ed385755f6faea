import { expect, test } from 'vitest';
import { treeOfParts } from './tree-rows.ts';

test('rows in parts become the tree that they were, and a circle in them ends it nowhere', () => {
  const one = {
    rows: [1, 0, 1, 0, 0, 5, 2, 2, 1, 0, 1, 3, 9, 4],
    names: ['core', 'writer'],
    restarted: [2, 7],
    next: 2,
  };
  const two = {
    rows: [3, 2, 0, 0, 0, 0, 0, 9, 9, 0, 0, 0, 0, 0],
    names: ['tenant'],
    restarted: [],
    next: null,
  };
  const tree = treeOfParts([one, two]);
  expect(tree.map(({ id }) => id)).toEqual(['1', '9']);
  expect(tree[0]).toMatchObject({
    ...{ kind: 'supervisor', name: 'core', handled: 5, busyMs: 2 },
    children: [{ name: 'writer', restarts: 7, mailbox: 3, children: [{ name: 'tenant' }] }],
  });
});
