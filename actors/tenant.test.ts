import { expect, test } from 'vitest';
import type { Cluster, NameEvent } from '../cluster/index.ts';
import { noCoordination } from '../cluster/testing/no-coordination.ts';
import { ActorSystem, manualClock } from '../runtime/index.ts';
import { lateGrantMs, leaseRetryMs } from './limits.ts';
import type { LeaseAnswer } from './ports/lease-store.ts';
import { tenant } from './tenant.ts';

const tenantId = 'abcdefghijkl';

function stage() {
  const watchers: ((event: NameEvent) => void)[] = [];
  const clock = manualClock();
  const actors = new ActorSystem({ clock, node: 'core_1', boot: 1 });
  const released: number[] = [];
  const owed: (number | null)[] = [];
  let storeAway = false;
  const asked: ((answer: LeaseAnswer | Promise<never>) => void)[] = [];
  const nothing = () => {};
  const cluster: Cluster = {
    node: 'core_1',
    boot: 1,
    tenant: null,
    names: {
      register: nothing,
      update: nothing,
      unregister: nothing,
      lookup: () => null,
      list: () => [],
      watch: (_query, onEvent) => void watchers.push(onEvent),
    },
    members: { list: () => [], live: () => ['core_1'], split: () => null, watch: nothing },
    topics: { subscribe: nothing, publish: () => 0 },
    ...noCoordination(() => ['core_1']),
    declare: nothing,
  };
  const ref = actors.spawn(
    tenant({
      cluster,
      checks: {
        add: async () => [],
        list: async () => [],
        edit: async () => null,
        remove: async () => null,
        restore: async () => null,
      },
      leases: {
        renewSession: async () => ({ databaseNowMs: 0, expiresAtMs: 4_000 }),
        endSession: async () => {},
        acquire: () => new Promise((resolve) => asked.push(resolve)),
        release: async (_tenant, _node, _boot, epoch) => {
          if (storeAway) throw new Error('away');
          released.push(epoch!);
        },
      },
      results: {
        write: async () => ({ fenced: [] }),
        accounted: async () => [],
        gapInstants: async () => 0,
        results: async () => [],
        gaps: async () => [],
      },
      writer: () => null,
      allowAll: () => false,
      termsOf: () => ({ suspendedSinceMs: null, resultsPerDay: null, checksMax: null }),
      owed: (_tenant: string, epoch: number | null) => void owed.push(epoch),
    }),
    tenantId,
  );
  const loseStore = () => {
    storeAway = true;
  };
  return { clock, actors, released, owed, loseStore, asked, ref, watchers };
}

test('a tenant that is stopped while it asks for its lease gives back what it is granted afterwards', async () => {
  const { clock, actors, released, asked, ref } = stage();
  await clock.settle();
  const ended = actors.ended(ref);
  actors.exit(ref, 'shutdown');
  await clock.settle();
  asked[0]!({ granted: true, epoch: 7, databaseNowMs: 0 });
  expect(await ended).toBe('shutdown');
  expect(released).toEqual([7]);
});

test('a tenant whose lease the store does not take back says so', async () => {
  const { clock, actors, released, owed, loseStore, asked, ref } = stage();
  await clock.settle();
  const ended = actors.ended(ref);
  actors.exit(ref, 'shutdown');
  loseStore();
  await clock.settle();
  asked[0]!({ granted: true, epoch: 7, databaseNowMs: 0 });
  await ended;
  expect([released, owed]).toEqual([[], [7]]);
});

test('a tenant that was not answered may have been granted its lease, and says so when it stops', async () => {
  const { clock, actors, owed, asked, ref } = stage();
  await clock.settle();
  asked[0]!(Promise.reject(new Error('no answer')));
  await clock.settle();
  const ended = actors.ended(ref);
  actors.exit(ref, 'shutdown');
  await ended;
  expect(owed).toEqual([null]);
});

test('a question without an answer may still be granted for a while after the next one was refused, and at the end it is said', async () => {
  const refused = { granted: false, holder: 'core_2', holderBoot: 1, expiresAtMs: 9_000, databaseNowMs: 0 };
  for (const [afterMs, told] of [
    [100, [null]],
    [lateGrantMs, []],
  ] as const) {
    const { clock, actors, owed, asked, ref } = stage();
    await clock.settle();
    asked[0]!(Promise.reject(new Error('no answer')));
    await clock.advance(leaseRetryMs);
    asked[1]!(refused as LeaseAnswer);
    await clock.advance(afterMs);
    for (const answer of asked.slice(2)) answer(refused as LeaseAnswer);
    await clock.settle();
    const ended = actors.ended(ref);
    actors.exit(ref, 'shutdown');
    await ended;
    expect(owed).toEqual(told);
  }
});

test('a refused tenant is in standby, asks each second, and sooner when the holder’s session ends sooner', async () => {
  const { clock, actors, asked, ref } = stage();
  await clock.settle();
  asked[0]!({ granted: false, holder: 'core_2', holderBoot: 1, expiresAtMs: 3_000, databaseNowMs: 0 });
  await clock.settle();
  await expect(actors.call(ref).listChecks()).rejects.toMatchObject({ code: 'standby' });
  await clock.advance(999);
  expect(asked.length).toBe(1);
  await clock.advance(260);
  expect(asked.length).toBe(2);
  asked[1]!({ granted: false, holder: 'core_2', holderBoot: 1, expiresAtMs: 3_100, databaseNowMs: 3_000 });
  await clock.settle();
  await clock.advance(99);
  expect(asked.length).toBe(2);
  await clock.advance(260);
  expect(asked.length).toBe(3);
});

test('a lease that is refused at the end gives nothing back', async () => {
  const { clock, actors, released, asked, ref } = stage();
  await clock.settle();
  const ended = actors.ended(ref);
  actors.exit(ref, 'shutdown');
  await clock.settle();
  asked[0]!({ granted: false, holder: 'core_2', holderBoot: 1, expiresAtMs: 3_000, databaseNowMs: 0 });
  await ended;
  expect(released).toEqual([]);
});

test('a tenant in standby asks at once when the holder has given the tenant up', async () => {
  const { clock, asked, watchers } = stage();
  await clock.settle();
  asked[0]!({ granted: false, holder: 'core_2', holderBoot: 1, expiresAtMs: 3_000, databaseNowMs: 0 });
  await clock.settle();
  watchers[0]!({ type: 'removed' } as NameEvent);
  await clock.settle();
  expect(asked.length).toBe(2);
  await clock.advance(5_000);
  expect(asked.length).toBe(2);
});
