import { expect, test } from 'vitest';
import { startNodes } from './start-nodes.ts';

const nodes = ['a', 'b', 'c', 'd', 'e'];

test('so many start at once, in their order, and the next when one is ready', async () => {
  const ready = new Map<string, () => void>();
  const all = startNodes(nodes, 2, (node) => new Promise((resolve) => ready.set(node, resolve)));
  expect([...ready.keys()]).toEqual(['a', 'b']);
  ready.get('b')!();
  await Promise.resolve();
  await Promise.resolve();
  expect([...ready.keys()]).toEqual(['a', 'b', 'c']);
  ready.get('a')!();
  ready.get('c')!();
  await Promise.resolve();
  await Promise.resolve();
  expect([...ready.keys()]).toEqual(nodes);
  ready.get('d')!();
  ready.get('e')!();
  await all;
});

test('after one that fails no other is started', async () => {
  const started: string[] = [];
  const failure = startNodes(nodes, 2, (node) => {
    started.push(node);
    return node === 'b' ? Promise.reject(new Error('b broke')) : Promise.resolve();
  });
  await expect(failure).rejects.toThrow('b broke');
  expect(started).not.toContain('e');
});
