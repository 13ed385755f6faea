/** The store against the contracts of its ports, on every PostgreSQL that is here. */
import pg from 'pg';
import { afterAll, beforeAll, describe } from 'vitest';
import { checkStoreContract } from '../test/contract/check-store.ts';
import { coordinatorStoreContract } from '../test/contract/coordinator-store.ts';
import { deviceStoreContract } from '../test/contract/device-store.ts';
import { leaseStoreContract } from '../test/contract/lease-store.ts';
import { planStoreContract } from '../test/contract/plan-store.ts';
import { resultStoreContract } from '../test/contract/result-store.ts';
import { clock, flavours, type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import type { StoreSetup } from '../test/contract/store-setup.ts';
import { tenantLivesContract } from '../test/contract/tenant-lives.ts';
import { tenantStoreContract } from '../test/contract/tenant-store.ts';
import { openSchema, type Schema } from './open-schema.ts';

for (const flavour of flavours) {
  const title = flavour.missing === null ? flavour.name : `${flavour.name} (skipped: ${flavour.missing})`;
  describe.skipIf(flavour.missing !== null)(title, () => {
    let database: ScratchDatabase;
    let setup: StoreSetup;
    let direct: pg.Client;
    let schema: Schema;

    beforeAll(async () => {
      database = await scratchDatabase(flavour);
      direct = new pg.Client({ connectionString: database.server.url });
      direct.on('error', () => {});
      await direct.connect();
      schema = openSchema(database.server.url, clock);
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
      await schema?.close();
      await direct?.end();
      await database?.close();
    });

    const aVersionBehind = (given: StoreSetup): StoreSetup => ({
      ...given,
      tenants: {
        ...given.tenants,
        async create(...of) {
          const answer = await given.tenants.create(...of);
          if ('tenant' in answer) await schema.rollback({ tenant: answer.tenant.id });
          return answer;
        },
      },
    });
    const contracts = (setupOf: () => StoreSetup) => {
      describe('tenants', () => tenantStoreContract(setupOf));
      describe('lives of tenants', () => tenantLivesContract(setupOf));
      describe('plans', () => planStoreContract(setupOf));
      describe('checks', () => checkStoreContract(setupOf));
      describe('leases', () => leaseStoreContract(setupOf));
      describe('coordinator', () => coordinatorStoreContract(setupOf));
      describe('results', () => resultStoreContract(setupOf));
    };
    contracts(() => setup);
    // Came with the newest version: `archive.test.ts` says what the one before answers.
    describe('devices', () => deviceStoreContract(() => setup));
    // Code is replaced first and tenants are migrated after it: all that is promised holds for a schema one version behind.
    describe('with every tenant at the schema version before', () => contracts(() => aVersionBehind(setup)));
  });
}
