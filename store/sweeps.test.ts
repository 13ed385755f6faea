/** Sweeps and their runs on a real database: the contract, and the bounds. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { memorySweeps } from '../test/contract/memory-sweeps.ts';
import {
  clock,
  flavours,
  ringOf,
  type ScratchDatabase,
  scratchDatabase,
} from '../test/contract/scratch-database.ts';
import { newTenant, unique } from '../test/contract/store-setup.ts';
import { sweepStoreContract } from '../test/contract/sweep-store.ts';
import { auditOf } from './audit.ts';
import { folderPlace } from './backup/folder-place.ts';
import { openBackups } from './backup/open-backups.ts';
import { limits } from './limits.ts';
import { silentLog } from './log.ts';
import { tenantMigrations } from './migrations/all.ts';
import { tenant0011 } from './migrations/tenant-0011.ts';
import { openSchema } from './open-schema.ts';
import { openPool } from './pool.ts';
import { createDatabase, type Database } from './unit-of-work.ts';
import { openKeyRing } from './vault/ring-file.ts';

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

    test('an archive brings sweeps back with what they found, and none that runs', async () => {
      const { sweeps, sweepRuns, tenants } = database.store;
      const id = await tenantOf();
      const made = await sweeps.add(id, sweep('a'), 'ann');
      const run = await sweepRuns.begin(
        id,
        7,
        made,
        { addresses: 256, slices: 2, sliceAddresses: 128 },
        'ann',
      );
      const counts = { done: 128, live: 3, refused: 0, untold: 0, sent: 253 };
      await sweepRuns.sliceDone(id, 7, run!.id, { slice: 1, agent: 'a', counts, why: null });
      const folder = mkdtempSync(join(tmpdir(), 'picket-sweeps-'));
      try {
        const keys = openKeyRing(ringOf(database.dataDir), clock.wallMs());
        const place = folderPlace(join(folder, 'archives'), clock);
        const backups = openBackups({ url: database.server.url, keys, place, clock, picket: '9.9.9' });
        const { name } = await backups.create((await tenants.find(id))!.slug, () => {});
        const copied = await backups.restore(name, { as: unique('copy'), replace: false }, () => {});
        const copy = copied.tenant.id;
        const [row] = await sweeps.list(copy);
        expect(row).toMatchObject({ sweep: { name: 'a' }, run: { state: 'stopped', counts: { live: 3 } } });
        expect(await sweepRuns.claim(copy, 9)).toEqual([]);
        expect(
          await sweepRuns.begin(
            copy,
            1,
            row!.sweep,
            { addresses: 256, slices: 2, sliceAddresses: 128 },
            'ann',
          ),
        ).toMatchObject({ state: 'running', doneSlices: 0 });
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });

    test('of a tenant whose schema has no place for them there are none, and whoever adds one is told so', async () => {
      const { sweeps } = database.store;
      const id = await tenantOf();
      const schema = openSchema(database.server.url, clock);
      try {
        for (const { version } of tenantMigrations)
          if (version >= tenant0011.version) await schema.rollback({ tenant: id });
        expect(await sweeps.list(id)).toEqual([]);
        await expect(sweeps.add(id, sweep('a'), 'ann')).rejects.toMatchObject({ code: 'schema_behind' });
      } finally {
        await schema.close();
      }
    });

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
