/** Agent sources and imported authorities on a real database: the contract, the bounds, what lies sealed, what an archive brings back. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { NewImportedAuthority } from '../actors/ports/imported-authority-store.ts';
import { agentSourceStoreContract } from '../test/contract/agent-source-store.ts';
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
import { tenant0008 } from './migrations/tenant-0008.ts';
import { openSchema } from './open-schema.ts';
import { openPool } from './pool.ts';
import { createDatabase, type Database } from './unit-of-work.ts';
import { openKeyRing } from './vault/ring-file.ts';

const by = 'spiffe://test/operator/ann';
const services = [{ type: 'port', name: 'web', details: '', results: false }];
const source = (address: string) => ({
  ...{ address, partition: 'default', agentId: null, tlsName: null, intervalMs: 30_000, services },
});
const authority = (mark: string, client = true): NewImportedAuthority => ({
  ...{ slug: 'acme', trustDomain: 'radar.local', certificatesPem: `pem ${mark}` },
  fingerprint: mark.repeat(64).slice(0, 64),
  client: client ? { chainPem: `chain ${mark}`, privateKeyPem: `key ${mark}` } : null,
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

    describe('agent sources', () =>
      agentSourceStoreContract(() => ({
        sources: database.store.agentSources,
        newTenant: tenantOf,
        audit: (tenantId) => auditOf(db, tenantId),
      })));

    test('no more live than one tenant may have, also of those that come back', async () => {
      const { agentSources } = database.store;
      const id = await tenantOf();
      const first = await agentSources.add(id, source('a:1'), by);
      await agentSources.archive(id, first.id, true, by, null);
      await db.asTenant(id, (unit) =>
        unit.query('UPDATE agent_source_usage SET live = $1', [limits.agentSourcesPerTenantMax - 1]),
      );
      const many = await Promise.allSettled(
        ['b:1', 'c:1', 'd:1'].map((one) => agentSources.add(id, source(one), by)),
      );
      expect(many.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      await expect(agentSources.archive(id, first.id, false, by, null)).rejects.toMatchObject({
        code: 'too_many_sources',
      });
    });

    test('an authority is imported once, its key lies sealed, and the newest living one is presented', async () => {
      const { importedAuthorities } = database.store;
      const id = await tenantOf();
      expect(await importedAuthorities.client(id)).toBeNull();
      const first = await importedAuthorities.add(id, authority('1'), by);
      await expect(importedAuthorities.add(id, authority('1'), by)).rejects.toMatchObject({
        code: 'authority_exists',
      });
      const second = await importedAuthorities.add(id, authority('2'), by);
      await importedAuthorities.add(id, authority('3', false), by);
      expect(await importedAuthorities.client(id)).toEqual({ chainPem: 'chain 2', privateKeyPem: 'key 2' });
      const rows = await db.asTenant(id, (unit) =>
        unit.query('SELECT client_certificate, client_key_sealed FROM imported_authorities'),
      );
      expect(JSON.stringify(rows)).not.toContain('key 2');
      await importedAuthorities.revoke(id, second.id, by, 'replaced');
      expect(await importedAuthorities.client(id)).toEqual({ chainPem: 'chain 1', privateKeyPem: 'key 1' });
      await expect(importedAuthorities.revoke(id, second.id, by, null)).rejects.toMatchObject({
        code: 'no_such_authority',
      });
      expect((await importedAuthorities.list(id)).map((row) => row.revokedAtMs !== null)).toEqual([
        false,
        true,
        false,
      ]);
      expect((await importedAuthorities.list(id)).at(-1)).toEqual(first);
    });

    test('of many that are imported at once no more live than a tenant may have', async () => {
      const { importedAuthorities } = database.store;
      const id = await tenantOf();
      const marks = [...'0123456789abcdef'];
      const all = await Promise.allSettled(
        marks.map((mark) => importedAuthorities.add(id, authority(mark), by)),
      );
      expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(limits.importedAuthoritiesMax);
    });

    test('of a tenant whose schema has no place for them there are none, and whoever adds one is told so', async () => {
      const { agentSources, importedAuthorities, archive } = database.store;
      const id = await tenantOf();
      const schema = openSchema(database.server.url, clock);
      try {
        for (const { version } of tenantMigrations)
          if (version >= tenant0008.version) await schema.rollback({ tenant: id });
        expect(await agentSources.list(id, false)).toEqual([]);
        expect(await importedAuthorities.list(id)).toEqual([]);
        expect(await importedAuthorities.client(id)).toBeNull();
        await expect(agentSources.add(id, source('a:1'), by)).rejects.toMatchObject({
          code: 'schema_behind',
        });
        const refused = importedAuthorities.add(id, authority('1', false), by);
        await expect(refused).rejects.toMatchObject({ code: 'schema_behind' });
        expect((await archive.purge(86_400_000)).failed).toEqual([]);
      } finally {
        await schema.close();
      }
    });

    test('what was removed long ago is removed for good, with how far it had come', async () => {
      const { agentSources, archive } = database.store;
      const id = await tenantOf();
      const [kept, gone] = [
        await agentSources.add(id, source('a:1'), by),
        await agentSources.add(id, source('b:1'), by),
      ];
      await agentSources.archive(id, gone.id, true, by, null);
      await db.asTenant(id, (unit) =>
        unit.query(
          "UPDATE agent_sources SET archived_at = now() - interval '40 days' WHERE archived_at IS NOT NULL",
        ),
      );
      await archive.purge(30 * 86_400_000);
      expect(await agentSources.list(id, true)).toEqual([]);
      expect(await agentSources.list(id, false)).toMatchObject([{ source: { id: kept.id } }]);
      expect((await auditOf(db, id)).at(-1)).toMatchObject({ event: 'agent_source_purge', subject: gone.id });
    });

    test('an archive brings sources back without how far they were, and no other tenant gets its authorities', async () => {
      const { agentSources, importedAuthorities, tenants } = database.store;
      const folder = mkdtempSync(join(tmpdir(), 'picket-sources-'));
      const id = await tenantOf();
      const { id: made } = await agentSources.add(id, source('a:1'), by);
      await agentSources.note(id, 9, made, {
        ...{ version: 1, polledAtMs: 1, poller: 'p', code: 'ok', detail: '', agent: null, services: [] },
      });
      await importedAuthorities.add(id, authority('1'), by);
      const keys = openKeyRing(ringOf(database.dataDir), clock.wallMs());
      const place = folderPlace(join(folder, 'archives'), clock);
      const backups = openBackups({ url: database.server.url, keys, place, clock, picket: '9.9.9' });
      const { name } = await backups.create((await tenants.find(id))!.slug, () => {});
      const copied = await backups.restore(name, { as: unique('copy'), replace: false }, () => {});
      const copy = copied.tenant.id;
      expect(await agentSources.list(copy, false)).toMatchObject([{ source: { id: made }, state: null }]);
      expect(await importedAuthorities.list(copy)).toEqual([]);
      await backups.restore(name, { as: null, replace: true }, () => {});
      expect(await agentSources.list(id, false)).toMatchObject([{ source: { id: made }, state: null }]);
      expect(await importedAuthorities.client(id)).toEqual({ chainPem: 'chain 1', privateKeyPem: 'key 1' });
      rmSync(folder, { recursive: true, force: true });
    });
  });
}
