import { expect, test } from 'vitest';
import type { Cluster } from '../cluster/index.ts';
import { ActorSystem, defineActor, manualClock, type Ref } from '../runtime/index.ts';
import { tenantRow } from '../test/contract/tenant-row.ts';
import { chores } from './chores.ts';
import { cancelledKeptMs, provisioningWaitMs, purgeLookMs } from './limits.ts';
import type { TenantLives } from './ports/tenant-lives.ts';
import type { Tenant } from './ports/tenant-store.ts';
import type { TenantsProtocol } from './tenants.ts';

function stage(given: Tenant[], cores = ['core_1']) {
  const clock = manualClock();
  const actors = new ActorSystem({ clock, node: 'core_1', boot: 1 });
  const done: string[] = [];
  const published: string[] = [];
  let refreshed = 0;
  let heard = () => {};
  const nothing = () => {};
  const cluster: Cluster = {
    node: 'core_1',
    members: { live: () => cores },
    topics: {
      publish: (
        _from: unknown,
        { tenant, name }: { tenant: string; name: string },
        news: { event: string },
      ) => published.push(`${tenant}/${name} ${news.event}`),
      subscribe: (_topic: unknown, onPublished: () => void) => {
        heard = onPublished;
      },
    },
  } as unknown as Cluster;
  const rows = new Map(given.map((row) => [row.id, row]));
  const keeper = actors.spawn(
    defineActor<null, TenantsProtocol>({
      name: 'tenants',
      init: () => null,
      call: { list: () => [...rows.values()] },
      cast: {
        lapsed: () => {},
        refresh: () => {
          refreshed += 1;
        },
        owed: nothing,
      },
    }),
  );
  let isAway = false;
  const lives: Partial<TenantLives> = {
    provision: async (id) => {
      if (isAway) throw new Error('away');
      done.push(`provision ${id}`);
      rows.set(id, { ...rows.get(id)!, status: 'active' });
      return rows.get(id)!;
    },
    purge: async (id, by, keptMs) => {
      done.push(`purge ${id} ${by} ${keptMs}`);
      return { refused: 'still_kept', detail: '' };
    },
  };
  actors.spawn(
    chores({ cluster, lives: lives as TenantLives, keeper: () => keeper as Ref<TenantsProtocol> }),
  );
  const away = (yes: boolean) => {
    isAway = yes;
  };
  return { clock, done, published, away, heard: () => heard(), refreshes: () => refreshed };
}

const half = tenantRow('halfhalfhalf', 'half', { status: 'provisioning' });

test('a tenant that is half made at two looks is finished and announced; one that is being made is let be', async () => {
  const { clock, done, published } = stage([half, tenantRow('acmeacmeacme', 'acme')]);
  await clock.advance(provisioningWaitMs + 1);
  expect(done).toEqual([]);
  await clock.advance(provisioningWaitMs + 1);
  expect(done).toEqual(['provision halfhalfhalf']);
  expect(published).toEqual(['platform/tenants provisioned', 'halfhalfhalf/tenant provisioned']);
  await clock.advance(5 * provisioningWaitMs);
  expect(done).toHaveLength(1);
});

test('while the store is away it is tried again at the next looks', async () => {
  const { clock, done, away } = stage([half]);
  away(true);
  await clock.advance(4 * provisioningWaitMs);
  expect(done).toEqual([]);
  away(false);
  await clock.advance(2 * provisioningWaitMs);
  expect(done).toEqual(['provision halfhalfhalf']);
});

test('what another core owns is its own', async () => {
  const cores = ['core_1', 'core_2', 'core_3', 'core_4'];
  const rows = Array.from({ length: 40 }, (_, at) =>
    tenantRow(`tenant${at}`, `t${at}`, { status: 'provisioning' }),
  );
  const { clock, done } = stage(rows, cores);
  await clock.advance(3 * provisioningWaitMs);
  expect(done.length).toBeGreaterThan(2);
  expect(done.length).toBeLessThan(25);
});

test('cancelled tenants that are not purged are offered to the store each hour, with how long they are kept', async () => {
  const gone = tenantRow('gonegonegone', 'gone', { status: 'cancelled', purgedAtMs: 5 });
  const { clock, done } = stage([tenantRow('cancelledaaa', 'old', { status: 'cancelled' }), gone]);
  await clock.advance(provisioningWaitMs + 1);
  const asked = `purge cancelledaaa retention ${cancelledKeptMs}`;
  expect(done).toEqual([asked]);
  await clock.advance(purgeLookMs + provisioningWaitMs);
  expect(done).toEqual([asked, asked]);
});

test('a change that is announced makes the keeper read the rows', async () => {
  const { clock, heard, refreshes } = stage([]);
  await clock.settle();
  heard();
  await clock.settle();
  expect(refreshes()).toBe(1);
});
