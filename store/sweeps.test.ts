/** Sweeps and their runs on a real database: the contract, and the bounds. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memorySweeps } from '../test/contract/memory-sweeps.ts';
import { clock, flavours, type ScratchDatabase, scratchDatabase } from '../test/contract/scratch-database.ts';
import { newTenant } from '../test/contract/store-setup.ts';
import { sweepStoreContract } from '../test/contract/sweep-store.ts';
import { auditOf } from './audit.ts';
import { limits } from './limits.ts';
import { silentLog } from './log.ts';
import { openPool } from './pool.ts';
import { createDatabase, type Database } from './unit-of-work.ts';

const terms = {
  networks: ['192.0.2.0/24'],
  exclusions: [],
  ports: [],
  icmp: true,
  ratePerS: 1,
  timeoutMs: 100,
};
const sweep = (name: string) => ({ ...terms, name, partition: 'default', intervalMs: null, enabled: true });

describe('the sweeps of tests, in memory', () => {
  const { sweeps, sweepRuns, audit } = memorySweeps(() => 1_780_000_000_000);
  let tenants = 0;
  sweepStoreContract(() => ({
    ...{ sweeps, runs: sweepRuns, audit: async (tenantId) => audit(tenantId) },
    async newTenant() {
      tenants += 1;
      return `tenant_${tenants}`;
    },
  }));
});

for (const flavour of flavours) {
  const title = flavour.missing === null ? flavour.name : `${flavour.name} (skipped: ${flavour.missing})`;
  describe.skipIf(flavour.missing !== null)(title, () => {
    let database: ScratchDatabase;
    let db: Database;
    beforeAll(async () => {
      database = await scratchDatabase(flavour);
      db = createDatabase(openPool(database.server.url, 2, silentLog), clock, silentLog);
    });
    afterAll(async () => {
      await db?.close();
      await database?.close();
    });
    const tenantOf = () => newTenant({ ...database.store, expireSession: async () => {} });

    describe('sweeps', () =>
      sweepStoreContract(() => ({
        sweeps: database.store.sweeps,
        runs: database.store.sweepRuns,
        newTenant: tenantOf,
        audit: (tenantId) => auditOf(db, tenantId),
      })));

    test('no more than one tenant may have, and no more runs than are kept', async () => {
      const { sweeps, sweepRuns } = database.store;
      const id = await tenantOf();
      await db.asTenant(id, (unit) =>
        unit.query('UPDATE sweep_usage SET live = $1', [limits.sweepsPerTenantMax - 1]),
      );
      const made = await sweeps.add(id, sweep('last'), 'ann');
      await expect(sweeps.add(id, sweep('over'), 'ann')).rejects.toMatchObject({ code: 'too_many_sweeps' });
      const planned = { addresses: 256, slices: 1, sliceAddresses: 256 };
      for (let at = 0; at < limits.sweepRunsKept + 3; at += 1) {
        const run = await sweepRuns.begin(id, 1, made, planned, 'schedule');
        for (let redone = 0; at === 0 && redone < limits.sweepRedoneKept + 5; redone += 1)
          await sweepRuns.sliceRedone(id, 1, run!.id, { slice: redone, agent: 'a', why: 'x' });
        const ended = await sweepRuns.end(id, 1, run!.id, 'complete', null);
        if (at === 0) {
          expect([ended!.redoneCount, ended!.redone.length]).toEqual([
            limits.sweepRedoneKept + 5,
            limits.sweepRedoneKept,
          ]);
          expect(ended!.redone[0]!.slice).toBe(limits.sweepRedoneKept + 4);
        }
      }
      expect((await sweeps.runs(id, made.id, 1_000)).length).toBe(limits.sweepRunsKept);
    });
  });
}
