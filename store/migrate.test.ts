/** Migrations against a real server: once, twice, at once, changed, newer, failing; and a login role that is unfit. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clock, flavours, type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import { newTenant } from '../test/contract/store-setup.ts';
import { silentLog } from './log.ts';
import { migrate } from './migrate.ts';
import { missingMigrations } from './migration-plan.ts';
import { checksumOf, platformMigrations, tenantMigrations } from './migrations/all.ts';
import { openPool } from './pool.ts';
import { createDatabase, type Database } from './unit-of-work.ts';

let database: ScratchDatabase;
let db: Database;
beforeAll(async () => {
  database = await scratchDatabase();
  db = createDatabase(openPool(database.server.url, 4, silentLog), clock, silentLog);
});
afterAll(async () => {
  await db?.close();
  await database?.close();
});

const versions = () =>
  db.asPlatform((unit) =>
    unit.query<{ version: number }>('SELECT version FROM platform.migrations ORDER BY version'),
  );

const latest = platformMigrations.at(-1)!.version;
const next = {
  version: latest + 1,
  name: 'one more',
  sql: 'CREATE TABLE platform.more (n int);',
  down: null,
};

test('migrating again changes nothing', async () => {
  const before = await versions();
  await database.store.migrate();
  expect(await versions()).toEqual(before);
});

test('several processes that migrate at once apply each step once', async () => {
  const before = await versions();
  const sets = { platform: [...platformMigrations, next], tenant: tenantMigrations };
  await Promise.all(Array.from({ length: 4 }, () => migrate(db, silentLog, sets)));
  expect(await versions()).toEqual([...before, { version: latest + 1 }]);
  await expect(database.store.migrate()).rejects.toMatchObject({ code: 'database_newer_than_code' });
  await db.asPlatform((unit) => unit.query(`DELETE FROM platform.migrations WHERE version = ${latest + 1}`));
});

test('a step that fails changes nothing and says why', async () => {
  const before = await versions();
  const broken = {
    version: latest + 1,
    name: 'broken',
    sql: 'CREATE TABLE platform.half (n int); SELECT 1 / 0;',
    down: null,
  };
  const sets = { platform: [...platformMigrations, broken], tenant: tenantMigrations };
  await expect(migrate(db, silentLog, sets)).rejects.toMatchObject({
    code: 'migration_failed',
    message: expect.stringContaining('division by zero'),
  });
  expect(await versions()).toEqual(before);
  expect(await db.asPlatform((unit) => unit.query("SELECT to_regclass('platform.half') AS half"))).toEqual([
    { half: null },
  ]);
});

test('an applied migration whose text was changed is refused', async () => {
  const [first] = platformMigrations;
  const sets = { platform: [{ ...first!, sql: `${first!.sql} ` }], tenant: tenantMigrations };
  await expect(migrate(db, silentLog, sets)).rejects.toMatchObject({ code: 'migration_changed' });
});

test("every tenant's schema is brought up, in the tenant's own role, and a newer one is refused", async () => {
  const setup = { ...database.store, expireSession: async () => {} };
  const ids = [await newTenant(setup), await newTenant(setup), await newTenant(setup)];
  const version = tenantMigrations.at(-1)!.version + 1;
  const more = {
    version,
    name: 'later things',
    sql: 'CREATE TABLE later_things (id text PRIMARY KEY);',
    down: null,
  };
  await migrate(db, silentLog, { platform: platformMigrations, tenant: [...tenantMigrations, more] });
  for (const id of ids) {
    const owner = await db.asTenant(id, (unit) =>
      unit.query(
        "SELECT tableowner::text AS owner FROM pg_tables WHERE tablename = 'later_things' AND schemaname = current_schema()",
      ),
    );
    expect(owner).toEqual([{ owner: `tenant_${id}` }]);
  }
  await expect(database.store.migrate()).rejects.toMatchObject({
    code: 'database_newer_than_code',
    message: expect.stringContaining(`schema version ${version}`),
  });
});

test('what is missing is decided in order, and gaps in what was applied are filled', () => {
  const known = [1, 2, 3].map((version) => ({ version, name: 'step', sql: `SELECT ${version}`, down: null }));
  const applied = [known[0]!, known[2]!].map((m) => ({ version: m.version, checksum: checksumOf(m) }));
  expect(missingMigrations(known, applied, 'x')).toEqual([known[1]]);
  expect(missingMigrations(known, [], 'x')).toEqual(known);
});

test.skipIf(flavours[1]!.missing !== null)(
  'on PostgreSQL 15 a login role that inherits is refused',
  async () => {
    const old = await scratchDatabase(flavours[1]!);
    const oldDb = createDatabase(openPool(old.server.url, 1, silentLog), clock, silentLog);
    try {
      await oldDb.asPlatform((unit) => unit.query('ALTER ROLE CURRENT_USER INHERIT'));
      await expect(old.store.migrate()).rejects.toMatchObject({
        code: 'login_role_unfit',
        message: expect.stringContaining('NOINHERIT'),
      });
    } finally {
      await oldDb.close();
      await old.close();
    }
  },
);
