import { expect, test } from 'vitest';
import { type ManualClock, manualClock } from '../runtime/index.ts';
import type { Answer } from './answers.ts';
import { type HealthNeeds, healthPages } from './health.ts';
import { storeHealthTimeoutMs } from './limits.ts';
import { member, type Stage, stage, stageTenantId } from './testing/stage.ts';
import type { PageTenant } from './ui/live-message.ts';

const known: PageTenant = {
  slug: 'default',
  id: stageTenantId,
  holder: 'core_1',
  picture: 'current',
  told_at_ms: 0,
};

function pagesOf(scene: Stage, changes: Partial<HealthNeeds> = {}) {
  return healthPages({
    cluster: scene.cluster,
    clock: scene.clock,
    storeHealth: async () => true,
    tenant: async () => known,
    tenantSlug: 'default',
    ...changes,
  });
}

function read({ status, body }: Answer): { status: number; body: Record<string, unknown> } {
  return { status, body: JSON.parse(body) };
}

function codes(answer: Answer): unknown {
  return (read(answer).body.reasons as { code: string }[]).map(({ code }) => code);
}

test('a node with a live core and a store that answers is ready', async () => {
  const answer = read(await pagesOf(stage()).ready());
  expect(answer).toEqual({ status: 200, body: { status: 'ready', node: 'web_1', reasons: [] } });
});

test('every reason not to be ready is named', async () => {
  const scene = stage();
  scene.setMembers([member('core_1', 'core', { status: 'down' }), member('web_1', 'web')]);
  const away = () => Promise.reject(new Error('store_unavailable'));
  const answer = await pagesOf(scene, { storeHealth: away, tenant: async () => null }).ready();
  expect(answer.status).toBe(503);
  expect(codes(answer)).toEqual(['no_live_core', 'store_unavailable', 'feed_unavailable']);
});

test('a store that throws at once, or says no, is not ready either', async () => {
  const throwing = () => {
    throw new Error('not open');
  };
  expect(codes(await pagesOf(stage(), { storeHealth: throwing }).ready())).toEqual(['store_unavailable']);
  expect(codes(await pagesOf(stage(), { storeHealth: async () => false }).ready())).toEqual([
    'store_unavailable',
  ]);
});

test('a store that does not answer is asked once for all who ask, and given up in time', async () => {
  const clock: ManualClock = manualClock();
  let asked = 0;
  const pages = pagesOf(stage(clock), {
    storeHealth: () => {
      asked += 1;
      return new Promise(() => {});
    },
  });
  const answers = Promise.all([pages.ready(), pages.ready(), pages.ready()]);
  await clock.advance(storeHealthTimeoutMs);
  expect((await answers).map(codes)).toEqual([
    ['store_unavailable'],
    ['store_unavailable'],
    ['store_unavailable'],
  ]);
  expect(asked).toBe(1);
  const again = pages.ready();
  await clock.advance(storeHealthTimeoutMs);
  await again;
  expect(asked).toBe(2);
});

test('the cluster is shown as this node sees it, with who holds the tenant', async () => {
  const scene = stage(manualClock());
  const pages = pagesOf(scene);
  expect(read(await pages.cluster()).body.tenant).toEqual({
    slug: 'default',
    id: stageTenantId,
    holder: null,
  });
  scene.startMonitor([]);
  const { status, body } = read(await pages.cluster());
  expect(status).toBe(200);
  expect(body).toMatchObject({
    node: 'web_1',
    coordinator: 'core_1',
    coordinator_by: 'lowest_core',
    coordinator_epoch: null,
    nodes_up: 2,
    splits: [],
    tenant: { slug: 'default', id: stageTenantId },
  });
  expect((body.nodes as unknown[])[0]).toEqual({
    name: 'core_1',
    role: 'core',
    status: 'up',
    boot: 1,
    incarnation: 0,
    address: '127.0.0.1:4000',
    pid: 42,
    rtt_ms: 0.512,
    last_seen: '2023-11-14T22:13:20.000Z',
    because: 'linked',
  });
});
