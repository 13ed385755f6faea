/** Documents on every PostgreSQL that is here: their contract, and what only a database has to be asked. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StoredDocument } from '../actors/ports/document-store.ts';
import { documentStoreContract } from '../test/contract/document-store.ts';
import { memoryDocuments } from '../test/contract/memory-documents.ts';
import { clock, flavours, type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import { newTenant } from '../test/contract/store-setup.ts';
import { tenantMigrations } from './migrations/all.ts';
import { tenant0006 } from './migrations/tenant-0006.ts';
import { openSchema } from './open-schema.ts';

const bounds = { openOfSenderMax: 3, openOfTenantMax: 5, heldBytesMax: 1_000_000 };
const asked = {
  ...{ id: 'doc_x', sender: 'agent/a', agent: 'a', partition: 'default', kind: 'sync' as const },
  ...{ service: 'netbox', totalBytes: null },
};

describe('in memory', () => {
  const documents = memoryDocuments();
  let made = 0;
  documentStoreContract(() => ({ documents, newTenant: async () => `tenant-${++made}` }));
});

for (const flavour of flavours) {
  const title = flavour.missing === null ? flavour.name : `${flavour.name} (skipped: ${flavour.missing})`;
  describe.skipIf(flavour.missing !== null)(title, () => {
    let database: ScratchDatabase;
    let raw: pg.Client;
    const setup = () => ({ ...database.store, expireSession: async () => {} });

    beforeAll(async () => {
      database = await scratchDatabase(flavour);
      raw = new pg.Client({ connectionString: database.server.url });
      await raw.connect();
    });
    afterAll(async () => {
      await raw?.end();
      await database?.close();
    });
    documentStoreContract(() => ({
      documents: database.store.documents,
      newTenant: () => newTenant(setup()),
    }));

    const countOf = async (tenantId: string) => {
      await raw.query(`SET ROLE tenant_${tenantId}`);
      const sql = `SELECT (SELECT count(*)::int FROM tenant_${tenantId}.documents) AS documents,
        (SELECT count(*)::int FROM tenant_${tenantId}.document_parts) AS parts,
        (SELECT held_bytes::int FROM tenant_${tenantId}.document_gate) AS held`;
      const { rows } = await raw.query(sql);
      await raw.query('RESET ROLE');
      return rows[0];
    };

    test('nothing of a removed document is left, and the room that it took is free', async () => {
      const { documents } = database.store;
      const tenantId = await newTenant(setup());
      const place = { tenantId, epoch: 1 };
      await documents.claim(place);
      const { ordinal } = (await documents.open(place, asked, bounds)) as StoredDocument;
      // More parts than one statement removes.
      for (let at = 0; at < 300; at += 1)
        await documents.add(
          place,
          { ordinal, atByte: at, bytes: new Uint8Array([0x20]) },
          bounds.heldBytesMax,
        );
      expect(await countOf(tenantId)).toEqual({ documents: 1, parts: 300, held: 300 });
      await documents.discard(place, ordinal);
      expect(await countOf(tenantId)).toEqual({ documents: 0, parts: 0, held: 0 });
    });

    test('a hundred parts for the same place at once: one is taken, and the rest are told', async () => {
      const { documents } = database.store;
      const tenantId = await newTenant(setup());
      const place = { tenantId, epoch: 1 };
      await documents.claim(place);
      const { ordinal } = (await documents.open(place, asked, bounds)) as StoredDocument;
      const bytes = new Uint8Array([1, 2, 3]);
      const answers = await Promise.all(
        Array.from({ length: 100 }, () =>
          documents.add(place, { ordinal, atByte: 0, bytes }, bounds.heldBytesMax),
        ),
      );
      expect(answers.filter((one) => 'heldBytes' in one)).toEqual([{ heldBytes: 3 }]);
      expect(await countOf(tenantId)).toEqual({ documents: 1, parts: 1, held: 3 });
    });

    test('a tenant whose schema has no documents yet says so, and nothing else minds', async () => {
      const { documents } = database.store;
      const tenantId = await newTenant(setup());
      const schema = openSchema(database.server.url, clock);
      try {
        for (const { version } of tenantMigrations)
          if (version >= tenant0006.version) await schema.rollback({ tenant: tenantId });
        const place = { tenantId, epoch: 1 };
        await expect(documents.claim(place)).rejects.toMatchObject({ code: 'schema_behind' });
        await expect(documents.list(tenantId, 1)).rejects.toMatchObject({ code: 'schema_behind' });
        expect((await documents.purge(0, 0)).failed).toEqual([]);
      } finally {
        await schema.migrate();
        await schema.close();
      }
    });
  });
}
