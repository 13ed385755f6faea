import { expect, test } from 'vitest';
import type { Cluster } from '../cluster/index.ts';
import { noCoordination } from '../cluster/testing/no-coordination.ts';
import { ActorSystem, defineActor, manualClock } from '../runtime/index.ts';
import { tenantRow } from '../test/contract/tenant-row.ts';
import type { WriterProtocol, WriterTotals } from './messages.ts';
import type { Tenant } from './ports/tenant-store.ts';
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
      checks: {
        add: async () => [],
        list: () => new Promise(() => {}),
        remove: async () => null,
        restore: async () => null,
      },
      leases: {
        renewSession: () => answer({ databaseNowMs: 0, expiresAtMs: 4_000 }),
        endSession: () => answer(undefined),
        acquire: () => answer({ granted: true, epoch: 7, databaseNowMs: 0 }),
        release: (_tenant, _node, _boot, epoch) => answer(epoch).then((given) => void released.push(given)),
      },
      results: {
        write: async () => ({ fenced: [] }),
        accounted: async () => [],
        gapInstants: async () => 0,
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

/** A keeper whose rows are changed by the test, over a store that grants every lease and has no checks. */
function keeperOf(rows: { now: Tenant[] }) {
  const clock = manualClock();
  const actors = new ActorSystem({ clock, node: 'core_1', boot: 1 });
  const asked: string[] = [];
  const told: unknown[] = [];
  let reads = 0;
  const cluster = clusterOf(
    () => ['core_1'],
    () => {},
  );
  const names = { ...cluster.names, update: (_key: unknown, metadata: unknown) => void told.push(metadata) };
  const list = async () => {
    reads += 1;
    return rows.now;
  };
  const write = actors.spawn(
    defineActor<null, WriterProtocol>({
      name: 'writer',
      init: () => null,
      call: { flush: () => null as unknown as Promise<void>, totals: () => null as unknown as WriterTotals },
      cast: { write() {} },
    }),
  );
  const keeper = actors.spawn(
    tenants({
      cluster: { ...cluster, names },
      ownMachineTenant: null,
      usable: () => true,
      writer: () => write,
      tenants: { create: () => Promise.reject(new Error('none')), list, find: async () => null },
      checks: {
        add: async () => [],
        list: async () => [],
        remove: async () => null,
        restore: async () => null,
      },
      leases: {
        renewSession: async () => ({ databaseNowMs: 0, expiresAtMs: 4_000 }),
        endSession: async () => {},
        acquire: async (id) => {
          asked.push(id);
          return { granted: true, epoch: 1, databaseNowMs: 0 };
        },
        release: async () => {},
      },
      results: {
        write: async () => ({ fenced: [] }),
        accounted: async () => [],
        gapInstants: async () => 0,
        results: async () => [],
        gaps: async () => [],
      },
    }),
  );
  return { clock, actors, keeper, asked, told, reads: () => reads };
}

test('a tenant with a schema that this code does not work with is not run, and is once it has been migrated', async () => {
  const rows = { now: [tenantRow(tenantId, 'acme', { schemaFits: false })] };
  const { clock, asked } = keeperOf(rows);
  await clock.advance(10_000);
  expect(asked).toEqual([]);
  rows.now = [tenantRow(tenantId, 'acme')];
  await clock.advance(6_000);
  expect(asked).toEqual([tenantId]);
});

test('a tenant that runs hears that it was suspended, and one that was cancelled is ended', async () => {
  const rows = { now: [tenantRow(tenantId, 'acme')] };
  const { clock, actors, keeper, told } = keeperOf(rows);
  await clock.advance(2_000);
  expect(actors.whereis(`tenant:${tenantId}`)).not.toBeNull();
  rows.now = [tenantRow(tenantId, 'acme', { status: 'suspended', statusAtMs: 5 })];
  actors.cast(keeper).refresh();
  await clock.settle();
  expect(told).toEqual([{ status: 'suspended', epoch: 1 }]);
  rows.now = [tenantRow(tenantId, 'acme', { status: 'cancelled' })];
  actors.cast(keeper).refresh();
  await clock.advance(1_000);
  expect(actors.whereis(`tenant:${tenantId}`)).toBeNull();
});

test('however often somebody asks for the rows, they are read once in five seconds besides', async () => {
  const { clock, actors, keeper, reads } = keeperOf({ now: [] });
  await clock.advance(1_000);
  for (let at = 0; at < 20; at += 1) {
    actors.cast(keeper).refresh();
    await clock.settle();
  }
  const before = reads();
  await clock.advance(20_000);
  expect(reads() - before).toBe(4);
});
