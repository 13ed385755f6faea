/** Packages and authorities on a real database: the contract of packages, and what lies sealed. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageStoreContract } from '../test/contract/package-store.ts';
import { renewalStoreContract } from '../test/contract/renewal-store.ts';
import { clock, flavours, type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import { newTenant } from '../test/contract/store-setup.ts';
import { tenantMigrations } from './migrations/all.ts';
import { openSchema } from './open-schema.ts';

const by = 'spiffe://test/operator/ann';
const authority = (name: string) => ({
  certificatePem: `certificate ${name}`,
  privateKeyPem: `key ${name}`,
});

for (const flavour of flavours) {
  const title = flavour.missing === null ? flavour.name : `${flavour.name} (skipped: ${flavour.missing})`;
  describe.skipIf(flavour.missing !== null)(title, () => {
    let database: ScratchDatabase;
    beforeAll(async () => {
      database = await scratchDatabase(flavour);
    });
    afterAll(() => database?.close());
    const setup = () => ({ ...database.store, expireSession: async () => {} });

    describe('packages', () => packageStoreContract(setup));
    describe('renewed certificates', () => renewalStoreContract(setup));

    test('of many that make a tenant’s authority at once one does, and all have the same', async () => {
      const { authorities } = database.store;
      const id = await newTenant(setup());
      expect(await authorities.read(id)).toBeNull();
      const names = Array.from({ length: 20 }, (_, at) => String(at));
      const made = await Promise.all(names.map((name) => authorities.replace(id, authority(name), null, by)));
      expect(new Set(made.map((one) => JSON.stringify(one))).size).toBe(1);
      expect(await authorities.read(id)).toEqual(made[0]);
    });

    test('an authority is renewed once, from the one that was read', async () => {
      const { authorities } = database.store;
      const id = await newTenant(setup());
      const first = await authorities.replace(id, authority('1'), null, by);
      const [one, other] = await Promise.all(
        ['2', '3'].map((name) => authorities.replace(id, authority(name), first, by)),
      );
      expect(one).toEqual(other);
      expect(one).not.toEqual(first);
    });

    test('the key of an authority lies sealed in the database', async () => {
      const { authorities } = database.store;
      const id = await newTenant(setup());
      await authorities.replace(id, authority('secret-4711'), null, by);
      const raw = new pg.Client({ connectionString: database.server.url });
      await raw.connect();
      try {
        const { rows } = await raw
          .query(`SET ROLE tenant_${id}; SELECT * FROM tenant_${id}.authorities`)
          .then((results) => (results as unknown as pg.QueryResult[])[1]!);
        expect(rows).toHaveLength(1);
        expect(JSON.stringify(rows)).not.toContain('key secret-4711');
        expect(rows[0].key_sealed).toMatch(/^v1:/);
      } finally {
        await raw.end();
      }
    });

    test('a tenant whose schema knows no renewals is served without them, and one without packages is told so', async () => {
      const { authorities, packages, renewals } = database.store;
      const id = await newTenant(setup());
      const schema = openSchema(database.server.url, clock);
      try {
        for (const { version } of tenantMigrations.toReversed()) {
          if (version === 5) {
            expect(await packages.find(id, { serial: '4a' })).toBeNull();
            expect(await renewals.living(id, 'pkg_none')).toEqual([]);
            const made = {
              serial: '4a',
              keyFingerprint: 'a'.repeat(64),
              chainPem: 'chain',
              endsAtMs: Date.now(),
            };
            await expect(renewals.add(id, 'pkg_none', made, by)).rejects.toMatchObject({
              code: 'schema_behind',
            });
          }
          if (version >= 5) await schema.rollback({ tenant: id });
        }
        await expect(authorities.read(id)).rejects.toMatchObject({ code: 'schema_behind' });
        await expect(packages.list(id)).rejects.toMatchObject({ code: 'schema_behind' });
      } finally {
        await schema.close();
      }
    });
  });
}
