/** Packages and authorities on a real database: the contract of packages, and what lies sealed. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { packageStoreContract } from '../test/contract/package-store.ts';
import { renewalStoreContract } from '../test/contract/renewal-store.ts';
import { clock, flavours, type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import { newTenant } from '../test/contract/store-setup.ts';
import { tenantMigrations } from './migrations/all.ts';
import { tenant0005 } from './migrations/tenant-0005.ts';
import { tenant0007 } from './migrations/tenant-0007.ts';
import { tenant0009 } from './migrations/tenant-0009.ts';
import { openSchema } from './open-schema.ts';

const by = 'spiffe://test/operator/ann';
const first = { by, overlapMs: 0, serial: null };
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
      const made = await Promise.all(
        names.map((name) => authorities.replace(id, authority(name), null, first)),
      );
      expect(new Set(made.map((one) => JSON.stringify(one))).size).toBe(1);
      expect(await authorities.read(id)).toEqual(made[0]);
    });

    test('an authority is replaced once, from the one that was read, and what was replaced is kept and audited', async () => {
      const { authorities } = database.store;
      const id = await newTenant(setup());
      const before = await authorities.replace(id, authority('1'), null, first);
      const how = { by, overlapMs: 3_600_000, serial: 'aa01' };
      const [one, other] = await Promise.all(
        ['2', '3'].map((name) => authorities.replace(id, authority(name), before, how)),
      );
      expect(one).toEqual(other);
      expect(one).not.toEqual(before);
      expect(await authorities.replace(id, one!, one!, { ...how, serial: 'aa02' })).toEqual(one);
      const former = await authorities.former(id);
      expect(former).toMatchObject([{ serial: 'aa01', certificatePem: 'certificate 1', retiredAtMs: null }]);
      expect(former[0]!.retireAtMs - former[0]!.replacedAtMs).toBe(3_600_000);
      expect(
        (await database.store.users.changes(id)).filter(({ event }) => event.startsWith('authority')),
      ).toMatchObject([
        { event: 'authority_make', who: by },
        { event: 'authority_replace', who: by },
      ]);
    });

    test('the key of one that was replaced goes when its time is over and not before; its row stays', async () => {
      const { authorities } = database.store;
      const id = await newTenant(setup());
      const one = await authorities.replace(id, authority('1'), null, first);
      const two = await authorities.replace(id, authority('2'), one, {
        by,
        overlapMs: 3_600_000,
        serial: 'bb01',
      });
      await authorities.replace(id, authority('3'), two, { by, overlapMs: 0, serial: 'bb02' });
      const mine = async () =>
        (await authorities.due())
          .filter(({ tenantId }) => tenantId === id)
          .map(({ former }) => former.serial);
      expect(await mine()).toEqual(['bb02']);
      for (const serial of ['bb01', 'bb02', 'bb02']) await authorities.retire(id, serial, 'its time is over');
      expect(await mine()).toEqual([]);
      const former = await authorities.former(id);
      expect(former.map(({ serial, retiredAtMs }) => [serial, retiredAtMs !== null])).toEqual([
        ['bb02', true],
        ['bb01', false],
      ]);
      const events = (await database.store.users.changes(id)).map(
        ({ event, subject }) => `${event} ${subject}`,
      );
      expect(events.filter((text) => text.startsWith('authority_retire'))).toEqual(['authority_retire bb02']);
      expect(await authorities.read(id)).toEqual(authority('3'));
    });

    test('the key of an authority lies sealed in the database', async () => {
      const { authorities } = database.store;
      const id = await newTenant(setup());
      await authorities.replace(id, authority('secret-4711'), null, first);
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

    test('a tenant whose schema has no place for former ones keeps its authority, and is told that it cannot be replaced', async () => {
      const { authorities, packages } = database.store;
      const id = await newTenant(setup());
      const schema = openSchema(database.server.url, clock);
      try {
        for (const { version } of tenantMigrations)
          if (version >= tenant0007.version) await schema.rollback({ tenant: id });
        const one = await authorities.replace(id, authority('1'), null, first);
        expect(await packages.list(id)).toEqual([]);
        expect(await authorities.former(id)).toEqual([]);
        const how = { by, overlapMs: 0, serial: 'cc01' };
        const asked = authorities.replace(id, authority('2'), one, how);
        await expect(asked).rejects.toMatchObject({ code: 'schema_behind' });
        expect(await authorities.read(id)).toEqual(one);
      } finally {
        await schema.close();
      }
    });

    test('a tenant whose schema has no packages yet is told so', async () => {
      const { authorities, packages } = database.store;
      const id = await newTenant(setup());
      const schema = openSchema(database.server.url, clock);
      try {
        for (const { version } of tenantMigrations)
          if (version >= tenant0005.version) await schema.rollback({ tenant: id });
        await expect(authorities.read(id)).rejects.toMatchObject({ code: 'schema_behind' });
        await expect(packages.list(id)).rejects.toMatchObject({ code: 'schema_behind' });
      } finally {
        await schema.close();
      }
    });

    test('a tenant whose schema knows no renewals is served without them', async () => {
      const { packages, renewals } = database.store;
      const id = await newTenant(setup());
      const schema = openSchema(database.server.url, clock);
      try {
        for (const { version } of tenantMigrations)
          if (version >= tenant0009.version) await schema.rollback({ tenant: id });
        expect(await packages.find(id, { serial: '4a' })).toBeNull();
        expect(await renewals.living(id, 'pkg_none')).toEqual([]);
        const made = {
          serial: '4a',
          keyFingerprint: 'a'.repeat(64),
          chainPem: 'chain',
          endsAtMs: Date.now(),
        };
        await expect(renewals.add(id, 'pkg_none', made, by)).rejects.toMatchObject({ code: 'schema_behind' });
      } finally {
        await schema.close();
      }
    });
  });
}
