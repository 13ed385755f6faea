/** More results than may wait while the store is away, and then a real store that gets what is left: every instant has one row. */
import { expect, test } from 'vitest';
import type { Cluster } from '../cluster/index.ts';
import { ActorSystem, manualClock } from '../runtime/index.ts';
import { scratchDatabase } from '../test/contract/scratch-database.ts';
import { everything, holderOf, newCheck, newTenant, result } from '../test/contract/store-setup.ts';
import type { WriterRows } from './messages.ts';
import type { ResultStore } from './ports/result-store.ts';
import { writer } from './writer.ts';

const startMs = 1_800_000_000_000;
const instants = 100;

test('what the buffer could not hold is in the store as gaps, beside the results that it held', async () => {
  const database = await scratchDatabase();
  const { store } = database;
  const setup = { ...store, expireSession: async () => {} };
  const tenantId = await newTenant(setup);
  const [steady, patchy] = await store.checks.add(tenantId, [newCheck('steady'), newCheck('patchy')]);
  const { node, epoch } = await holderOf(setup, tenantId);
  let isAway = true;
  const write: ResultStore['write'] = async (...asked) => {
    if (isAway) throw Object.assign(new Error('away'), { code: 'store_unavailable' });
    return await store.results.write(...asked);
  };
  const clock = manualClock();
  const actors = new ActorSystem({ clock, node, boot: 1 });
  const cluster = { names: { register: () => {} } } as unknown as Cluster;
  const needs = { cluster, store: { ...store.results, write }, node, boot: 1, tenantOf: () => null };
  const ref = actors.spawn(writer({ ...needs, rowsMax: 30 }));
  const give = (rows: WriterRows) => actors.cast(ref).write(tenantId, epoch, rows);
  const atMs = (instant: number) => startMs + instant * 1_000;
  for (let instant = 0; instant < instants; instant += 1) {
    give({ results: [{ row: result(steady!.id, atMs(instant)), intervalMs: 1_000 }] });
    // Of the other every third instant had no agent, and somebody asked for a run beside each tenth.
    if (instant % 3 === 0) {
      const gap = { checkId: patchy!.id, fromMs: atMs(instant), toMs: atMs(instant) };
      give({ gaps: [{ ...gap, intervalMs: 1_000, count: 1, reason: 'no_agent' }] });
    } else give({ results: [{ row: result(patchy!.id, atMs(instant)), intervalMs: 1_000 }] });
    if (instant % 10 === 0)
      give({ results: [{ row: result(steady!.id, atMs(instant) + 500), intervalMs: null }] });
    // One try in vain has a batch under way, which is not dropped.
    if (instant === 5) await clock.advance(200);
  }
  const watermarks = [steady!, patchy!].map(({ id }) => ({ checkId: id, dueAtMs: atMs(instants - 1) }));
  // A late result for an instant that was dropped meanwhile.
  give({ late: [result(steady!.id, atMs(20))], watermarks });
  await clock.advance(1_000);
  const waiting = await actors.call(ref).totals();
  expect(waiting).toMatchObject({ storeAway: true, buffered: 30 });
  expect(waiting.droppedNow).toBeGreaterThan(100);
  isAway = false;
  await actors.call(ref, 30_000).flush(tenantId);
  const results = await store.results.results(tenantId, everything);
  const gaps = await store.results.gaps(tenantId, everything);
  for (const { id } of [steady!, patchy!]) {
    const rows = new Map<number, number>();
    const count = (ms: number) => rows.set(ms, (rows.get(ms) ?? 0) + 1);
    for (const row of results) if (row.checkId === id && row.dueAtMs % 1_000 === 0) count(row.dueAtMs);
    for (const row of gaps.filter(({ checkId }) => checkId === id))
      for (let ms = row.fromMs; ms <= row.toMs; ms += row.intervalMs) count(ms);
    expect([...rows].sort(([a], [b]) => a - b)).toEqual(
      Array.from({ length: instants }, (_, instant) => [atMs(instant), 1]),
    );
  }
  expect(new Set(gaps.map(({ reason }) => reason))).toEqual(new Set(['buffer_full', 'no_agent']));
  expect(results.find(({ dueAtMs }) => dueAtMs === atMs(20))).toBeDefined();
  const marks = (await store.results.accounted(tenantId)).map(({ watermarkMs }) => watermarkMs);
  expect(marks).toEqual([atMs(instants - 1), atMs(instants - 1)]);
  await database.close();
});
