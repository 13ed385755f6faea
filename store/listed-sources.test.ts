/** Listed sources: the contract in memory and on a real database, what lies sealed, what the audit says, what an archive brings back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listedSourceStoreContract, wantedSource } from '../test/contract/listed-source-store.ts';
import { memoryListedSources } from '../test/contract/memory-listed-sources.ts';
import {
  clock,
  flavours,
  ringOf,
  type ScratchDatabase,
  scratchDatabase,
} from '../test/contract/scratch-database.ts';
import { newTenant, unique } from '../test/contract/store-setup.ts';
import { auditOf } from './audit.ts';
import { folderPlace } from './backup/folder-place.ts';
import { openBackups } from './backup/open-backups.ts';
import { limits } from './limits.ts';
import { silentLog } from './log.ts';
import { tenantMigrations } from './migrations/all.ts';
import { tenant0010 } from './migrations/tenant-0010.ts';
import { openSchema } from './open-schema.ts';
import { openPool } from './pool.ts';
import { createDatabase, type Database } from './unit-of-work.ts';
import { openKeyRing } from './vault/ring-file.ts';

const by = 'spiffe://test/operator/ann';

describe('in memory', () => {
  const sources = memoryListedSources();
  listedSourceStoreContract(() => ({ sources, newTenant: async () => unique('tenant') }));
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

    listedSourceStoreContract(() => ({ sources: database.store.listedSources, newTenant: tenantOf }));

    test('credentials lie sealed, are listed to nobody, and every change has its line in the audit', async () => {
      const { listedSources, integrations } = database.store;
      const id = await tenantOf();
      const { id: source } = await listedSources.add(id, wantedSource('cmdb'), 'a-secret-token', by);
      await listedSources.change(
        id,
        'cmdb',
        { endpoint: 'https://other.example', credentials: 'another-token' },
        by,
      );
      const rows = await db.asTenant(id, (unit) =>
        unit.query('SELECT * FROM integrations JOIN listed_sources USING (id)'),
      );
      expect(JSON.stringify(rows)).not.toMatch(/a-secret-token|another-token/);
      expect(JSON.stringify(await listedSources.list(id))).not.toContain('token');
      expect(await integrations.list(id)).toMatchObject([
        { id: source, hasCredentials: true, endpoint: 'https://other.example' },
      ]);
      await listedSources.remove(id, source, by);
      expect(await integrations.list(id)).toEqual([]);
      expect((await auditOf(db, id)).map(({ event, subject, who }) => [event, subject, who])).toEqual([
        ['source_add', 'cmdb', by],
        ['source_change', 'cmdb', by],
        ['source_remove', 'cmdb', by],
      ]);
    });

    test('what is no source is refused, and no more than a tenant may have', async () => {
      const { listedSources } = database.store;
      const id = await tenantOf();
      const bad = listedSources.add(id, wantedSource('x', { endpoint: 'https://me:pw@h' }), null, by);
      await expect(bad).rejects.toMatchObject({ code: 'bad_row' });
      for (let made = 0; made < limits.listedSourcesPerTenantMax; made += 1)
        await listedSources.add(id, wantedSource(`source ${made}`), null, by);
      await expect(listedSources.add(id, wantedSource('one more'), null, by)).rejects.toMatchObject({
        code: 'too_many_sources',
      });
    });

    test('changes at once are all made, one after the other', async () => {
      const { listedSources } = database.store;
      const id = await tenantOf();
      await listedSources.add(id, wantedSource('cmdb'), null, by);
      const changes = [{ enabled: false }, { intervalMs: 60_000 }, { query: null }];
      await Promise.all(changes.map((change) => listedSources.change(id, 'cmdb', change, by)));
      expect((await listedSources.list(id))[0]!.source).toMatchObject({
        ...{ enabled: false, intervalMs: 60_000, query: null, version: 4 },
      });
    });

    test('of a tenant whose schema has no place for them there are none, and whoever adds one is told so', async () => {
      const { listedSources } = database.store;
      const id = await tenantOf();
      const schema = openSchema(database.server.url, clock);
      try {
        for (const { version } of tenantMigrations)
          if (version >= tenant0010.version) await schema.rollback({ tenant: id });
        expect(await listedSources.list(id)).toEqual([]);
        await expect(listedSources.add(id, wantedSource('cmdb'), null, by)).rejects.toMatchObject({
          code: 'schema_behind',
        });
      } finally {
        await schema.close();
      }
    });

    test('an archive brings a source back with what it had listed, whatever the epoch is then', async () => {
      const { listedSources } = database.store;
      const id = await tenantOf();
      const { id: source } = await listedSources.add(id, wantedSource('cmdb'), 'token', by);
      const state = { breaker: { state: 'closed', failures: 0 }, last: null, lastComplete: null } as const;
      await listedSources.note(id, 9, source, state, new Set(['1', '2']));
      const folder = mkdtempSync(join(tmpdir(), 'picket-listed-'));
      try {
        const keys = openKeyRing(ringOf(database.dataDir), clock.wallMs());
        const place = folderPlace(join(folder, 'archives'), clock);
        const backups = openBackups({ url: database.server.url, keys, place, clock, picket: '9.9.9' });
        const { slug } = (await database.store.tenants.find(id))!;
        const { name } = await backups.create(slug, () => {});
        await listedSources.note(id, 10, source, state, new Set(['3']));
        await backups.restore(name, { as: null, replace: true }, () => {});
        expect(await listedSources.secrets(id, source)).toEqual({
          credentials: 'token',
          knownIds: ['1', '2'],
        });
        expect(await listedSources.note(id, 1, source, state, null)).toBe(true);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });
}
