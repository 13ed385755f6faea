/** The inventory on every PostgreSQL that is here: its contract, and what only a database has to be asked. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changesOf, inventoryStoreContract, put, seenDevice } from '../test/contract/inventory-store.ts';
import { clock, flavours, type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import { newTenant } from '../test/contract/store-setup.ts';
import { tenantMigrations } from './migrations/all.ts';
import { tenant0013 } from './migrations/tenant-0013.ts';
import { openSchema } from './open-schema.ts';

const bounds = { openOfSenderMax: 3, openOfTenantMax: 5, heldBytesMax: 1_000_000 };

for (const flavour of flavours) {
  const title = flavour.missing === null ? flavour.name : `${flavour.name} (skipped: ${flavour.missing})`;
  describe.skipIf(flavour.missing !== null)(title, () => {
    let database: ScratchDatabase;
    const setup = () => ({ ...database.store, expireSession: async () => {} });

    beforeAll(async () => {
      database = await scratchDatabase(flavour);
    });
    afterAll(async () => await database?.close());
    inventoryStoreContract(() => ({
      inventory: database.store.inventory,
      shelf: database.store.inventoryShelf,
      newTenant: () => newTenant(setup()),
    }));

    test('devices that were found are counted, those that were merged are not, and what a person wrote stands', async () => {
      const { inventory, inventoryShelf, devices } = database.store;
      const tenantId = await newTenant(setup());
      const place = { tenantId, epoch: 1 };
      await inventory.claim(place);
      const terms = { by: 'somebody', liveMax: 3 };
      const given = { name: 'printer', partition: 'default', type: null, addresses: ['10.0.0.7'], macs: [] };
      const added = await devices.add(tenantId, [{ ...given, serial: 'S1' }], terms);
      if ('refused' in added) throw new Error(added.detail);
      const { id } = added.devices[0]!;
      const [unseen, ...others] = await inventory.unseenByHand(tenantId, 0, 10);
      expect([unseen, others]).toMatchObject([
        { id, partition: 'default', addresses: ['10.0.0.7'], serial: 'S1' },
        [],
      ]);
      expect(await inventory.unseenByHand(tenantId, unseen!.ordinal, 10)).toEqual([]);
      const seen = seenDevice(id, { name: 'hp1234', ip: '10.0.0.8', serial: 'S2', hostname: 'hp1234' });
      await put(inventory, place, changesOf({ devices: [seen, seenDevice('sr:b'), seenDevice('sr:c')] }));
      expect(await inventory.unseenByHand(tenantId, 0, 10)).toEqual([]);
      expect(await inventoryShelf.find(tenantId, id)).toMatchObject({
        ...{
          name: 'printer',
          serial: 'S1',
          addresses: ['10.0.0.7'],
          ip: '10.0.0.8',
          hostname: 'hp1234',
          byHand: true,
        },
      });
      const more = { ...given, addresses: ['10.0.0.9'], serial: null };
      expect(await devices.add(tenantId, [more], terms)).toMatchObject({ refused: 'quota_devices' });
      await put(inventory, place, changesOf({ devices: [seenDevice('sr:c', { mergedInto: 'sr:b' })] }));
      expect(await devices.add(tenantId, [more], terms)).toHaveProperty('devices');
    });

    test('of a tenant whose schema has no place for interfaces all else is written, and they are there once it has', async () => {
      const { inventory, inventoryShelf } = database.store;
      const tenantId = await newTenant(setup());
      const place = { tenantId, epoch: 1 };
      const schema = openSchema(database.server.url, clock);
      try {
        for (const { version } of tenantMigrations)
          if (version >= tenant0013.version) await schema.rollback({ tenant: tenantId });
        await inventory.claim(place);
        const port = {
          name: 'eth0',
          mac: '',
          addresses: [],
          sources: ['snmp'],
          firstSeenMs: 0,
          lastSeenMs: 0,
        };
        const changes = changesOf({
          rows: [{ kind: 'interfaces', key: '1', row: {} }],
          devices: [seenDevice('sr:a')],
          interfaces: [{ deviceId: 'sr:a', interfaces: [port] }],
        });
        expect(await put(inventory, place, changes)).toEqual({ written: 1 });
        expect(await inventoryShelf.find(tenantId, 'sr:a')).not.toBeNull();
        await expect(inventoryShelf.interfaces(tenantId, 'sr:a')).rejects.toMatchObject({
          code: 'schema_behind',
        });
        await database.store.migrate();
        expect(await put(inventory, place, changes)).toEqual({ written: 2 });
        expect(await inventoryShelf.interfaces(tenantId, 'sr:a')).toEqual([port]);
      } finally {
        await schema.close();
      }
    });

    test('a document is over in the same write as its last batch, or not at all', async () => {
      const { inventory, documents } = database.store;
      const tenantId = await newTenant(setup());
      const place = { tenantId, epoch: 1 };
      await documents.claim(place);
      await inventory.claim(place);
      const asked = { id: 'd1', sender: 'agent/a', agent: 'a', partition: 'north', kind: 'sync' as const };
      const opened = await documents.open(place, { ...asked, service: 'netbox', totalBytes: null }, bounds);
      if ('refused' in opened) throw new Error(opened.refused);
      const { ordinal } = opened;
      expect(await inventory.nextDocument(tenantId)).toBeNull();
      await documents.add(place, { ordinal, atByte: 0, bytes: Buffer.from('[]') }, bounds.heldBytesMax);
      await documents.finish(place, { ordinal, totalBytes: 2, sha256: 'a'.repeat(64), items: 0 });
      expect(await inventory.nextDocument(tenantId)).toMatchObject({
        ordinal,
        id: 'd1',
        partition: 'north',
        kind: 'sync',
      });
      const over = { ordinal, updates: 0, taken: 0, refused: {}, examples: [], failed: null };
      const changes = changesOf({ partition: 'north', document: over });
      await inventory.claim({ tenantId, epoch: 2 });
      expect(await put(inventory, place, changes)).toEqual({ refused: 'fenced' });
      expect(await inventory.nextDocument(tenantId)).not.toBeNull();
      expect(await put(inventory, { tenantId, epoch: 2 }, changes)).toEqual({ written: 1 });
      expect(await inventory.nextDocument(tenantId)).toBeNull();
      expect(await database.store.inventoryShelf.reconciled(tenantId, ordinal)).toMatchObject(over);
      expect(await put(inventory, { tenantId, epoch: 2 }, changes)).toEqual({ written: 0 });
    });
  });
}
