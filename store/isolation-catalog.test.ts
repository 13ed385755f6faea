/**
 * Isolation as the catalog has it: twenty tenants, and every table, view, sequence and function that there is, tried by
 * each of them and by a connection that never said who it is. What is made later is tried without a line here.
 */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clock, flavours, type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import { holderOf, newCheck, newTenant, result } from '../test/contract/store-setup.ts';
import { silentLog } from './log.ts';
import { openPool } from './pool.ts';
import { createDatabase, type Database, type Unit } from './unit-of-work.ts';

const tenants = 20;
const due = 1_800_000_000_000;

interface Thing extends Record<string, unknown> {
  schema: string;
  name: string;
  /** `r` table, `p` partitioned, `v` view, `m` materialised view, `S` sequence, `f` function. */
  kind: string;
  isPartition: boolean;
}

const things = `
SELECT n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind, c.relispartition AS "isPartition"
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND (n.nspname IN ('platform', 'telemetry') OR n.nspname LIKE 'tenant\\_%')
UNION ALL
SELECT n.nspname, p.proname, 'f', false FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname IN ('platform', 'telemetry') OR n.nspname LIKE 'tenant\\_%'
ORDER BY 1, 2`;

/** Reading it, and for what can be written or run, that too. */
function tries({ schema, name, kind }: Thing): string[] {
  const it = `${schema}."${name}"`;
  if (kind === 'f') return [`SELECT ${it}()`];
  if (kind === 'S')
    return [`SELECT last_value FROM ${it}`, `SELECT nextval('${it}')`, `SELECT setval('${it}', 1)`];
  const read = `SELECT FROM ${it} LIMIT 1`;
  return kind === 'r' || kind === 'p' ? [read, `DELETE FROM ${it}`, `TRUNCATE ${it}`] : [read];
}

for (const flavour of flavours) {
  const title = flavour.missing === null ? flavour.name : `${flavour.name} (skipped: ${flavour.missing})`;
  describe.skipIf(flavour.missing !== null)(title, () => {
    let database: ScratchDatabase;
    let db: Database;
    let all: Thing[] = [];
    const ids: string[] = [];

    beforeAll(async () => {
      database = await scratchDatabase(flavour);
      db = createDatabase(openPool(database.server.url, 4, silentLog), clock, silentLog);
      const setup = { ...database.store, expireSession: async () => {} };
      const make = async () => {
        const id = await newTenant(setup);
        const [check] = await setup.checks.add(id, [newCheck('one')]);
        const checkId = check!.id;
        const { write } = await holderOf(setup, id);
        await write({
          results: [
            result(checkId, due),
            result(checkId, clock.wallMs()),
            result(checkId, clock.wallMs() - 172_800_000),
          ],
          gaps: [{ checkId, fromMs: 1, toMs: 1, intervalMs: 1, count: 1, reason: 'x' }],
          watermarks: [{ checkId, dueAtMs: due }],
          states: [{ checkId, state: 'up', flapping: false, sinceMs: due, because: 'x' }],
        });
        // So that there is one of each kind: views have no rights of their own.
        await db.asTenant(id, (unit) => unit.query('CREATE VIEW live AS SELECT id FROM checks'));
        ids.push(id);
      };
      await Promise.all(Array.from({ length: tenants }, make));
      // Of each kind of roll-up one: of a day that is over.
      for (let more = true; more; ) ({ more } = await database.store.telemetry.roll());
      all = await db.asPlatform((unit) => unit.query<Thing>(things));
    });
    afterAll(async () => {
      await db?.close();
      await database?.close();
    });

    /** Those statements that were not refused for want of a right. */
    async function letThrough(unit: Unit, forbidden: readonly Thing[]): Promise<string[]> {
      const through: string[] = [];
      for (const text of forbidden.flatMap(tries)) {
        const why = await unit.query(text).then(
          () => 'it went through',
          (error: Error) => error.message,
        );
        if (!/permission denied/.test(why)) through.push(`${text}: ${why}`);
      }
      return through;
    }

    test('there is something of every kind to be tried', () => {
      expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(['r', 'p', 'v', 'S', 'f']));
      expect(all.filter(({ schema }) => schema.startsWith('tenant_')).length).toBeGreaterThan(tenants * 7);
      expect(all.filter(({ schema }) => schema === 'platform').length).toBeGreaterThan(8);
    });

    test('no tenant reads, writes or runs anything of another tenant or of the platform', async () => {
      let tried = 0;
      for (const id of ids) {
        const forbidden = all.filter(({ schema }) => schema !== `tenant_${id}` && schema !== 'telemetry');
        tried += forbidden.length;
        expect(await db.asTenant(id, (unit) => letThrough(unit, forbidden)), id).toEqual([]);
      }
      process.stdout.write(`${tenants} tenants, ${tried} things of others tried\n`);
      // Some ten thousand statements, on a machine that may be busy with other tests.
    }, 180_000);

    test('of what is shared each tenant reads its own rows alone, writes none, and no part directly', async () => {
      const shared = all.filter(({ schema }) => schema === 'telemetry');
      for (const id of ids) {
        await db.asTenant(id, async (unit) => {
          expect(
            await letThrough(
              unit,
              shared.filter(({ isPartition }) => isPartition),
            ),
          ).toEqual([]);
          for (const { name } of shared.filter(({ isPartition }) => !isPartition)) {
            // Whatever it says of itself: the role counts.
            await unit.query("SELECT set_config('picket.tenant', $1, false)", [
              ids.find((other) => other !== id)!,
            ]);
            const rows = await unit.query(`SELECT DISTINCT tenant_id FROM telemetry.${name}`);
            expect(rows, name).toEqual([{ tenant_id: id }]);
            await expect(unit.query(`DELETE FROM telemetry.${name}`)).rejects.toThrow(/permission denied/);
          }
        });
      }
    });

    test('a tenant cannot become another, the writer or the login role', async () => {
      const [mine, theirs] = ids;
      // SET ROLE is judged by the login role, so what keeps a tenant in is that nothing but our own code runs as it; what
      // a right of its own would give it, it has not.
      const roles = await db.asTenant(mine!, (unit) =>
        unit.query<{ role: string }>(
          "SELECT rolname::text AS role FROM pg_roles WHERE pg_has_role(current_user, oid, 'MEMBER') ORDER BY 1",
        ),
      );
      expect(roles.map(({ role }) => role)).toEqual(['picket_tenant', `tenant_${mine}`]);
      expect(roles.map(({ role }) => role)).not.toContain(`tenant_${theirs}`);
    });

    test('a connection that never said who it is sees nothing of any tenant', async () => {
      const raw = new pg.Client({ connectionString: database.server.url });
      await raw.connect();
      const unit = {
        query: async (text: string) => (await raw.query(text)).rows,
      } as unknown as Unit;
      try {
        const own = all.filter(({ schema }) => schema.startsWith('tenant_'));
        expect(await letThrough(unit, own)).toEqual([]);
        for (const { name, schema } of all.filter(({ kind }) => kind === 'r' || kind === 'p')) {
          if (schema === 'telemetry')
            expect(await unit.query(`SELECT FROM telemetry.${name}`), name).toEqual([]);
        }
        await expect(raw.query('SELECT FROM checks')).rejects.toThrow(/does not exist/);
      } finally {
        await raw.end();
      }
    });
  });
}
