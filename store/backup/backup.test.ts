/** Backups on a real database: everything of a tenant goes there and comes back, and what fails leaves nothing. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newDevice } from '../../test/contract/device-store.ts';
import {
  clock,
  flavours,
  type ScratchDatabase,
  scratchDatabase,
} from '../../test/contract/scratch-database.ts';
import {
  everything,
  holderOf,
  newCheck,
  newTenant,
  result,
  unique,
} from '../../test/contract/store-setup.ts';
import { tenantMigrations } from '../migrations/all.ts';
import { openSchema, type Schema } from '../open-schema.ts';
import { openKeyRing } from '../vault/ring-file.ts';
import { folderPlace } from './folder-place.ts';
import { listArchives, pruneArchives } from './kept-archives.ts';
import { type Backups, openBackups } from './open-backups.ts';

const folder = mkdtempSync(join(tmpdir(), 'picket-backup-'));
const quiet = () => {};
const place = folderPlace(folder, clock);
const due = 1_790_000_000_000;
let database: ScratchDatabase;
let backups: Backups;
let schema: Schema;
let raw: pg.Client;

const open = (url: string, migrations = tenantMigrations) =>
  openBackups({
    url,
    place,
    keys: openKeyRing(join(folder, 'keys'), clock.wallMs()),
    clock,
    picket: '9.9.9',
    migrations,
  });

beforeAll(async () => {
  database = await scratchDatabase();
  backups = open(database.server.url);
  schema = openSchema(database.server.url, clock);
  raw = new pg.Client({ connectionString: database.server.url });
  await raw.connect();
  // As far as a cluster's would be: to roll up a whole day step by step takes long.
  await raw.query(`UPDATE platform.rollup SET rolled_to = date_trunc('minute', now()) - interval '2 minutes';
    UPDATE platform.rollup_promise SET promised_to = date_trunc('minute', now()) - interval '2 minutes'`);
});
afterAll(async () => {
  await raw?.end();
  await backups?.close();
  await schema?.close();
  await database?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function filled(): Promise<{ id: string; slug: string; checks: string[] }> {
  const setup = { ...database.store, expireSession: async () => {} };
  const id = await newTenant(setup);
  const { slug } = (await setup.tenants.find(id))!;
  const added = await setup.checks.add(id, [
    { ...newCheck('one'), settings: { 'odd\t"\\N': 'tab\tnew\nline \\. ü 😀' } },
    newCheck('two'),
    newCheck('gone'),
  ]);
  const checks = added.map((check) => check.id);
  await setup.checks.remove(id, checks[2]!, { by: 'tester', why: 'gone' });
  const by = { by: 'tester', liveMax: null };
  const devices = await setup.devices.add(id, [newDevice(), newDevice()], by);
  if ('devices' in devices) await setup.devices.change(id, devices.devices[0]!.id, 'decommission', by);
  const { write, node, boot, epoch } = await holderOf(setup, id);
  const odd = { ...result(checks[0]!, due, 'critical'), reason: 'a\tb\\c\nd\\N', latencyMs: 0.1 + 0.2 };
  await write({
    results: [odd, ...Array.from({ length: 2_000 }, (_, at) => result(checks[1]!, due + at * 1_000))],
    gaps: [{ checkId: checks[0]!, fromMs: 1_000, toMs: 5_000, intervalMs: 1_000, count: 5, reason: 'x' }],
    watermarks: [{ checkId: checks[1]!, dueAtMs: due }],
    states: [{ checkId: checks[0]!, state: 'down', flapping: true, sinceMs: due, because: 'x' }],
  });
  await setup.leases.release(id, node, boot, epoch);
  for (let more = true; more; ) ({ more } = await database.store.telemetry.roll());
  return { id, slug, checks };
}

/** Every row of every table of the tenant, by the catalog, as text. */
async function rowsOf(id: string): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  const { rows: tables } = await raw.query<{ s: string; t: string }>(
    `SELECT n.nspname s, c.relname t FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname IN ('tenant_${id}', 'telemetry') AND c.relkind IN ('r', 'p') AND NOT c.relispartition`,
  );
  for (const { s, t } of tables) {
    await raw.query(`SET ROLE ${s === 'telemetry' ? 'picket_writer' : s}`);
    const where = s === 'telemetry' ? `WHERE tenant_id = '${id}'` : '';
    const { rows } = await raw.query(`SELECT x::text AS row FROM ${s}."${t}" x ${where} ORDER BY 1`);
    found[t] = rows.map(({ row }) => row as string);
    await raw.query('RESET ROLE');
  }
  return found;
}

async function nothingLeft(): Promise<void> {
  expect(await schema.lint()).toEqual([]);
  const { rows } = await raw.query("SELECT FROM platform.sessions WHERE node LIKE 'restore-%'");
  expect(rows).toEqual([]);
  expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
}

test('a tenant that is lost comes back with every row of every table, and goes on from there', async () => {
  const { id, slug, checks } = await filled();
  const before = await rowsOf(id);
  expect(Object.keys(before).length).toBeGreaterThanOrEqual(7);
  expect(before.results).toHaveLength(2_001);
  const told: string[] = [];
  const archive = await backups.create(slug, ({ table, rows }) => told.push(`${table} ${rows}`));
  expect(told).toContain('results 2001');
  expect(archive).toMatchObject({ slug, tenantId: id });
  expect((await listArchives(place))[0]).toEqual(archive);
  expect(readFileSync(join(folder, archive.name)).includes(checks[0]!)).toBe(false);
  await expect(backups.restore(archive.name, { as: null, replace: false }, quiet)).rejects.toMatchObject({
    code: 'tenant_exists',
  });
  await database.store.lives.change(id, 'cancel', 'tester', null);
  await database.store.lives.purge(id, 'tester', 0);
  const { tenant, totals } = await backups.restore(archive.name, { as: null, replace: false }, quiet);
  expect(tenant).toMatchObject({ id, slug, status: 'active', purgedAtMs: null, schemaFits: true });
  expect(await rowsOf(id)).toEqual(before);
  expect(totals.rows).toBe(Object.values(before).flat().length);
  // Sequences, triggers and the lease work as before.
  await database.store.checks.add(id, [newCheck('after')]);
  expect((await database.store.checks.list(id, 0)).map(({ name }) => name)).toEqual([
    'one',
    'two',
    'gone',
    'after',
  ]);
  expect((await rowsOf(id)).usage).toEqual(['(checks,3)', '(users,0)']);
  const { epoch } = await holderOf({ ...database.store, expireSession: async () => {} }, id);
  expect(epoch).toBeGreaterThan(1);
  expect((await database.store.lives.history(id)).at(-1)).toMatchObject({
    event: 'restore',
    why: `from ${archive.name}`,
  });
  await nothingLeft();
});

test('under another slug it is another tenant, with checks of its own, beside the first', async () => {
  const { id, slug, checks } = await filled();
  const before = await rowsOf(id);
  const { name } = await backups.create(slug, quiet);
  await expect(backups.restore(name, { as: slug, replace: false }, quiet)).rejects.toMatchObject({
    code: 'slug_taken',
  });
  await expect(backups.restore(name, { as: 'No', replace: false }, quiet)).rejects.toMatchObject({
    code: 'bad_slug',
  });
  const as = unique('copy');
  const { tenant } = await backups.restore(name, { as, replace: false }, quiet);
  expect(tenant).toMatchObject({ slug: as, status: 'active', name: 'A tenant' });
  expect(tenant.id).not.toBe(id);
  expect(await rowsOf(id)).toEqual(before);
  const copied = await database.store.checks.list(tenant.id, 0);
  const idOf = new Map(copied.map((check, at) => [checks[at]!, check.id]));
  for (const check of copied) {
    expect(check.id).toMatch(/^chk_[a-z2-7]{16}$/);
    expect(checks).not.toContain(check.id);
  }
  let expected = JSON.stringify(before).replaceAll(id, tenant.id);
  for (const [old, fresh] of idOf) expected = expected.replaceAll(old, fresh);
  const sorted = Object.fromEntries(
    Object.entries(JSON.parse(expected) as Record<string, string[]>).map(([table, rows]) => [
      table,
      rows.sort(),
    ]),
  );
  const copy = await rowsOf(tenant.id);
  expect(Object.fromEntries(Object.entries(copy).map(([table, rows]) => [table, rows.sort()]))).toEqual(
    sorted,
  );
  expect(await database.store.results.results(tenant.id, everything)).toHaveLength(2_001);
  await nothingLeft();
});

test('a tenant that is replaced has what the archive has, and whoever wrote for it is fenced', async () => {
  const { id, slug } = await filled();
  const before = await rowsOf(id);
  const { name } = await backups.create(slug, quiet);
  const setup = { ...database.store, expireSession: async () => {} };
  const [later] = await setup.checks.add(id, [newCheck('later')]);
  const { write } = await holderOf(setup, id);
  await write({ results: [result(later!.id, due + 1)] });
  await backups.restore(name, { as: null, replace: true }, quiet);
  expect(await rowsOf(id)).toEqual(before);
  expect(await write({ results: [result(later!.id, due + 2)] })).toMatchObject({ fenced: [id] });
  await nothingLeft();
});

test('a restore that breaks off leaves what was there, to the last row', async () => {
  const { id, slug } = await filled();
  const { name } = await backups.create(slug, quiet);
  const before = await rowsOf(id);
  const whole = readFileSync(join(folder, name));
  const half = name.replace(/\d{3}Z/, '999Z');
  writeFileSync(join(folder, half), whole.subarray(0, whole.length - 30));
  const failing = backups.restore(half, { as: null, replace: true }, quiet);
  await expect(failing).rejects.toMatchObject({ code: 'archive_damaged' });
  expect(await rowsOf(id)).toEqual(before);
  const stop = () => {
    throw new Error('planted');
  };
  await expect(backups.restore(name, { as: unique('half'), replace: false }, stop)).rejects.toThrow(
    'planted',
  );
  rmSync(join(folder, half));
  await nothingLeft();
});

test('a trial compares every row, says where a byte is wrong, and leaves nothing', async () => {
  const { id, slug } = await filled();
  const before = await rowsOf(id);
  const { name, bytes } = await backups.create(slug, quiet);
  expect(await backups.verify(name, quiet)).toMatchObject({
    slug,
    tenantId: id,
    picket: '9.9.9',
    schemaVersion: tenantMigrations.at(-1)!.version,
  });
  const file = join(folder, name);
  const changed = readFileSync(file);
  const at = bytes - 500;
  changed[at]! ^= 1;
  writeFileSync(file, changed);
  await expect(backups.verify(name, quiet)).rejects.toThrow(/is damaged: bytes \d+ to \d+ \(chunk 0\)/);
  expect(await rowsOf(id)).toEqual(before);
  await expect(backups.verify('none', quiet)).rejects.toMatchObject({ code: 'no_such_archive' });
  await nothingLeft();
});

test('an archive of an older schema is restored at its version and brought up; one of a newer is refused', async () => {
  const { id, slug } = await filled();
  await schema.rollback({ tenant: slug });
  const { name } = await backups.create(slug, quiet);
  await schema.migrate();
  const before = await rowsOf(id);
  expect((await backups.verify(name, quiet)).schemaVersion).toBe(tenantMigrations.at(-2)!.version);
  const { tenant } = await backups.restore(name, { as: unique('older'), replace: false }, quiet);
  expect((await rowsOf(tenant.id)).usage).toEqual(before.usage);
  expect((await schema.status()).tenants.find(({ tenantId }) => tenantId === tenant.id)).toMatchObject({
    version: tenantMigrations.at(-1)!.version,
  });
  const newer = await backups.create(slug, quiet);
  const old = open(database.server.url, tenantMigrations.slice(0, -1));
  await expect(old.verify(newer.name, quiet)).rejects.toMatchObject({ code: 'database_newer_than_code' });
  await old.close();
  await nothingLeft();
});

test('what is archived is one moment, whatever is written meanwhile', async () => {
  const { id, slug } = await filled();
  const before = await rowsOf(id);
  const setup = { ...database.store, expireSession: async () => {} };
  let wrote: Promise<unknown> | null = null;
  const { name } = await backups.create(slug, () => {
    wrote ??= setup.checks.add(id, [newCheck('meanwhile')]);
  });
  await wrote;
  const { tenant } = await backups.restore(name, { as: unique('moment'), replace: false }, quiet);
  const counts = (rows: Record<string, string[]>) =>
    Object.entries(rows)
      .map(([table, all]) => [table, all.length])
      .sort();
  expect(counts(await rowsOf(tenant.id))).toEqual(counts(before));
});

test('an archive of one server is restored on another of an older version', async ({ skip }) => {
  const other = flavours[1]!;
  if (other.missing !== null) skip(other.missing);
  const { id, slug } = await filled();
  const { name } = await backups.create(slug, quiet);
  const elsewhere = await scratchDatabase(other);
  const there = open(elsewhere.server.url);
  try {
    await there.verify(name, quiet);
    await there.restore(name, { as: null, replace: false }, quiet);
    const [one, two] = await Promise.all(
      [database, elsewhere].map(({ store }) => store.results.results(id, everything)),
    );
    expect(two).toEqual(one);
  } finally {
    await there.close();
    await elsewhere.close();
  }
});

test('only the newest of a tenant stay', async () => {
  const { slug } = await filled();
  for (let at = 0; at < 3; at += 1) await backups.create(slug, quiet);
  const gone = await pruneArchives(place, { keep: 2, days: null }, slug, clock.wallMs());
  expect(gone).toHaveLength(1);
  expect((await listArchives(place)).filter((one) => one.slug === slug)).toHaveLength(2);
});
