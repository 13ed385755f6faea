import { expect, test } from 'vitest';
import { ActorSystem, defineActor, manualClock } from '../runtime/index.ts';
import type { Members, NameEntry, NameEvent, Names } from './cluster-view.ts';
import { Claims, chooseCoordinator, type Standing } from './coordinator.ts';

const claims = (...pairs: [string, number][]) => new Map(pairs);

test('the live core with the highest epoch is the coordinator', () => {
  const told = chooseCoordinator(claims(['core_1', 3], ['core_2', 4]), ['core_1', 'core_2'], 4);
  expect(told).toEqual({ node: 'core_2', by: 'lease', epoch: 4 });
});

test('without the highest claim the first live core is, and says by which rule', () => {
  const lowest = { node: 'core_1', by: 'lowest_core', epoch: null };
  expect(chooseCoordinator(claims(), ['core_1', 'core_2'], 0)).toEqual(lowest);
  // A claim of the past, whose holder has not heard of the later one yet.
  expect(chooseCoordinator(claims(['core_2', 3]), ['core_1', 'core_2'], 4)).toEqual(lowest);
  // A claim of a node that is no live core.
  expect(chooseCoordinator(claims(['poller_1', 4]), ['core_1'], 4)).toEqual(lowest);
  expect(chooseCoordinator(claims(), [], 4)).toEqual({ node: null, by: 'lowest_core', epoch: null });
});

interface HolderProtocol {
  start: [];
  call: Record<never, never>;
  cast: Record<never, never>;
}

const holder = defineActor<null, HolderProtocol>({ name: 'holder', init: () => null, call: {}, cast: {} });

function scene() {
  const system = new ActorSystem({ clock: manualClock(), node: 'core_2', boot: 1 });
  const ref = system.spawn(holder);
  const watchers: ((event: NameEvent) => void)[] = [];
  const tell = (type: NameEvent['type'], node: string, epoch: unknown, id = node) => {
    const key = { tenant: 'platform', partition: 'default', kind: 'coordinator', id };
    const entry = { key, ref, node, metadata: { epoch } } as NameEntry;
    for (const watcher of watchers) watcher({ type, entry });
  };
  const names = {
    register: (_key: unknown, _ref: unknown, { epoch }: { epoch: number }) => tell('added', 'core_2', epoch),
    unregister: () => tell('removed', 'core_2', 0),
    watch: (_query: unknown, onEvent: (event: NameEvent) => void) => void watchers.push(onEvent),
  } as unknown as Names;
  const members = { live: () => ['core_1', 'core_2', 'core_3'] } as unknown as Members;
  return { ref, tell, claims: new Claims('core_2', names, members) };
}

test('its holder may act while its session lives, is still shown while the store is away, and neither after a pause', () => {
  const { ref, claims: own } = scene();
  let standing: Standing = 'held';
  own.claim(ref, { epoch: 5, standing: () => standing });
  const told = { node: 'core_2', by: 'lease', epoch: 5 };
  expect([own.mine(), own.now()]).toEqual([5, told]);
  standing = 'kept';
  expect([own.mine(), own.now()]).toEqual([null, told]);
  standing = 'doubtful';
  expect([own.mine(), own.now()]).toEqual([null, { node: 'core_1', by: 'lowest_core', epoch: null }]);
});

test('a higher epoch that is announced ends the right of the holder at once', () => {
  const { ref, claims: own, tell } = scene();
  own.claim(ref, { epoch: 5, standing: () => 'held' });
  tell('added', 'core_3', 6);
  expect([own.mine(), own.now()]).toEqual([null, { node: 'core_3', by: 'lease', epoch: 6 }]);
  // It goes, and the claim of the past does not come back with it.
  tell('removed', 'core_3', 6);
  expect(own.now().by).toBe('lowest_core');
  expect(own.highestEpoch()).toBe(6);
});

test('a claim that is no epoch, or not of the node that it names, says nothing', () => {
  const { claims: own, tell } = scene();
  for (const epoch of ['7', -1, 0, 2 ** 48, 1.5, null]) tell('added', 'core_3', epoch);
  tell('added', 'core_3', 9, 'core_1');
  expect([own.now().by, own.highestEpoch()]).toEqual(['lowest_core', 0]);
});

test('who resigns has no claim any more', () => {
  const { ref, claims: own } = scene();
  own.claim(ref, { epoch: 5, standing: () => 'held' });
  own.resign();
  expect([own.mine(), own.now().by]).toEqual([null, 'lowest_core']);
});
