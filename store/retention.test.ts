/** Partitions on a real PostgreSQL: strayed rows get one of their own, what is past its time is dropped whole. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clock, type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import { everything, holderOf, newTenant, result, type StoreSetup } from '../test/contract/store-setup.ts';
import { openSchema } from './open-schema.ts';

const dayMs = 86_400_000;
let database: ScratchDatabase;
let setup: StoreSetup;
let direct: pg.Client;

beforeAll(async () => {
  database = await scratchDatabase();
  setup = { ...database.store, expireSession: async () => {} };
  direct = new pg.Client({ connectionString: database.server.url });
  await direct.connect();
});
afterAll(async () => {
  await direct?.end();
  await database?.close();
});

const daysAgo = (days: number) => Math.floor(clock.wallMs() / dayMs) * dayMs - days * dayMs + 1_000;
const nameOf = (ms: number) => `results_${new Date(ms).toISOString().slice(0, 10).replaceAll('-', '')}`;

async function rowsIn(table: string): Promise<number> {
  // Row-level security is forced on the owner too.
  const of = (name: string) => `SELECT reltuples FROM pg_class WHERE oid = 'telemetry.${name}'::regclass`;
  await direct.query(`ANALYZE telemetry.${table}`);
  return (await direct.query<{ reltuples: number }>(of(table))).rows[0]!.reltuples;
}

async function tables(): Promise<string[]> {
  const { rows } = await direct.query<{ name: string }>(
    "SELECT relname::text AS name FROM pg_class WHERE relnamespace = 'telemetry'::regnamespace AND relkind = 'r'",
  );
  return rows.map(({ name }) => name);
}

test('rows that strayed are moved to a partition of their day, none lost, none twice, and still isolated', async () => {
  const tenantId = await newTenant(setup);
  const { write } = await holderOf(setup, tenantId);
  const dues = [5, 5, 9].map((days, k) => daysAgo(days) + k);
  await write({ results: dues.map((due) => result('chk_x', due)) });
  expect(await rowsIn('results_default')).toBe(3);
  const before = await database.store.results.results(tenantId, everything);
  const tended = await database.store.telemetry.tend();
  expect(tended).toMatchObject({ moved: [nameOf(dues[2]!), nameOf(dues[0]!)], dropped: [], failed: [] });
  expect(await database.store.results.results(tenantId, everything)).toEqual(before);
  expect((await direct.query('SELECT FROM telemetry.results_default')).rowCount).toBe(0);
  expect(await rowsIn(nameOf(dues[0]!))).toBe(2);
  const other = await newTenant(setup);
  expect(await database.store.results.results(other, everything)).toEqual([]);
  // The same row again finds the one that was moved.
  await write({ results: [result('chk_x', dues[0]!, 'critical')] });
  expect(await database.store.results.results(tenantId, everything)).toEqual(before);
  expect(await database.store.telemetry.tend()).toEqual({ made: [], moved: [], dropped: [], failed: [] });
  const schema = openSchema(database.server.url, clock);
  expect(await schema.lint()).toEqual([]);
  await schema.close();
});

test('a day past its time is dropped whole, its roll-ups stay, and a row later still corrects nothing', async () => {
  const tenantId = await newTenant(setup);
  const { write } = await holderOf(setup, tenantId);
  const due = daysAgo(40);
  await write({ results: [result('chk_y', due), result('chk_y', due + 1_000)] });
  await database.store.telemetry.roll();
  const days = { by: 'day', checkId: 'chk_y', sinceMs: null, limit: 10 } as const;
  expect(await database.store.telemetry.rollups(tenantId, days)).toMatchObject([{ success: 2 }]);
  const first = await database.store.telemetry.tend();
  expect(first.moved).toContain(nameOf(due));
  const second = await database.store.telemetry.tend();
  expect(second).toMatchObject({ dropped: [nameOf(due)], failed: [] });
  expect(await tables()).not.toContain(nameOf(due));
  expect(await database.store.results.results(tenantId, everything)).toEqual([]);
  await write({ late: [result('chk_y', due + 2_000, 'critical')] });
  await database.store.telemetry.roll();
  expect(await database.store.telemetry.rollups(tenantId, days)).toMatchObject([{ success: 2, critical: 0 }]);
});

test('what somebody reads is not dropped from under them, writers pass, and the next round drops it', async () => {
  const tenantId = await newTenant(setup);
  const { write } = await holderOf(setup, tenantId);
  const due = daysAgo(50);
  await write({ results: [result('chk_z', due)] });
  await database.store.telemetry.tend();
  await direct.query('BEGIN');
  await direct.query(`SELECT FROM telemetry.${nameOf(due)}`);
  await direct.query('SELECT FROM telemetry.results LIMIT 1');
  const held = database.store.telemetry.tend();
  // Each try holds writers up for its moment only.
  for (let k = 0; k < 20; k += 1) await write({ results: [result('chk_z', clock.wallMs() + k)] });
  expect((await held).failed).toContain(nameOf(due));
  await direct.query('COMMIT');
  expect((await database.store.telemetry.tend()).dropped).toContain(nameOf(due));
});

test('a table that was detached and never dropped is dropped by the next round', async () => {
  const tenantId = await newTenant(setup);
  const { write } = await holderOf(setup, tenantId);
  const due = daysAgo(60);
  await write({ results: [result('chk_w', due)] });
  // Moved, and by the same rule dropped by the next one; a process that is killed in between leaves it detached.
  await database.store.telemetry.tend();
  await direct.query(`ALTER TABLE telemetry.results DETACH PARTITION telemetry.${nameOf(due)}`);
  expect((await database.store.telemetry.tend()).dropped).toContain(nameOf(due));
  expect(await tables()).not.toContain(nameOf(due));
});

test('an operator sees what is kept and sets how long; what is past the new time goes with the next round', async () => {
  const tenantId = await newTenant(setup);
  const { write } = await holderOf(setup, tenantId);
  const due = daysAgo(6);
  await write({ results: [result('chk_v', due)] });
  await database.store.telemetry.tend();
  const schema = openSchema(database.server.url, clock);
  try {
    await schema.keep('results', 5);
    const { streams, timescaledb, rolledToMs } = await schema.streams();
    expect(streams.map(({ series, keptDays }) => `${series} ${keptDays}`)).toEqual([
      'results 5',
      'rollup_minute 60',
      'rollup_hour 400',
      'rollup_day 3650',
    ]);
    expect(
      streams.every(({ partitions, bytes, newest }) => partitions > 1 && bytes > 0 && newest !== null),
    ).toBe(true);
    expect(timescaledb).toBe('absent');
    expect(rolledToMs).toBeGreaterThan(0);
    expect((await database.store.telemetry.tend()).dropped).toContain(nameOf(due));
    await expect(schema.keep('results', 0)).rejects.toMatchObject({ code: 'invalid_input' });
  } finally {
    await schema.keep('results', 30);
    await schema.close();
  }
});
