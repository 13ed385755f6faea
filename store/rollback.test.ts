/** The last step taken back, the way there again, and what of it many tenants and many processes make. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clock, type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import { newCheck, newTenant } from '../test/contract/store-setup.ts';
import { silentLog } from './log.ts';
import { currentSets, migrate } from './migrate.ts';
import { fitOf, lastStep } from './migration-plan.ts';
import { checksumOf, type Migration, platformMigrations, tenantMigrations } from './migrations/all.ts';
import { openPool } from './pool.ts';
import { rollback } from './rollback.ts';
import { schemaStatus } from './schema-status.ts';
import { createDatabase, type Database } from './unit-of-work.ts';

let database: ScratchDatabase;
let db: Database;
const ids: string[] = [];
const newest = tenantMigrations.at(-1)!.version;
const previous = tenantMigrations.at(-2)!.version;

beforeAll(async () => {
  database = await scratchDatabase();
  db = createDatabase(openPool(database.server.url, 6, silentLog), clock, silentLog);
  const setup = { ...database.store, expireSession: async () => {} };
  for (let at = 0; at < 12; at += 1) ids.push(await newTenant(setup));
});
afterAll(async () => {
  await db?.close();
  await database?.close();
});

const states = async () =>
  (await schemaStatus(db)).tenants.map(({ version, state }) => `${version} ${state}`);
const allAt = (text: string) => ids.map(() => text);

/** Every object of the database, so that a step there and back can be seen to leave nothing. */
const catalog = () =>
  db.asPlatform((unit) =>
    unit.query(`SELECT n.nspname, c.relname::text AS name, c.relkind::text AS kind, c.relacl::text AS acl
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname IN ('platform', 'telemetry') OR n.nspname LIKE 'tenant\\_%'
      UNION ALL SELECT n.nspname, p.proname, 'f', p.proacl::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE n.nspname IN ('platform', 'telemetry') OR n.nspname LIKE 'tenant\\_%'
      UNION ALL SELECT c.relname, t.tgname, 't', NULL FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
      WHERE NOT t.tgisinternal ORDER BY 1, 2, 3`),
  );

test('all tenants are taken back and brought up again side by side, and nothing is left of either way', async () => {
  const before = await catalog();
  expect(await states()).toEqual(allAt(`${newest} current`));
  const back = await rollback(db, 'all_tenants');
  expect(back.map(({ tenantId }) => tenantId).sort()).toEqual([...ids].sort());
  expect(await states()).toEqual(allAt(`${previous} previous`));
  const told: string[] = [];
  await migrate(db, silentLog, currentSets, {
    onProgress: ({ of, done, failed }) => told.push(`${done + failed}/${of}`),
  });
  expect(told.sort()).toEqual(ids.map((_, at) => `${at + 1}/${ids.length}`).sort());
  expect(await states()).toEqual(allAt(`${newest} current`));
  expect(await catalog()).toEqual(before);
});

test('one tenant is taken back by its id or slug, the others stay, and each step of the platform goes there and back', async () => {
  await rollback(db, { tenant: ids[0]! });
  expect((await schemaStatus(db)).tenants.find(({ tenantId }) => tenantId === ids[0])).toMatchObject({
    version: previous,
    latest: newest,
    state: 'previous',
    pending: [newest],
  });
  expect((await states()).filter((state) => state === `${newest} current`)).toHaveLength(ids.length - 1);
  await expect(rollback(db, { tenant: 'nobody' })).rejects.toMatchObject({ code: 'no_such_tenant' });
  await database.store.migrate();
  const before = await catalog();
  for (const { version } of [...platformMigrations].reverse()) {
    const asked = rollback(db, 'platform');
    if (version === 1) await expect(asked).rejects.toMatchObject({ code: 'no_rollback' });
    else expect(await asked).toMatchObject([{ tenantId: null, version }]);
  }
  await database.store.migrate();
  // Partitions are no part of a step: whoever tends the streams makes them.
  expect((await database.store.telemetry.tend()).failed).toEqual([]);
  expect(await catalog()).toEqual(before);
});

test('a tenant that cannot be brought up keeps its schema, is shown as failed with the reason, and stops no other', async () => {
  const broken: Migration = {
    version: newest + 1,
    name: 'one more',
    sql: `CREATE TABLE more (n int); SELECT 1 / (current_schema() <> 'tenant_${ids[3]}')::int;`,
    down: 'DROP TABLE more;',
  };
  const sets = { ...currentSets, tenant: [...tenantMigrations, broken] };
  const failed: string[] = [];
  await migrate(db, silentLog, sets, {
    onFailed: ({ tenantId, error }) => failed.push(`${tenantId} ${error.code}`),
  });
  expect(failed).toEqual([`${ids[3]} migration_failed`]);
  const { tenants } = await schemaStatus(db, sets);
  expect(tenants.filter(({ state }) => state === 'current')).toHaveLength(ids.length - 1);
  expect(tenants.find(({ tenantId }) => tenantId === ids[3])).toMatchObject({
    version: newest,
    state: 'failed',
    error: expect.stringContaining('division by zero'),
  });
  await rollback(db, 'all_tenants', sets);
  await migrate(db, silentLog);
  expect(await states()).toEqual(allAt(`${newest} current`));
});

test('processes that migrate and take back at once leave every tenant at one of the two versions, whole', async () => {
  const work = [
    migrate(db, silentLog),
    rollback(db, 'all_tenants').catch(() => []),
    migrate(db, silentLog),
    rollback(db, 'all_tenants').catch(() => []),
    migrate(db, silentLog),
  ];
  await Promise.allSettled(work);
  await migrate(db, silentLog);
  expect(await states()).toEqual(allAt(`${newest} current`));
  for (const id of ids) {
    await database.store.checks.add(id, [newCheck('one')], 1);
    await expect(database.store.checks.add(id, [newCheck('two')], 1)).rejects.toMatchObject({
      code: 'quota_checks',
    });
  }
});

test('of many that add at once only as many as the quota allows get in, counted in the row', async () => {
  const [id] = ids;
  const answers = await Promise.allSettled(
    Array.from({ length: 20 }, (_, at) => database.store.checks.add(id!, [newCheck(`check ${at}`)], 8)),
  );
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(7);
  expect(await database.store.checks.list(id!, 0)).toHaveLength(8);
});

test('checks that are there before they are counted are counted when the step comes', async () => {
  const id = await newTenant({ ...database.store, expireSession: async () => {} });
  for (const _ of tenantMigrations.slice(1)) await rollback(db, { tenant: id });
  // As a version that counted nothing wrote them.
  await db.asTenant(id, (unit) =>
    unit.query(
      `INSERT INTO checks (id, name, kind, target, "partition", interval_ms, timeout_ms, retries, settings, created_at, archived_at)
       SELECT id, id, 'icmp', '192.0.2.1', 'default', 1000, 500, 1, '{}', now(), CASE WHEN id = 'a' THEN now() END
       FROM unnest(ARRAY['a', 'b', 'c']) AS id`,
    ),
  );
  await database.store.migrate();
  expect(
    await db.asTenant(id, (unit) => unit.query("SELECT what, amount FROM usage WHERE what = 'checks'")),
  ).toEqual([{ what: 'checks', amount: 2 }]);
});

const known = [1, 2, 3].map((version) => ({
  version,
  name: 'step',
  sql: `SELECT ${version}`,
  down: 'SELECT 1',
}));

test('this code works with the newest version and the one before it', () => {
  expect([0, 1, 2, 3, 4].map((version) => fitOf(known, version))).toEqual([
    'too_old',
    'too_old',
    'previous',
    'current',
    'too_new',
  ]);
  expect(fitOf(known.slice(0, 1), 0)).toBe('too_old');
  expect(fitOf(known.slice(0, 1), 1)).toBe('current');
});

test('only the last step is taken back, and only what is as it was applied', () => {
  const applied = known.map((migration) => ({ version: migration.version, checksum: checksumOf(migration) }));
  expect(lastStep(known, applied, 'x').version).toBe(3);
  expect(lastStep(known, applied.slice(0, 2), 'x').version).toBe(2);
  expect(() => lastStep(known, [], 'x')).toThrow(/no migration was applied/);
  expect(() => lastStep([{ ...known[0]!, down: null }], applied.slice(0, 1), 'x')).toThrow(
    /nothing lies under/,
  );
  expect(() => lastStep(known.slice(0, 2), applied, 'x')).toThrow(/newer Picket/);
});
