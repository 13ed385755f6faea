/**
 * Who sees what, asked of the catalog's own roles: a tenant its rows and no other's, a unit of work that forgot its role
 * nothing, the writer no tenant's schema.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clock, flavours, type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import { holderOf, newCheck, newTenant, result } from '../test/contract/store-setup.ts';
import { silentLog } from './log.ts';
import { openPool } from './pool.ts';
import { createDatabase, type Database, type Unit } from './unit-of-work.ts';

const due = 1_800_000_000_000;
const telemetry = ['results', 'gaps', 'watermarks', 'check_states'];

for (const flavour of flavours) {
  const title = flavour.missing === null ? flavour.name : `${flavour.name} (skipped: ${flavour.missing})`;
  describe.skipIf(flavour.missing !== null)(title, () => {
    let database: ScratchDatabase;
    let db: Database;
    let mine = '';
    let theirs = '';

    beforeAll(async () => {
      database = await scratchDatabase(flavour);
      db = createDatabase(openPool(database.server.url, 3, silentLog), clock, silentLog);
      const { store } = database;
      const setup = { ...store, expireSession: async () => {} };
      const write = async (tenantId: string) => {
        const [check] = await store.checks.add(tenantId, [newCheck('a check')]);
        const checkId = check!.id;
        const holder = await holderOf(setup, tenantId);
        await holder.write({
          results: [result(checkId, due), result(checkId, clock.wallMs())],
          gaps: [{ checkId, fromMs: due + 1, toMs: due + 1, intervalMs: 1, count: 1, reason: 'x' }],
          watermarks: [{ checkId, dueAtMs: due }],
          states: [{ checkId, state: 'up', flapping: false, sinceMs: due, because: 'x' }],
        });
      };
      mine = await newTenant(setup);
      theirs = await newTenant(setup);
      await write(mine);
      await write(theirs);
    });
    afterAll(async () => {
      await db?.close();
      await database?.close();
    });

    const tenantsIn = (table: string) => async (unit: Unit) =>
      (await unit.query<{ tenant_id: string }>(`SELECT DISTINCT tenant_id FROM telemetry.${table}`)).map(
        (r) => r.tenant_id,
      );

    test.each(telemetry)(
      'without any filter a tenant sees only its own rows of telemetry.%s',
      async (table) => {
        expect(await db.asTenant(mine, tenantsIn(table))).toEqual([mine]);
        expect(await db.asTenant(theirs, tenantsIn(table))).toEqual([theirs]);
      },
    );

    test.each(telemetry)(
      'the bare login role sees nothing of telemetry.%s, though it owns it',
      async (table) => {
        expect(await db.asPlatform(tenantsIn(table))).toEqual([]);
      },
    );

    test('partitions read directly show nothing to tenants and owner, nor to the writer but the default one', async () => {
      const partitions = await db.asPlatform((unit) =>
        unit.query<{ name: string }>(
          "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'telemetry.results'::regclass",
        ),
      );
      expect(partitions.length).toBeGreaterThan(2);
      for (const { name } of partitions) {
        expect(await db.asPlatform((unit) => unit.query(`SELECT FROM ${name}`))).toEqual([]);
        await expect(db.asTenant(mine, (unit) => unit.query(`SELECT FROM ${name}`))).rejects.toThrow(
          /permission denied/,
        );
        // The one that it looks through for rows that belong elsewhere.
        if (name === 'telemetry.results_default') continue;
        await expect(db.asWriter((unit) => unit.query(`SELECT FROM ${name}`))).rejects.toThrow(
          /permission denied/,
        );
      }
    });

    test("another tenant's schema and the platform are out of reach", async () => {
      const forbidden = [
        `SELECT FROM tenant_${theirs}.checks`,
        `INSERT INTO tenant_${theirs}.schedules VALUES ('x', 1, 1, 0, now(), NULL)`,
        'SELECT FROM platform.tenants',
        'UPDATE platform.leases SET epoch = 1',
        'DELETE FROM telemetry.results',
        `CREATE TABLE telemetry.mine (n int)`,
        `CREATE SCHEMA other`,
      ];
      for (const text of forbidden) {
        await expect(db.asTenant(mine, (unit) => unit.query(text))).rejects.toThrow(/permission denied/);
      }
    });

    test('the writer reaches neither tenants, nor their schemas, nor the epochs of leases', async () => {
      for (const text of [
        `SELECT FROM tenant_${mine}.checks`,
        'SELECT FROM platform.tenants',
        'UPDATE platform.leases SET epoch = 9',
      ]) {
        await expect(db.asWriter((unit) => unit.query(text))).rejects.toThrow(/permission denied/);
      }
    });

    test('the login role itself reaches no tenant schema', async () => {
      await expect(db.asPlatform((unit) => unit.query(`SELECT FROM tenant_${mine}.checks`))).rejects.toThrow(
        /permission denied/,
      );
    });

    test('a connection that served one tenant is another’s entirely the next time', async () => {
      const single = createDatabase(openPool(database.server.url, 1, silentLog), clock, silentLog);
      const who = (unit: Unit) =>
        unit.query<{ role: string; path: string; tenant: string }>(
          `SELECT current_user::text AS role, current_setting('search_path') AS path, current_setting('picket.tenant') AS tenant`,
        );
      try {
        for (const id of [mine, theirs, mine]) {
          const role = `tenant_${id}`;
          expect(await single.asTenant(id, who)).toEqual([{ role, path: role, tenant: id }]);
        }
        expect(await single.asWriter(who)).toMatchObject([{ role: 'picket_writer', tenant: '' }]);
        expect(await single.asPlatform(who)).toMatchObject([{ role: 'picket', tenant: '' }]);
      } finally {
        await single.close();
      }
    });

    test('a unit of work that leaves a transaction open loses its connection', async () => {
      const single = createDatabase(openPool(database.server.url, 1, silentLog), clock, silentLog);
      const pid = async (unit: Unit) =>
        (await unit.query<{ pid: number }>('SELECT pg_backend_pid() AS pid'))[0]!.pid;
      try {
        const before = await single.asPlatform(async (unit) => {
          await unit.query('BEGIN');
          return pid(unit);
        });
        expect(await single.asPlatform(pid)).not.toBe(before);
      } finally {
        await single.close();
      }
    });

    test('on every connection a wait for a lock and a pause inside a transaction end after two seconds', async () => {
      const bounds = (unit: Unit) =>
        unit.query(`SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement,
          current_setting('idle_in_transaction_session_timeout') AS idle`);
      for (const as of [db.asPlatform, db.asWriter, (work: typeof bounds) => db.asTenant(mine, work)]) {
        expect(await as(bounds)).toEqual([{ lock: '2s', statement: '10s', idle: '2s' }]);
      }
    });

    test('an error of the work itself comes through as it is', async () => {
      const mistake = new TypeError('a mistake of the caller');
      await expect(db.asPlatform(() => Promise.reject(mistake))).rejects.toBe(mistake);
    });
  });
}
