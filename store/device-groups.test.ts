/** Groups of devices on every PostgreSQL that is here: their contract, and what only a database has to be asked. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deviceGroupStoreContract, withDevices } from '../test/contract/device-group-store.ts';
import { clock, flavours, type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import { limits } from './limits.ts';
import { silentLog } from './log.ts';
import { tenantMigrations } from './migrations/all.ts';
import { tenant0014 } from './migrations/tenant-0014.ts';
import { openSchema } from './open-schema.ts';
import { openPool } from './pool.ts';
import { createDatabase, type Database } from './unit-of-work.ts';

const kept = 30 * 86_400_000;
const page = { which: 'live', after: null, limit: 100 } as const;

for (const flavour of flavours) {
  const title = flavour.missing === null ? flavour.name : `${flavour.name} (skipped: ${flavour.missing})`;
  describe.skipIf(flavour.missing !== null)(title, () => {
    let database: ScratchDatabase;
    let db: Database;
    const setup = () => ({ ...database.store, expireSession: async () => {} });

    beforeAll(async () => {
      database = await scratchDatabase(flavour);
      db = createDatabase(openPool(database.server.url, 2, silentLog), clock, silentLog);
    });
    afterAll(async () => {
      await db?.close();
      await database?.close();
    });
    deviceGroupStoreContract(setup);

    test('memberships of a device that is removed go with it, and those of no other', async () => {
      const { tenantId, put, inGroup } = await withDevices(setup());
      const { devices, archive } = database.store;
      await put('dmz', 'sr:a', 'sr:b');
      const terms = { by: 'tester', liveMax: null };
      for (const id of ['sr:a', 'sr:c']) await devices.change(tenantId, id, 'decommission', terms);
      await db.asTenant(tenantId, (unit) =>
        unit.query(
          "UPDATE devices SET archived_at = archived_at - interval '31 days' WHERE archived_at IS NOT NULL",
        ),
      );
      expect(await archive.purge(kept)).toMatchObject({ devices: 2, failed: [] });
      const rows = await db.asTenant(tenantId, (unit) =>
        unit.query('SELECT group_key, device_id, who FROM device_group_members'),
      );
      expect(rows).toEqual([{ group_key: 'dmz', device_id: 'sr:b', who: 'tester' }]);
      expect([await inGroup('dmz'), await inGroup('dmz', 'archived')]).toEqual([['sr:b'], []]);
      expect(await put('dmz', 'sr:a')).toMatchObject({ refused: 'no_such_device' });
    });

    test('what is put in while devices are removed is in a group of devices that are there', async () => {
      const { tenantId, put, counts } = await withDevices(setup());
      const { devices, archive } = database.store;
      for (const id of ['sr:a', 'sr:b'])
        await devices.change(tenantId, id, 'decommission', { by: 'tester', liveMax: null });
      await db.asTenant(tenantId, (unit) =>
        unit.query(
          "UPDATE devices SET archived_at = archived_at - interval '31 days' WHERE archived_at IS NOT NULL",
        ),
      );
      const [purged, one, all] = await Promise.all([
        archive.purge(kept),
        put('dmz', 'sr:a'),
        put('dmz', 'sr:c', 'sr:b'),
      ]);
      expect(purged).toMatchObject({ devices: 2, failed: [] });
      for (const answer of [one, all]) if ('refused' in answer) expect(answer.refused).toBe('no_such_device');
      expect(await counts()).toEqual([['dmz', 'refused' in all ? 0 : 1, 0]]);
    });

    test('no more than one tenant may have, whoever asks at once, and no more groups than a device may be in', async () => {
      const { tenantId, put } = await withDevices(setup());
      const { deviceGroups } = database.store;
      const fill = (text: string, most: number) => db.asTenant(tenantId, (unit) => unit.query(text, [most]));
      await fill(
        `INSERT INTO device_groups (key, name, created_at, who)
         SELECT 'g' || n, 'g' || n, now(), 'tester' FROM generate_series(1, $1::int) n`,
        limits.deviceGroupsPerTenantMax - 2,
      );
      const add = (name: string) => deviceGroups.add(tenantId, { name, description: null }, 'tester');
      const added = await Promise.all(['x', 'y', 'z'].map(add));
      expect(added.filter((answer) => 'group' in answer)).toHaveLength(1);
      expect(await add('over')).toMatchObject({ refused: 'too_many_groups' });
      await fill(
        `INSERT INTO device_group_members (group_key, device_id, since, who)
         SELECT 'g' || n, 'sr:a', now(), 'tester' FROM generate_series(1, $1::int) n`,
        limits.groupsPerDeviceMax - 1,
      );
      const answers = await Promise.all(['g101', 'g102', 'g103'].map((name) => put(name, 'sr:a', 'sr:b')));
      expect(answers.filter((answer) => 'changed' in answer)).toHaveLength(1);
      expect(
        answers.filter((answer) => 'refused' in answer && answer.refused === 'too_many_members'),
      ).toHaveLength(2);
      expect((await deviceGroups.of(tenantId, ['sr:a', 'sr:b', 'sr:c'])).get('sr:b')).toHaveLength(1);
    });

    test('of a tenant whose schema has no groups devices are listed and removed as ever, and whoever makes one is told so', async () => {
      const { deviceGroups, inventoryShelf, archive } = database.store;
      const { tenantId } = await withDevices(setup());
      const schema = openSchema(database.server.url, clock);
      try {
        for (const { version } of tenantMigrations)
          if (version >= tenant0014.version) await schema.rollback({ tenant: tenantId });
        expect(await inventoryShelf.list(tenantId, page)).toHaveLength(4);
        const refused = { code: 'schema_behind' };
        await expect(deviceGroups.list(tenantId)).rejects.toMatchObject(refused);
        await expect(deviceGroups.of(tenantId, ['sr:a'])).rejects.toMatchObject(refused);
        await expect(inventoryShelf.list(tenantId, { ...page, group: 'dmz' })).rejects.toMatchObject(refused);
        const given = { name: 'lan', description: null };
        await expect(deviceGroups.add(tenantId, given, 'tester')).rejects.toMatchObject(refused);
        expect(await archive.purge(kept)).toMatchObject({ failed: [] });
        await database.store.migrate();
        expect(await deviceGroups.add(tenantId, given, 'tester')).toHaveProperty('group');
      } finally {
        await schema.close();
      }
    });
  });
}
