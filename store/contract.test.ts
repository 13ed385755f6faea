/** The store against the contracts of its ports, on every PostgreSQL that is here. */
import pg from 'pg';
import { afterAll, beforeAll, describe } from 'vitest';
import { checkStoreContract } from '../test/contract/check-store.ts';
import { coordinatorStoreContract } from '../test/contract/coordinator-store.ts';
import { leaseStoreContract } from '../test/contract/lease-store.ts';
import { resultStoreContract } from '../test/contract/result-store.ts';
import { flavours, type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import type { StoreSetup } from '../test/contract/store-setup.ts';
import { tenantStoreContract } from '../test/contract/tenant-store.ts';

for (const flavour of flavours) {
  const title = flavour.missing === null ? flavour.name : `${flavour.name} (skipped: ${flavour.missing})`;
  describe.skipIf(flavour.missing !== null)(title, () => {
    let database: ScratchDatabase;
    let setup: StoreSetup;
    let direct: pg.Client;

    beforeAll(async () => {
      database = await scratchDatabase(flavour);
      direct = new pg.Client({ connectionString: database.server.url });
      direct.on('error', () => {});
      await direct.connect();
      setup = {
        ...database.store,
        async expireSession(node) {
          await direct.query(
            "UPDATE platform.sessions SET expires_at = now() - interval '1 second' WHERE node = $1",
            [node],
          );
        },
      };
    });
    afterAll(async () => {
      await direct?.end();
      await database?.close();
    });

    describe('tenants', () => tenantStoreContract(() => setup));
    describe('checks', () => checkStoreContract(() => setup));
    describe('leases', () => leaseStoreContract(() => setup));
    describe('coordinator', () => coordinatorStoreContract(() => setup));
    describe('results', () => resultStoreContract(() => setup));
  });
}
