/** Restores beside whoever else changes the tenant at that moment: a purge, an operator, another restore. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clock, type ScratchDatabase, scratchDatabase } from '../../test/contract/scratch-database.ts';
import { holderOf, newCheck, newTenant, result, type StoreSetup } from '../../test/contract/store-setup.ts';
import { createArchiveStore } from '../archive.ts';
import { silentLog } from '../log.ts';
import { tenantMigrations } from '../migrations/all.ts';
import { openPool } from '../pool.ts';
import { purge } from '../purge.ts';
import { createDatabase, type Database } from '../unit-of-work.ts';
import { openKeyRing } from '../vault/ring-file.ts';
import { folderPlace } from './folder-place.ts';
import { parseManifest } from './manifest.ts';
import { type Backups, openBackups } from './open-backups.ts';
import { RecordReader } from './records.ts';
import { restore } from './restore.ts';
import { unseal } from './seal.ts';
import { unsqueeze } from './squeeze.ts';
import { holdTenant } from './tenant-hold.ts';

const folder = mkdtempSync(join(tmpdir(), 'picket-races-'));
const quiet = () => {};
const inPlace = { as: null, replace: true };
const place = folderPlace(folder, clock);
const dueMs = clock.wallMs() - 172_800_000;
let database: ScratchDatabase;
let setup: StoreSetup;
let backups: Backups;
let db: Database;
let raw: pg.Client;

beforeAll(async () => {
  database = await scratchDatabase();
  setup = { ...database.store, expireSession: async () => {} };
  const keys = openKeyRing(join(folder, 'keys'), clock.wallMs());
  backups = openBackups({ url: database.server.url, place, keys, clock, picket: '9.9.9' });
  db = createDatabase(openPool(database.server.url, 4, silentLog), clock, silentLog);
  raw = new pg.Client({ connectionString: database.server.url });
  await raw.connect();
  // As far as a cluster's would be: to roll up a whole day step by step takes long.
  await raw.query(`UPDATE platform.rollup SET rolled_to = date_trunc('minute', now()) - interval '2 minutes';
    UPDATE platform.rollup_promise SET promised_to = date_trunc('minute', now()) - interval '2 minutes'`);
});
afterAll(async () => {
  await raw?.end();
  await db?.close();
  await backups?.close();
  await database?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function filled() {
  const id = await newTenant(setup);
  const checks = (await setup.checks.add(id, [newCheck('one'), newCheck('two')])).map((check) => check.id);
  const { write, node, boot, epoch } = await holderOf(setup, id);
  await write({
    results: checks.flatMap((check) => [result(check, dueMs), result(check, dueMs + 1_000)]),
    watermarks: checks.map((checkId) => ({ checkId, dueAtMs: dueMs })),
  });
  await setup.leases.release(id, node, boot, epoch);
  await rolledUp();
  return { id, slug: (await setup.tenants.find(id))!.slug, checks };
}

async function rolledUp(): Promise<void> {
  for (let more = true; more; ) ({ more } = await database.store.telemetry.roll());
}

const shared = ['results', 'watermarks', 'rollup_minute', 'rollup_hour', 'rollup_day'];

/** Rows of the shared tables as texts, and the names of its checks. */
async function rowsOf(id: string): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  await raw.query(`SET ROLE tenant_${id}`);
  try {
    for (const table of shared) {
      const { rows } = await raw.query(`SELECT x::text AS row FROM telemetry.${table} x ORDER BY 1`);
      found[table] = rows.map(({ row }) => row as string);
    }
    const { rows } = await raw.query(`SELECT name FROM tenant_${id}.checks ORDER BY 1`);
    found.checks = rows.map(({ name }) => name as string);
  } finally {
    await raw.query('RESET ROLE');
  }
  return found;
}

/** The database, which does something else before its `at`-th unit of work; `tries` counts the units. */
function interrupted(at: number, between: () => Promise<unknown>) {
  const seen = { units: 0 };
  const before = async () => {
    seen.units += 1;
    if (seen.units === at) await between();
  };
  const seam: Database = {
    ...db,
    async asPlatform(work) {
      await before();
      return await db.asPlatform(work);
    },
    async asTenant(id, work) {
      await before();
      return await db.asTenant(id, work);
    },
    async asWriter(work) {
      await before();
      return await db.asWriter(work);
    },
  };
  return { seam, seen };
}

/** A restore that does something else before it reads the archive's end: all its rows are there by then. */
async function restoreAround(name: string, until: () => Promise<unknown>) {
  const keys = openKeyRing(join(folder, 'keys'), clock.wallMs());
  const reader = new RecordReader(unsqueeze(unseal(place.read(name), keys, name), name), name);
  const manifest = parseManifest(JSON.stringify(await reader.nextJson('M')), name);
  const end = reader.end.bind(reader);
  reader.end = async () => {
    await until();
    return await end();
  };
  const hold = (id: string) => holdTenant(db, clock, id);
  const work = { url: database.server.url, db, migrations: tenantMigrations, keys, hold };
  return await restore(work, { archive: name, reader, manifest }, inPlace, quiet);
}

test('a tenant that is restored while it is purged is there to the last row, at whichever step of the purge', async () => {
  for (let at = 2, more = true; more; at += 1) {
    const { id, slug } = await filled();
    const before = await rowsOf(id);
    const { name } = await backups.create(slug, quiet);
    await setup.lives.change(id, 'cancel', 'tester', null);
    const { seam, seen } = interrupted(at, () => backups.restore(name, inPlace, quiet));
    await purge(seam, id, 'tester', 0);
    more = seen.units >= at;
    if (!more) break;
    const row = await setup.tenants.find(id);
    expect(row, `before unit ${at}`).toMatchObject({ id, status: 'active', purgedAtMs: null });
    expect(await rowsOf(id), `before unit ${at}`).toEqual(before);
  }
}, 120_000);

async function cancelAll(): Promise<void> {
  for (const { id } of await setup.tenants.list()) await setup.lives.change(id, 'cancel', 'tester', null);
}

test('a check that comes back with a restore keeps its telemetry, though it was archived too long ago before', async () => {
  await cancelAll();
  for (let at = 2, more = true; more; at += 1) {
    const { id, slug, checks } = await filled();
    const before = await rowsOf(id);
    const { name } = await backups.create(slug, quiet);
    await setup.checks.remove(id, checks[0]!);
    await db.asTenant(id, (unit) =>
      unit.query(`UPDATE checks SET archived_at = archived_at - interval '31 days' WHERE id = $1`, [
        checks[0]!,
      ]),
    );
    const { seam, seen } = interrupted(at, () => backups.restore(name, inPlace, quiet));
    await createArchiveStore(seam, silentLog).purge(30 * 86_400_000);
    more = seen.units >= at;
    if (!more) break;
    expect(await rowsOf(id), `before unit ${at}`).toEqual(before);
    await cancelAll();
  }
}, 120_000);

test('who suspends or cancels a tenant while it is restored has the last word', async () => {
  for (const [event, status] of [
    ['suspend', 'suspended'],
    ['cancel', 'cancelled'],
  ] as const) {
    const { id, slug } = await filled();
    const before = await rowsOf(id);
    const { name } = await backups.create(slug, quiet);
    const { tenant } = await restoreAround(name, () => setup.lives.change(id, event, 'tester', null));
    expect(tenant.status).toBe(status);
    expect(await rowsOf(id)).toEqual(before);
    expect((await setup.lives.history(id)).at(-1)).toMatchObject({
      event: 'restore',
      from: status,
      to: status,
    });
  }
});

test('of two that restore one tenant at once the second is told so, and the first comes to its end', async () => {
  const { id, slug } = await filled();
  const before = await rowsOf(id);
  const { name } = await backups.create(slug, quiet);
  await restoreAround(name, () =>
    expect(backups.restore(name, inPlace, quiet)).rejects.toMatchObject({ code: 'restore_running' }),
  );
  expect(await rowsOf(id)).toEqual(before);
  await setup.lives.change(id, 'cancel', 'tester', null);
  await setup.lives.purge(id, 'tester', 0);
  await raw.query('DELETE FROM platform.tenants WHERE id = $1', [id]);
  // Of a tenant that is not there at all nobody holds anything: the second waits for the first, and finds it done.
  const lost = { as: null, replace: false };
  const both = await Promise.allSettled([1, 2].map(() => backups.restore(name, lost, quiet)));
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const refused = both.find((one) => one.status === 'rejected')!;
  expect((refused as PromiseRejectedResult).reason).toMatchObject({ code: 'tenant_exists' });
  expect(await rowsOf(id)).toEqual(before);
});

test('what was not rolled up when the archive was made is rolled up when it is restored', async () => {
  const { id, slug, checks } = await filled();
  const { write } = await holderOf(setup, id);
  const late = dueMs + 3_600_000;
  await write({ results: checks.flatMap((check) => [result(check, late), result(check, dueMs + 2_000)]) });
  // Marked, and not yet counted: what is archived has the rows, and roll-ups without them.
  const { name } = await backups.create(slug, quiet);
  await rolledUp();
  const before = await rowsOf(id);
  await backups.restore(name, inPlace, quiet);
  await rolledUp();
  expect(await rowsOf(id)).toEqual(before);
  await write({ results: [result(checks[0]!, late + 7_200_000)] });
});

test('what is rolled up of the rows before, while they are replaced, does not stay', async () => {
  const { id, slug } = await filled();
  const before = await rowsOf(id);
  const { name } = await backups.create(slug, quiet);
  const [added] = await setup.checks.add(id, [newCheck('later')]);
  const { write } = await holderOf(setup, id);
  await write({ results: [result(added!.id, clock.wallMs() - 3_600_000)] });
  await restoreAround(name, rolledUp);
  expect(await rowsOf(id)).toEqual(before);
});
