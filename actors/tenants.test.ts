import { expect, test } from 'vitest';
import type { Cluster } from '../cluster/index.ts';
import { noCoordination } from '../cluster/testing/no-coordination.ts';
import { ActorSystem, manualClock } from '../runtime/index.ts';
import { tenantRow } from '../test/contract/tenant-row.ts';
import { tenants } from './tenants.ts';

const tenantId = 'abcdefghijkl';

function clusterOf(cores: () => string[], watch: (onChange: () => void) => void): Cluster {
  const nothing = () => {};
  return {
    node: 'core_1',
    boot: 1,
    tenant: null,
    names: {
      register: nothing,
      update: nothing,
      unregister: nothing,
      lookup: () => null,
      list: () => [],
      watch: nothing,
    },
    members: { list: () => [], live: cores, split: () => null, watch },
    topics: { publish: nothing, subscribe: nothing } as unknown as Cluster['topics'],
    ...noCoordination(cores),
    declare: nothing,
  };
}

test('a lease that could not be given back when its tenant moved away is given back when the store answers', async () => {
  const clock = manualClock();
  const actors = new ActorSystem({ clock, node: 'core_1', boot: 1 });
  let cores = ['core_1'];
  let memberChanged = () => {};
  let isAway = false;
  const released: number[] = [];
  const cluster = clusterOf(
    () => cores,
    (onChange) => {
      memberChanged = onChange;
    },
  );
  const answer = <T>(value: T) => (isAway ? Promise.reject(new Error('away')) : Promise.resolve(value));
  const row = tenantRow(tenantId, 'acme');
  actors.spawn(
    tenants({
      cluster,
      ownMachineTenant: null,
      usable: () => true,
      writer: () => null,
      tenants: {
        create: () => Promise.reject(new Error('none')),
        list: async () => [row],
        find: async () => row,
      },
      checks: { add: async () => [], list: () => new Promise(() => {}), remove: async () => null },
      leases: {
        renewSession: () => answer({ databaseNowMs: 0, expiresAtMs: 4_000 }),
        endSession: () => answer(undefined),
        acquire: () => answer({ granted: true, epoch: 7, databaseNowMs: 0 }),
        release: (_tenant, _node, _boot, epoch) => answer(epoch).then((given) => void released.push(given)),
      },
      results: {
        write: async () => ({ fenced: [] }),
        accounted: async () => [],
        count: async () => 0,
        results: async () => [],
        gaps: async () => [],
      },
    }),
  );
  await clock.advance(1_000);
  cores = ['core_2'];
  isAway = true;
  memberChanged();
  await clock.advance(3_000);
  expect(released).toEqual([]);
  isAway = false;
  await clock.advance(1_000);
  expect(released).toEqual([7]);
  await clock.advance(10_000);
  expect(released).toEqual([7]);
});
