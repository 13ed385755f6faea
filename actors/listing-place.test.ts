import { expect, test } from 'vitest';
import { isPlacedAt, judgePlace, partitionOfAgent } from './listing-place.ts';
import type { ListedSource } from './ports/listed-source.ts';

const there = [
  { name: 'plant-1', partition: 'plant' },
  { name: 'both', partition: 'plant' },
  { name: 'both', partition: 'office' },
];

test('a source is placed at an agent of its partition, and at no other', () => {
  expect(judgePlace({ name: 'plant-1', partition: 'plant' }, there)).toBeNull();
  expect(judgePlace({ name: 'both', partition: 'office' }, there)).toBeNull();
  expect(judgePlace({ name: 'plant-1', partition: 'office' }, there)).toMatchObject({
    refused: 'wrong_partition',
    detail: 'agent plant-1 is in partition plant, the source in office',
  });
  expect(judgePlace({ name: 'plant-2', partition: 'plant' }, there)).toMatchObject({
    refused: 'no_such_agent',
  });
});

test('who names an agent need not name its partition, unless there are several of that name', () => {
  expect(partitionOfAgent('plant-1', there)).toBe('plant');
  expect(partitionOfAgent('both', there)).toBeNull();
  expect(partitionOfAgent('plant-2', there)).toBeNull();
});

test('only the agent of its place, in its partition, is it', () => {
  const source = { agent: 'plant-1', partition: 'plant' } as ListedSource;
  expect(isPlacedAt(source, { name: 'plant-1', partition: 'plant' })).toBe(true);
  expect(isPlacedAt(source, { name: 'plant-1', partition: 'office' })).toBe(false);
  expect(isPlacedAt(source, { name: 'both', partition: 'plant' })).toBe(false);
  expect(isPlacedAt({ ...source, agent: null }, { name: 'plant-1', partition: 'plant' })).toBe(false);
});
