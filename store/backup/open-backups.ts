/**
 * Backups of tenants as an operator handles them, behind `picket backup`: made, listed, tried, restored, removed. On a
 * few connections of its own; nothing is connected until the first use.
 */
import type { Tenant } from '../../actors/ports/tenant-store.ts';
import type { WallClock } from '../clock.ts';
import { StoreError } from '../errors.ts';
import { limits } from '../limits.ts';
import { type StoreLog, silentLog } from '../log.ts';
import { type Migration, tenantMigrations } from '../migrations/all.ts';
import { openPool } from '../pool.ts';
import { findTenant, listTenants } from '../tenant-rows.ts';
import { createDatabase } from '../unit-of-work.ts';
import type { KeyRing } from '../vault/key-ring.ts';
import { type Archive, archiveName, parseArchive } from './archive-name.ts';
import type { ArchivePlace } from './archive-place.ts';
import { inTransaction } from './copy-session.ts';
import { dump, dumpLocks, manifestOf, type OnProgress } from './dump.ts';
import { type Manifest, parseManifest, schemaVersionOf, type Totals } from './manifest.ts';
import { RecordReader } from './records.ts';
import { type Opened, type RestoreOptions, type RestoreWork, restore, tryOut } from './restore.ts';
import { seal, unseal } from './seal.ts';
import { squeeze, unsqueeze } from './squeeze.ts';
import { holdTenant } from './tenant-hold.ts';

export interface Verified extends Totals {
  slug: string;
  tenantId: string;
  takenAt: string;
  picket: string;
  schemaVersion: number;
}

export interface Backups {
  /** Slugs of those with data that live, by age. */
  tenants(): Promise<string[]>;
  /** Throws `no_such_tenant`, `tenant_not_there`, `place_unusable`. */
  create(tenant: string, onProgress: OnProgress): Promise<Archive>;
  /** Restores it into a scratch tenant, compares it with what was written, and undoes it. Throws `archive_damaged`. */
  verify(name: string, onProgress: OnProgress): Promise<Verified>;
  restore(
    name: string,
    options: RestoreOptions,
    onProgress: OnProgress,
  ): Promise<{ tenant: Tenant; totals: Totals }>;
  close(): Promise<void>;
}

export interface BackupsOptions {
  url: string;
  place: ArchivePlace;
  keys: KeyRing;
  clock: WallClock;
  /** Version of this program, for whoever reads an archive later. */
  picket: string;
  log?: StoreLog;
  /** For tests: those of another version. */
  migrations?: readonly Migration[];
}

export function openBackups(options: BackupsOptions): Backups {
  const { url, place, keys, clock, picket, log = silentLog, migrations = tenantMigrations } = options;
  const db = createDatabase(openPool(url, limits.schemaConnectionsMax, log), clock, log);
  const work: RestoreWork = {
    url,
    db,
    migrations,
    keys,
    hold: (tenantId) => holdTenant(db, clock, tenantId),
  };
  return {
    async tenants() {
      const all = await db.asPlatform(listTenants);
      return all
        .filter(({ status }) => status === 'active' || status === 'suspended')
        .map(({ slug }) => slug);
    },
    async create(tenant, onProgress) {
      const found = await db.asPlatform((unit) => findTenant(unit, tenant));
      if (found === null) throw new StoreError('no_such_tenant', `there is no tenant "${tenant}"`);
      const begin = { before: dumpLocks(found.id), mode: snapshot, commit: false };
      return await inTransaction(url, begin, async (session) => {
        const content = await manifestOf(session, found.id, picket);
        const name = archiveName(found.slug, found.id, content.manifest.takenAt);
        const plain = dump(session, content, limits.backupProgressBytes, onProgress);
        const bytes = await place.write(name, seal(squeeze(plain), keys));
        return parseArchive({ name, bytes })!;
      });
    },
    async verify(name, onProgress) {
      return await withArchive(place, name, keys, async (opened) => {
        const totals = await tryOut(work, opened, onProgress);
        const { tenant, takenAt, picket: by } = opened.manifest;
        const schemaVersion = schemaVersionOf(opened.manifest);
        return { slug: tenant.slug, tenantId: tenant.id, takenAt, picket: by, schemaVersion, ...totals };
      });
    },
    restore: (name, how, onProgress) =>
      withArchive(place, name, keys, (opened) => restore(work, opened, how, onProgress)),
    close: () => db.close(),
  };
}

const snapshot = 'ISOLATION LEVEL REPEATABLE READ READ ONLY';

async function withArchive<T>(
  place: ArchivePlace,
  name: string,
  keys: KeyRing,
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  const reader = new RecordReader(unsqueeze(unseal(place.read(name), keys, name), name), name);
  try {
    const manifest: Manifest = parseManifest(JSON.stringify(await reader.nextJson('M')), name);
    return await work({ archive: name, reader, manifest });
  } finally {
    await reader.close();
  }
}
