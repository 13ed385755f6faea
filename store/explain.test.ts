/** Statements seen and explained on a real PostgreSQL; with hypopg where Debian's PostgreSQL 15 has it. */
import { existsSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clock, flavours, type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import { everything, holderOf, newTenant, result } from '../test/contract/store-setup.ts';
import { passwordsOf } from './embedded/secrets.ts';
import { explain } from './explain.ts';
import { scans } from './hypothesis.ts';
import { silentLog } from './log.ts';
import { openPool } from './pool.ts';
import { createDatabase, type Database } from './unit-of-work.ts';

for (const flavour of flavours) {
  const title = flavour.missing === null ? flavour.name : `${flavour.name} (skipped: ${flavour.missing})`;
  const isDebian = flavour.binDir !== undefined;
  const hasHypopg = isDebian && existsSync('/usr/share/postgresql/15/extension/hypopg.control');
  describe.skipIf(flavour.missing !== null)(title, () => {
    let database: ScratchDatabase;
    let db: Database;
    let tenantId = '';

    beforeAll(async () => {
      database = await scratchDatabase(flavour);
      db = createDatabase(openPool(database.server.url, 2, silentLog), clock, silentLog);
      const setup = { ...database.store, expireSession: async () => {} };
      tenantId = await newTenant(setup);
      const { write } = await holderOf(setup, tenantId);
      await write({
        results: [result('chk_x', clock.wallMs())],
        late: [result('chk_x', clock.wallMs() - 1_000)],
      });
      await database.store.results.results(tenantId, everything);
      await database.store.checks.list(tenantId, 0);
    });
    afterAll(async () => {
      await db?.close();
      await database?.close();
    });

    test('whatever was asked is counted by statement and pool, and every one of them can be explained', async () => {
      const { control, queries } = database.store.load();
      expect(
        control.statements
          .filter(({ as }) => as === 'writer')
          .map(({ name }) => name)
          .join(),
      ).toMatch(/insert/);
      expect(queries.statements.some(({ as, tenantId: of }) => as === 'tenant' && of === tenantId)).toBe(
        true,
      );
      expect(queries.turns).toMatchObject({ inUse: 0, waiting: 0 });
      expect(queries.turns.taken).toBeGreaterThan(3);
      const explained = await database.store.explain(50);
      expect(explained.length).toBeGreaterThan(10);
      expect(explained.filter(({ refused }) => refused !== null)).toEqual([]);
      expect(explained.every(({ plan }) => plan.length > 0)).toBe(true);
    });

    test('explaining runs nothing, and leaves the connection as it was', async () => {
      const count = async () => (await database.store.results.results(tenantId, everything)).length;
      const before = await count();
      await database.store.explain(50);
      expect(await count()).toBe(before);
      expect((await database.store.explain(1))[0]!.statement.text).not.toMatch(/EXPLAIN|PREPARE/);
    });

    test('a statement of a tenant that is gone is refused with the reason', async () => {
      const [seen] = database.store.load().queries.statements.filter(({ as }) => as === 'tenant');
      const answer = await explain(db, { ...seen!, tenantId: 'abcdefghijkl' });
      expect(answer).toMatchObject({ plan: [], refused: expect.stringContaining('no role') });
    });

    const without = isDebian ? 'postgresql-15-hypopg is not installed' : 'the package has no extensions';
    const reason = hasHypopg ? '' : ` (skipped: ${without})`;
    test.runIf(hasHypopg)(
      `an index that would help is found by hypopg, and none is made${reason}`,
      async () => {
        const url = new URL(database.server.url);
        const root = new pg.Client({
          host: decodeURIComponent(url.hostname),
          user: 'postgres',
          password: passwordsOf(database.dataDir, true).superuser,
          database: 'picket',
        });
        await root.connect();
        await root.query('CREATE EXTENSION hypopg SCHEMA public');
        await root.end();
        await db.asTenant(tenantId, async (unit) => {
          await unit.query('CREATE TABLE many (id bigint, kind text)');
          await unit.query("INSERT INTO many SELECT n, 'k' || n % 5000 FROM generate_series(1, 50000) n");
          await unit.query('ANALYZE many');
          await unit.query('SELECT id FROM many WHERE kind = $1', ['k1']);
        });
        const [seen] = db.load().statements.filter(({ text }) => text.startsWith('SELECT id FROM many'));
        const { index, plan } = await explain(db, seen!);
        expect(plan.join()).toMatch(/Seq Scan on many/);
        expect(index!.ddl).toBe(`CREATE INDEX ON tenant_${tenantId}.many (kind)`);
        expect(index!.costAfter).toBeLessThan(index!.costBefore / 10);
        const made = await db.asTenant(tenantId, (unit) =>
          unit.query("SELECT FROM pg_indexes WHERE tablename = 'many'"),
        );
        expect(made).toEqual([]);
      },
    );
  });
}

test('of a plan those tables are tried that are read whole and filtered', () => {
  const leaf = { 'Node Type': 'Seq Scan', Schema: 's', 'Relation Name': 't', 'Total Cost': 1 };
  const plan = {
    'Node Type': 'Nested Loop',
    'Total Cost': 3,
    Plans: [{ ...leaf, Filter: "(t.kind = 'a name'::text)" }, leaf, { ...leaf, 'Node Type': 'Index Scan' }],
  };
  expect(scans(plan).map(({ table, words }) => [table, [...words]])).toEqual([['t', ['t', 'kind', 'text']]]);
});
