/**
 * Brings a database to the schema that this code knows: login role judged, platform set, then every tenant's set, several
 * tenants at once. Each migration is one round trip and one transaction with its own record, so several processes may
 * start at once and a kill leaves whole steps only; the next run goes on from there.
 */
import { StoreError } from './errors.ts';
import { limits } from './limits.ts';
import type { StoreLog } from './log.ts';
import { judgeLogin } from './login-role.ts';
import { missingMigrations, platformScript, tenantScript } from './migration-plan.ts';
import { makeRecords, platformApplied, step, type TenantRecord, tenantRecords } from './migration-records.ts';
import { type Migration, platformMigrations, tenantMigrations } from './migrations/all.ts';
import type { Database } from './unit-of-work.ts';

export interface MigrationSets {
  platform: readonly Migration[];
  tenant: readonly Migration[];
}

export const currentSets: MigrationSets = { platform: platformMigrations, tenant: tenantMigrations };

export interface TenantFailure {
  tenantId: string;
  slug: string;
  error: StoreError;
}

/** `of` tenants have steps missing; told after each that is done or has failed. */
export interface MigrationProgress {
  of: number;
  done: number;
  failed: number;
  slug: string;
}

export interface MigrateOptions {
  onProgress?(progress: MigrationProgress): void;
  /** Told of each tenant that cannot be brought up, after all others were; without it `migrate` fails then. */
  onFailed?(failure: TenantFailure): void;
}

export async function migrate(
  db: Database,
  log: StoreLog,
  sets: MigrationSets = currentSets,
  options: MigrateOptions = {},
): Promise<void> {
  await db.asPlatform(async (unit) => {
    await judgeLogin(unit);
    let applied = await platformApplied(unit);
    if (applied === null) {
      await makeRecords(unit);
      applied = [];
    }
    for (const migration of missingMigrations(sets.platform, applied, 'the platform')) {
      await step(unit, platformScript(migration), `platform migration ${migration.version}`);
      log.info({ version: migration.version, name: migration.name }, 'platform migrated');
    }
  });
  const failures = await migrateTenants(db, log, sets.tenant, options);
  const [first] = failures;
  if (first === undefined) return;
  if (options.onFailed !== undefined) failures.forEach(options.onFailed);
  else if (failures.length === 1) throw first.error;
  else {
    const what = `${failures.length} tenants could not be migrated; ${first.slug}: ${first.error.message}`;
    throw new StoreError(first.error.code, what, { cause: first.error });
  }
}

interface Work {
  tenant: TenantRecord;
  missing: Migration[];
}

/** One tenant's failure is its own; a database that is away ends it all. */
async function migrateTenants(
  db: Database,
  log: StoreLog,
  known: readonly Migration[],
  { onProgress }: MigrateOptions,
): Promise<TenantFailure[]> {
  const failures: TenantFailure[] = [];
  const work: Work[] = [];
  for (const tenant of await db.asPlatform(tenantRecords)) {
    try {
      const missing = missingMigrations(known, tenant.applied, `tenant ${tenant.slug}`);
      if (missing.length > 0) work.push({ tenant, missing });
    } catch (error) {
      failures.push({ tenantId: tenant.id, slug: tenant.slug, error: error as StoreError });
    }
  }
  let done = 0;
  const queue = work.values();
  const worker = async () => {
    for (const { tenant, missing } of queue) {
      try {
        await migrateTenant(db, tenant, missing);
        done += 1;
      } catch (error) {
        if (!(error instanceof StoreError) || error.code === 'store_unavailable') throw error;
        failures.push({ tenantId: tenant.id, slug: tenant.slug, error });
      }
      onProgress?.({ of: work.length, done, failed: failures.length, slug: tenant.slug });
    }
  };
  await Promise.all(Array.from({ length: limits.tenantMigrationsAtOnce }, worker));
  if (work.length > 0) log.info({ tenants: done, failed: failures.length }, 'tenants migrated');
  return failures;
}

const forget = 'DELETE FROM platform.migration_failures WHERE tenant_id = $1';
const remember = `
INSERT INTO platform.migration_failures (tenant_id, version, error) VALUES ($1, $2, $3)
ON CONFLICT (tenant_id) DO UPDATE SET version = excluded.version, error = excluded.error, failed_at = now()`;

async function migrateTenant(db: Database, { id, slug }: TenantRecord, missing: Migration[]): Promise<void> {
  for (const migration of missing) {
    const what = `migration ${migration.version} of tenant ${slug}`;
    try {
      await db.asPlatform((unit) => step(unit, tenantScript(id, migration), what));
    } catch (error) {
      if (error instanceof StoreError && error.code === 'migration_failed')
        await db.asPlatform((unit) => unit.query(remember, [id, migration.version, error.message]));
      throw error;
    }
  }
  await db.asPlatform((unit) => unit.query(forget, [id]));
}
