/** The lint over the live catalog: nothing to say of what this code makes, and every planted fault is found. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clock, flavours, type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import { holderOf, newTenant, result } from '../test/contract/store-setup.ts';
import { passwordsOf } from './embedded/secrets.ts';
import { openSchema, type Schema } from './open-schema.ts';

for (const flavour of flavours) {
  const title = flavour.missing === null ? flavour.name : `${flavour.name} (skipped: ${flavour.missing})`;
  describe.skipIf(flavour.missing !== null)(title, () => {
    let database: ScratchDatabase;
    let schema: Schema;
    let root: pg.Client;
    let role = '';

    beforeAll(async () => {
      database = await scratchDatabase(flavour);
      schema = openSchema(database.server.url, clock);
      const url = new URL(database.server.url);
      root = new pg.Client({
        host: decodeURIComponent(url.hostname),
        user: 'postgres',
        password: passwordsOf(database.dataDir, true).superuser,
        database: 'picket',
      });
      await root.connect();
      role = `tenant_${await newTenant({ ...database.store, expireSession: async () => {} })}`;
    });
    afterAll(async () => {
      await root?.end();
      await schema?.close();
      await database?.close();
    });

    test('has nothing to say of a database as this code makes it, with a tenant that stores results', async () => {
      const setup = { ...database.store, expireSession: async () => {} };
      const { write } = await holderOf(setup, await newTenant(setup));
      await write({ results: [result('chk_x', clock.wallMs())] });
      expect(await schema.lint()).toEqual([]);
    });

    const faults: [
      rule: string,
      object: (role: string) => string,
      plant: (role: string) => string,
      mend: string,
    ][] = [
      [
        'wrong_owner',
        (r) => `${r}.checks`,
        (r) => `ALTER TABLE ${r}.checks OWNER TO postgres`,
        'ALTER TABLE $.checks OWNER TO $',
      ],
      [
        'wrong_owner',
        () => 'platform.planted',
        () => 'CREATE TABLE platform.planted (n int)',
        'DROP TABLE platform.planted',
      ],
      [
        'mutable_search_path',
        (r) => `${r}.count_added_checks()`,
        (r) => `ALTER FUNCTION ${r}.count_added_checks RESET search_path`,
        'ALTER FUNCTION $.count_added_checks SET search_path = $',
      ],
      [
        'foreign_key_without_index',
        (r) => `${r}.checks`,
        (r) => `ALTER TABLE ${r}.checks ADD COLUMN after text REFERENCES ${r}.checks (id)`,
        'ALTER TABLE $.checks DROP COLUMN after',
      ],
      [
        'no_row_level_security',
        () => 'telemetry.gaps',
        () => 'ALTER TABLE telemetry.gaps DISABLE ROW LEVEL SECURITY',
        'ALTER TABLE telemetry.gaps ENABLE ROW LEVEL SECURITY',
      ],
      [
        'no_row_level_security',
        () => 'telemetry.results_default',
        () => 'ALTER TABLE telemetry.results_default NO FORCE ROW LEVEL SECURITY',
        'ALTER TABLE telemetry.results_default FORCE ROW LEVEL SECURITY',
      ],
      [
        'open_policy',
        () => 'telemetry.gaps',
        () => 'CREATE POLICY planted ON telemetry.gaps FOR SELECT TO picket_tenant USING (true)',
        'DROP POLICY planted ON telemetry.gaps',
      ],
      [
        'granted_to_public',
        (r) => `${r}.checks`,
        (r) => `GRANT SELECT ON ${r}.checks TO PUBLIC`,
        'REVOKE ALL ON $.checks FROM PUBLIC',
      ],
      [
        'granted_to_public',
        (r) => r,
        (r) => `GRANT USAGE ON SCHEMA ${r} TO PUBLIC`,
        'REVOKE ALL ON SCHEMA $ FROM PUBLIC',
      ],
      [
        'granted_to_public',
        (r) => `${r}.count_added_checks()`,
        (r) => `GRANT EXECUTE ON FUNCTION ${r}.count_added_checks TO PUBLIC`,
        'REVOKE ALL ON FUNCTION $.count_added_checks FROM PUBLIC',
      ],
      ['role_too_strong', (r) => r, (r) => `ALTER ROLE ${r} BYPASSRLS`, 'ALTER ROLE $ NOBYPASSRLS'],
      [
        'role_too_strong',
        () => 'picket_writer',
        () => 'ALTER ROLE picket_writer SUPERUSER',
        'ALTER ROLE picket_writer NOSUPERUSER',
      ],
      ['role_too_strong', () => 'planted', () => 'CREATE ROLE planted BYPASSRLS', 'DROP ROLE planted'],
      ['wrong_member', (r) => r, (r) => `GRANT picket_writer TO ${r}`, 'REVOKE picket_writer FROM $'],
      [
        'foreign_grant',
        () => 'platform.tenants',
        () => 'GRANT SELECT ON platform.tenants TO picket_tenant',
        'REVOKE ALL ON platform.tenants FROM picket_tenant',
      ],
      [
        'left_over',
        () => 'tenant_aaaaaaaaaaaa',
        () => 'CREATE SCHEMA tenant_aaaaaaaaaaaa AUTHORIZATION picket',
        'DROP SCHEMA tenant_aaaaaaaaaaaa',
      ],
    ];
    test.each(faults)('%s is found when planted (%#)', async (rule, object, plant, mend) => {
      await root.query(plant(role));
      const found = await schema.lint();
      expect(found).toContainEqual(expect.objectContaining({ rule, object: object(role) }));
      await root.query(mend.replaceAll('$', role));
      expect(await schema.lint()).toEqual([]);
    });

    test('a shared table without any policy is found for each role that needs one', async () => {
      await root.query(`CREATE TABLE telemetry.planted (tenant_id text);
        ALTER TABLE telemetry.planted OWNER TO picket;
        ALTER TABLE telemetry.planted ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY`);
      expect(
        (await schema.lint()).map(({ rule, object, detail }) => [rule, object, detail.split(': ').at(-1)]),
      ).toEqual([
        ['missing_policy', 'telemetry.planted', 'picket_tenant'],
        ['missing_policy', 'telemetry.planted', 'picket_writer'],
      ]);
      await root.query('DROP TABLE telemetry.planted');
    });
  });
}
