import { expect, test } from 'vitest';
import { ActorSystem, manualClock, Ref } from '../runtime/index.ts';
import { tenantRow } from '../test/contract/tenant-row.ts';
import { lateGrantMs } from './limits.ts';
import type { TenantProtocol } from './messages.ts';
import type { Check } from './ports/check.ts';
import type { CheckStore } from './ports/check-store.ts';
import type { LeaseAnswer, LeaseStore } from './ports/lease-store.ts';
import { tenants } from './tenants.ts';
import { clusterOf, keeperOf } from './testing/keeper.ts';

const tenantId = 'abcdefghijkl';

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
        edit: async () => null,
        remove: async () => null,
        restore: async () => null,
      },
      leases: {
        renewSession: () => answer({ databaseNowMs: 0, expiresAtMs: 4_000 }),
        endSession: () => answer(undefined),
        acquire: () => answer({ granted: true, epoch: 7, databaseNowMs: 0 }),
        release: (_tenant, _node, _boot, epoch) => answer(epoch).then((given) => void released.push(given!)),
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

test('what a question without an answer is granted after its tree has ended is given back', async () => {
  const cores = { now: ['core_1'] };
  let isGranted = false;
  const given: (number | null)[] = [];
  const leases: Partial<LeaseStore> = {
    acquire: () => Promise.reject(new Error('no answer')),
    release: async (_tenant, _node, _boot, epoch) => {
      given.push(isGranted ? epoch : 0);
      isGranted = false;
    },
  };
  const { clock, actors, keeper } = keeperOf({ now: [tenantRow(tenantId, 'acme')] }, { leases, cores });
  await clock.advance(1_000);
  cores.now = ['core_2'];
  actors.cast(keeper).refresh();
  await clock.advance(500);
  expect(given).toEqual([0]);
  isGranted = true;
  await clock.advance(lateGrantMs);
  expect(given.filter((epoch) => epoch === null)).toEqual([null]);
  const looked = given.length;
  await clock.advance(20_000);
  expect(given.length).toBe(looked);
});

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

const grantedOf = (epoch: number): LeaseAnswer => ({ granted: true, epoch, databaseNowMs: 0 });
const refused: LeaseAnswer = {
  ...{ granted: false, holder: 'core_2', holderBoot: 1 },
  ...{ expiresAtMs: 4_000, databaseNowMs: 0 },
};

test('after a lapse of the session a tree whose lease is another’s by now ends, although it had nothing to write', async () => {
  let answer = grantedOf(3);
  let asked = 0;
  const acquire = async () => {
    asked += 1;
    return answer;
  };
  const { clock, actors, keeper } = keeperOf({ now: [tenantRow(tenantId, 'acme')] }, { leases: { acquire } });
  await clock.advance(2_000);
  const tree = actors.whereis<TenantProtocol>(`tenant:${tenantId}`)!;
  expect(await actors.call(tree).listChecks()).toEqual([]);
  actors.cast(keeper).lapsed();
  await clock.settle();
  expect([asked, await actors.call(tree).listChecks()]).toEqual([2, []]);
  answer = refused;
  actors.cast(keeper).lapsed();
  await clock.settle();
  const again = actors.whereis<TenantProtocol>(`tenant:${tenantId}`)!;
  expect(again.id).not.toBe(tree.id);
  await expect(actors.call(again).listChecks()).rejects.toMatchObject({ code: 'standby' });
});

test('a lease that was free after a lapse is ours again under another epoch: the tree begins anew, and gives that one back', async () => {
  const answers = [grantedOf(3), grantedOf(5), grantedOf(6)];
  const released: number[] = [];
  const leases: Partial<LeaseStore> = {
    acquire: async () => answers.shift()!,
    release: async (_tenant, _node, _boot, epoch) => void released.push(epoch!),
  };
  const { clock, actors, keeper } = keeperOf({ now: [tenantRow(tenantId, 'acme')] }, { leases });
  await clock.advance(2_000);
  actors.cast(keeper).lapsed();
  await clock.settle();
  expect([answers, released]).toEqual([[], [5]]);
});

test('while another core still shows the tenant’s name a new holder tells it and waits, and is not ended for it', async () => {
  const other = new Ref<TenantProtocol>('core_2', 1, 9);
  let shown: Ref<TenantProtocol> | null = other;
  let own = 'tenant';
  let asked = 0;
  const { clock, actors } = keeperOf(
    { now: [tenantRow(tenantId, 'acme')] },
    {
      lookup: ({ kind }) => (kind === own ? (shown as never) : null),
      leases: {
        acquire: async () => {
          asked += 1;
          return grantedOf(4);
        },
      },
    },
  );
  const told: unknown[] = [];
  actors.router = {
    cast: (ref, method, args) => {
      told.push([ref.toString(), method, ...args]);
      return true;
    },
    call: () => {},
    signal: () => true,
  };
  await clock.advance(2_700);
  const tree = actors.whereis<TenantProtocol>(`tenant:${tenantId}`)!;
  expect([told[0], told.length, asked]).toEqual([[other.toString(), 'overtaken', 4], asked, asked]);
  await expect(actors.call(tree).listChecks()).rejects.toMatchObject({ code: 'standby' });
  // Its scheduler's name is there a moment longer than its own.
  own = 'scheduler';
  const before = told.length;
  await clock.advance(2_000);
  await expect(actors.call(tree).listChecks()).rejects.toMatchObject({ code: 'standby' });
  expect(told.length).toBe(before);
  shown = null;
  await clock.advance(1_100);
  expect(await actors.call(tree).listChecks()).toEqual([]);
});

const check: Check = {
  ...{ id: 'chk_1', name: 'a check', kind: 'tcp', target: '192.0.2.1', port: 1, partition: 'default' },
  ...{ intervalMs: 1_000, timeoutMs: 500, retries: 1, settings: {}, enabled: true, createdAtMs: 0 },
  ...{ archivedAtMs: null, schedule: [] },
};

test('a check whose adding or removing had no answer is read again, and a reading that is older brings nothing back', async () => {
  const away = Object.assign(new Error('away'), { code: 'store_unavailable' });
  let rows: Check[] = [];
  let isRead = true;
  const removed: Check = { ...check, archivedAtMs: 5 };
  let remove: () => Promise<Check | null> = () => Promise.reject(away);
  const checks: Partial<CheckStore> = {
    add: () => Promise.reject(away),
    list: async () => {
      if (!isRead) throw away;
      return rows;
    },
    remove: () => remove(),
  };
  const { clock, actors } = keeperOf({ now: [tenantRow(tenantId, 'acme')] }, { checks });
  await clock.advance(2_000);
  const tree = actors.whereis<TenantProtocol>(`tenant:${tenantId}`)!;
  const ids = async () => (await actors.call(tree).listChecks()).map(({ id }) => id);
  isRead = false;
  const { target: _, ...asked } = check;
  const added = actors.call(tree).addChecks([{ ...asked, target: 'example.com' }]);
  await expect(added).rejects.toMatchObject({ code: 'store_unavailable' });
  rows = [check];
  await clock.advance(3_000);
  isRead = true;
  await clock.advance(1_000);
  expect(await ids()).toEqual(['chk_1']);
  await expect(actors.call(tree).removeCheck('chk_1', 'somebody', null)).rejects.toMatchObject({
    code: 'store_unavailable',
  });
  remove = async () => removed;
  await actors.call(tree).removeCheck('chk_1', 'somebody', null);
  await clock.advance(40_000);
  expect(await ids()).toEqual([]);
});

test('a tree that ends while a change of its checks is under way asks for nothing when that fails', async () => {
  let fail = (_: unknown) => {};
  let lists = 0;
  const checks: Partial<CheckStore> = {
    remove: () =>
      new Promise((_, reject) => {
        fail = reject;
      }),
    list: async () => {
      lists += 1;
      return [];
    },
  };
  const { clock, actors } = keeperOf({ now: [tenantRow(tenantId, 'acme')] }, { checks });
  await clock.advance(2_000);
  const tree = actors.whereis<TenantProtocol>(`tenant:${tenantId}`)!;
  const removed = actors.call(tree).removeCheck('chk_1', 'somebody', null);
  removed.catch(() => {});
  await clock.settle();
  actors.exit(tree, 'kill');
  await clock.settle();
  const before = lists;
  fail(Object.assign(new Error('away'), { code: 'store_unavailable' }));
  await clock.settle();
  expect(lists).toBe(before);
});

test('a check that this core never heard of, and removes, is accounted for up to its end', async () => {
  const schedule = [{ version: 1, intervalMs: 1_000, phaseMs: 0, validFromMs: 0, validToMs: 2_500 }];
  const removed: Check = { ...check, id: 'chk_2', archivedAtMs: 2_500, schedule };
  const checks: Partial<CheckStore> = { remove: async () => removed };
  const { clock, actors, written } = keeperOf({ now: [tenantRow(tenantId, 'acme')] }, { checks });
  await clock.advance(4_000);
  const tree = actors.whereis<TenantProtocol>(`tenant:${tenantId}`)!;
  await actors.call(tree).removeCheck('chk_2', 'somebody', null);
  await clock.advance(10_000);
  const gaps = written.flatMap((rows) => rows.gaps ?? []).map(({ fromMs, toMs }) => [fromMs, toMs]);
  const results = written.flatMap((rows) => rows.results ?? []).map(({ row }) => row.dueAtMs);
  expect([...gaps.flat(), ...results].sort((a, b) => a - b)).toEqual(
    expect.arrayContaining([0, 1_000, 2_000]),
  );
});
