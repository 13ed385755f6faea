import { expect, test } from 'vitest';
import type { Cluster } from '../cluster/index.ts';
import { ActorSystem, manualClock } from '../runtime/index.ts';
import type { GapRow, ResultRow } from './ports/check.ts';
import type { ResultStore, TenantWrite, WriteAnswer } from './ports/result-store.ts';
import { writer } from './writer.ts';

const row = (checkId: string, dueAtMs: number): ResultRow => ({
  ...{ checkId, dueAtMs, startedAtMs: dueAtMs, latencyMs: 1, status: 'success' },
  ...{ reason: null, agent: null, poller: null },
});

/** A writer over a store that says of each tenant what the test wants, and keeps what it took. */
function stage(rowsMax?: number) {
  const clock = manualClock();
  const told: [string, unknown][] = [];
  const log = (_level: string, message: string, fields: unknown) => void told.push([message, fields]);
  const actors = new ActorSystem({ clock, node: 'core_1', boot: 1, log });
  const busy = new Set<string>();
  const fenced = new Set<string>();
  const taken: string[] = [];
  const asked: string[][] = [];
  const gaps: GapRow[] = [];
  let isHung = false;
  const store = { isAway: false };
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
    if (store.isAway) throw Object.assign(new Error('away'), { code: 'store_unavailable' });
    for (const { tenantId, results, gaps: given } of writes) {
      gaps.push(...given);
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
      ...(rowsMax === undefined ? {} : { rowsMax }),
    }),
  );
  const give = (tenantId: string, dueAtMs: number, epoch = 1) =>
    actors.cast(ref).write(tenantId, epoch, { results: [{ row: row('c', dueAtMs), intervalMs: 1_000 }] });
  return { clock, actors, ref, busy, fenced, taken, gaps, store, told, asked, give, hang };
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

test('past what may wait while the store is away the oldest results become a gap, which is told as long as it lasts', async () => {
  const { clock, actors, ref, taken, gaps, store, told, give } = stage(5);
  const totals = () => actors.call(ref).totals();
  store.isAway = true;
  give('t', 1_000);
  await clock.advance(200);
  // The first is under way, and comes back as it went.
  for (let second = 2; second <= 20; second += 1) give('t', second * 1_000);
  await clock.advance(1_000);
  expect(await totals()).toMatchObject({ storeAway: true, buffered: 5, dropped: 14, droppedNow: 14 });
  store.isAway = false;
  await clock.advance(1_000);
  expect(taken).toEqual(['t 1000', 't 16000', 't 17000', 't 18000', 't 19000', 't 20000']);
  expect(gaps).toEqual([
    { checkId: 'c', fromMs: 2_000, toMs: 15_000, intervalMs: 1_000, count: 14, reason: 'buffer_full' },
  ]);
  expect(await totals()).toMatchObject({ storeAway: false, buffered: 0, dropped: 14, droppedNow: 0 });
  expect(told.filter(([message]) => message.includes('gaps'))).toEqual([
    [
      'no more results can wait for the store: the oldest become gaps',
      expect.objectContaining({ rowsMax: 5, reason: 'buffer_full' }),
    ],
    ['results became gaps while they waited for the store', expect.objectContaining({ dropped: 14 })],
  ]);
});
