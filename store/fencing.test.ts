/** Takeover and write at the same moment: whichever has the lease row first, the other sees its outcome. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import { everything, holderOf, newTenant, result, unique } from '../test/contract/store-setup.ts';

let database: ScratchDatabase;
let other: pg.Client;
beforeAll(async () => {
  database = await scratchDatabase();
  other = new pg.Client({ connectionString: database.server.url });
  await other.connect();
});
afterAll(async () => {
  await other?.end();
  await database?.close();
});

const waitsForLock = () =>
  expect
    .poll(
      async () => {
        const { rows } = await other.query<{ n: number }>(
          'SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted',
        );
        return rows[0]?.n;
      },
      { interval: 5 },
    )
    .toBeGreaterThan(0);

test('a takeover waits for a write that is under way', async () => {
  const setup = { ...database.store, expireSession: async () => {} };
  const tenantId = await newTenant(setup);
  const old = await holderOf(setup, tenantId);
  const next = unique('core');
  await database.store.leases.renewSession(next, 1);
  await other.query('DELETE FROM platform.sessions WHERE node = $1', [old.node]);
  await other.query('BEGIN');
  await other.query('SELECT FROM platform.leases WHERE tenant_id = $1 FOR SHARE', [tenantId]);
  const takeover = database.store.leases.acquire(tenantId, next, 1);
  await waitsForLock();
  await other.query('COMMIT');
  expect(await takeover).toMatchObject({ granted: true, epoch: old.epoch + 1 });
});

test('a write that finds a takeover under way is told that the lease is locked, and afterwards that it is fenced', async () => {
  const setup = { ...database.store, expireSession: async () => {} };
  const tenantId = await newTenant(setup);
  const old = await holderOf(setup, tenantId);
  await other.query('BEGIN');
  await other.query("UPDATE platform.leases SET node = 'other', epoch = epoch + 1 WHERE tenant_id = $1", [
    tenantId,
  ]);
  const write = () => old.write({ results: [result('chk_x', 1_800_000_000_000)] });
  expect(await write()).toEqual({ fenced: [], busy: [tenantId] });
  await other.query('COMMIT');
  expect(await write()).toEqual({ fenced: [tenantId], busy: [] });
  expect(await database.store.results.results(tenantId, everything)).toEqual([]);
});

test('a lease that somebody keeps locked holds up no other tenant’s rows, and its own are written whole when it is free', async () => {
  const setup = { ...database.store, expireSession: async () => {} };
  const [locked, free] = [await newTenant(setup), await newTenant(setup)];
  const node = unique('core');
  await database.store.leases.renewSession(node, 1);
  const dueMs = 1_800_000_000_000;
  const writes = [];
  for (const tenantId of [locked, free]) {
    const lease = await database.store.leases.acquire(tenantId, node, 1);
    writes.push({
      ...{ tenantId, epoch: lease.granted ? lease.epoch : 0, gaps: [], states: [] },
      results: [result('chk_x', dueMs)],
      late: [result('chk_x', dueMs + 1)],
      watermarks: [{ checkId: 'chk_x', dueAtMs: dueMs + 1 }],
    });
  }
  const duesOf = async (tenantId: string) =>
    (await database.store.results.results(tenantId, everything)).map(({ dueAtMs }) => dueAtMs - dueMs);
  await other.query('BEGIN');
  await other.query('SELECT FROM platform.leases WHERE tenant_id = $1 FOR UPDATE', [locked]);
  expect(await database.store.results.write(node, 1, writes)).toEqual({ fenced: [], busy: [locked] });
  expect([await duesOf(locked), await duesOf(free)]).toEqual([[], [1, 0]]);
  await other.query('COMMIT');
  expect(await database.store.results.write(node, 1, writes)).toEqual({ fenced: [], busy: [] });
  expect([await duesOf(locked), await duesOf(free)]).toEqual([
    [1, 0],
    [1, 0],
  ]);
});

test('sessions end and writes go on at once for many tenants without a deadlock', async () => {
  const setup = { ...database.store, expireSession: async () => {} };
  const tenants = await Promise.all(Array.from({ length: 20 }, () => newTenant(setup)));
  const node = unique('core');
  await database.store.leases.renewSession(node, 1);
  const leases = await Promise.all(tenants.map((id) => database.store.leases.acquire(id, node, 1)));
  const writes = tenants.map((tenantId, i) => ({
    tenantId,
    epoch: leases[i]!.granted ? leases[i]!.epoch : 0,
    results: [result('chk_x', 1_800_000_000_000)],
    gaps: [],
    late: [],
    watermarks: [],
    states: [],
  }));
  const attempts = Array.from({ length: 10 }, (_, i) =>
    database.store.results.write(node, 1, i % 2 === 0 ? writes : [...writes].reverse()),
  );
  const answers = await Promise.all([...attempts, database.store.leases.endSession(node, 1)]);
  expect(answers).toHaveLength(11);
  expect((await database.store.results.write(node, 1, writes)).fenced.sort()).toEqual([...tenants].sort());
});
