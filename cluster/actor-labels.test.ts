import { expect, test } from 'vitest';
import { ActorLabels } from './actor-labels.ts';

test('the actors of a tenant are told in the order in which they were named, until they end or are named by another', () => {
  const labels = new ActorLabels(['door']);
  labels.named(3, 'a', 'thing');
  labels.named(1, 'a', 'door');
  labels.named(2, 'b', 'thing');
  labels.named(4, 'platform', 'thing');
  labels.named(3, 'a', 'door');
  expect([[...labels.idsOf('a')], [...labels.idsOf('b')], [...labels.idsOf('platform')]]).toEqual([
    [3, 1],
    [2],
    [],
  ]);
  labels.named(3, 'b', 'thing');
  expect([[...labels.idsOf('a')], [...labels.idsOf('b')], labels.tenantOf(3)]).toEqual([[1], [2], null]);
  for (const id of [1, 2, 3, 4, 5]) labels.ended(id);
  expect([[...labels.idsOf('a')], [...labels.idsOf('b')], labels.size]).toEqual([[], [], 0]);
});
