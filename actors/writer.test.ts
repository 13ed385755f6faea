import { expect, test } from 'vitest';
import type { Cluster } from '../cluster/index.ts';
import { ActorSystem, manualClock } from '../runtime/index.ts';
import type { ResultRow } from './ports/check.ts';
import type { ResultStore, TenantWrite, WriteAnswer } from './ports/result-store.ts';
import { writer } from './writer.ts';

const row = (checkId: string, dueAtMs: number): ResultRow => ({
  ...{ checkId, dueAtMs, startedAtMs: dueAtMs, latencyMs: 1, status: 'success' },
  ...{ reason: null, agent: null, poller: null },
});

/** A writer over a store that says of each tenant what the test wants, and keeps what it took. */
function stage() {
  const clock = manualClock();
  const actors = new ActorSystem({ clock, node: 'core_1', boot: 1 });
  const busy = new Set<string>();
  const fenced = new Set<string>();
  const taken: string[] = [];
  const asked: string[][] = [];
  let isHung = false;
  const hang = () => {
    isHung = true;
  };
  const write = async (
    _node: string,
    _boot: number,
    writes: readonly TenantWrite[],
  ): Promise<WriteAnswer> => {
    asked.push(writes.map(({ tenantId }) => tenantId));
    if (isHung) return await new Promise<WriteAnswer>(() => {});
    for (const { tenantId, results } of writes) {
      if (!busy.has(tenantId) && !fenced.has(tenantId))
        taken.push(...results.map(({ dueAtMs }) => `${tenantId} ${dueAtMs}`));
    }
    return { fenced: [...fenced], busy: [...busy] };
  };
  const names = { register: () => {} };
  const ref = actors.spawn(
    writer({
      cluster: { names } as unknown as Cluster,
      store: { write } as unknown as ResultStore,
      ...{ node: 'core_1', boot: 1, tenantOf: () => null },
    }),
  );
  const give = (tenantId: string, dueAtMs: number, epoch = 1) =>
    actors.cast(ref).write(tenantId, epoch, { results: [{ row: row('c', dueAtMs), intervalMs: 1_000 }] });
  return { clock, actors, ref, busy, fenced, taken, asked, give, hang };
}

test('a tenant whose lease is locked holds up no other, and its rows come in their order when it is free', async () => {
  const { clock, actors, ref, busy, taken, give } = stage();
  busy.add('locked');
  for (const dueMs of [1, 2, 3]) {
    give('locked', dueMs);
    give('free', dueMs);
    await clock.advance(300);
  }
  expect(taken).toEqual(['free 1', 'free 2', 'free 3']);
  expect(await actors.call(ref).totals()).toMatchObject({ buffered: 3, written: 3, storeAway: false });
  busy.clear();
  await clock.advance(2_000);
  expect(taken.slice(3)).toEqual(['locked 1', 'locked 2', 'locked 3']);
});

test('a locked lease is tried again twice a second, also while nothing else comes, and a flush of another waits for nothing of it', async () => {
  const { clock, actors, ref, busy, asked, give } = stage();
  busy.add('locked');
  give('locked', 1);
  await clock.advance(200);
  const before = asked.length;
  await clock.advance(5_000);
  expect(asked.length - before).toBeGreaterThanOrEqual(8);
  expect(asked.length - before).toBeLessThanOrEqual(11);
  give('free', 1);
  expect(await actors.call(ref).flush('free')).toBeNull();
  let isFlushed = false;
  void actors
    .call(ref, 60_000)
    .flush('locked')
    .then(() => {
      isFlushed = true;
    });
  await clock.advance(1_000);
  expect(isFlushed).toBe(false);
  busy.clear();
  await clock.advance(1_000);
  expect(isFlushed).toBe(true);
});

test('what waits for a locked lease is given up when its epoch is fenced', async () => {
  const { clock, actors, ref, busy, fenced, taken, give } = stage();
  busy.add('t');
  give('t', 1);
  await clock.advance(200);
  busy.clear();
  fenced.add('t');
  await clock.advance(1_000);
  expect(await actors.call(ref).totals()).toMatchObject({ buffered: 0, fenced: 1 });
  fenced.clear();
  give('t', 2, 2);
  await clock.advance(1_000);
  expect(taken).toEqual(['t 2']);
});

test('a store that gives no answer is told as away after three seconds, long before its statement ends with an error', async () => {
  const { clock, actors, ref, give, hang } = stage();
  hang();
  give('t', 1);
  await clock.advance(2_900);
  expect(await actors.call(ref).totals()).toMatchObject({ storeAway: false });
  await clock.advance(400);
  expect(await actors.call(ref).totals()).toMatchObject({ storeAway: true });
});
