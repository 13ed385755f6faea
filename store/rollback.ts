/**
 * Takes back the last step of the platform's or of tenants' schemas, each in one transaction with its record. What only
 * that step held is lost. The code goes on with a tenant that is one version behind; a platform must be at its newest.
 */
import { StoreError } from './errors.ts';
import { limits } from './limits.ts';
import { currentSets, type MigrationProgress, type MigrationSets } from './migrate.ts';
import { lastStep, platformRollback, tenantRollback } from './migration-plan.ts';
import { platformApplied, step, type TenantRecord, tenantRecords } from './migration-records.ts';
import type { Database } from './unit-of-work.ts';

/** `tenant`: by id or slug. */
export type RollbackTarget = 'platform' | 'all_tenants' | { tenant: string };

export interface RolledBack {
  /** Null: the platform. */
  tenantId: string | null;
  slug: string | null;
  /** The version that was taken back, and its name. */
  version: number;
  name: string;
}

export async function rollback(
  db: Database,
  target: RollbackTarget,
  sets: MigrationSets = currentSets,
  onProgress: (progress: MigrationProgress) => void = () => {},
): Promise<RolledBack[]> {
  if (target === 'platform') return [await rollbackPlatform(db, sets)];
  const tenants = wanted(await db.asPlatform(tenantRecords), target);
  // All of them are judged before the first is changed; those that are behind the others already stay as they are.
  const newest = Math.max(...tenants.map(versionOf));
  const work = tenants
    .filter((tenant) => versionOf(tenant) === newest)
    .map((tenant) => ({ tenant, last: lastStep(sets.tenant, tenant.applied, `tenant ${tenant.slug}`) }));
  const queue = work.values();
  const rolledBack: RolledBack[] = [];
  const worker = async () => {
    for (const { tenant, last } of queue) {
      const { id, slug } = tenant;
      const { version, name } = last;
      const what = `the way back from version ${version} of tenant ${slug}`;
      await db.asPlatform((unit) => step(unit, tenantRollback(id, last), what));
      rolledBack.push({ tenantId: id, slug, version, name });
      onProgress({ of: work.length, done: rolledBack.length, failed: 0, slug });
    }
  };
  await Promise.all(Array.from({ length: limits.tenantMigrationsAtOnce }, worker));
  return rolledBack.sort((a, b) => a.slug!.localeCompare(b.slug!));
}

function versionOf(tenant: TenantRecord): number {
  return Math.max(...tenant.applied.map(({ version }) => version));
}

async function rollbackPlatform(db: Database, sets: MigrationSets): Promise<RolledBack> {
  return await db.asPlatform(async (unit) => {
    const last = lastStep(sets.platform, (await platformApplied(unit)) ?? [], 'the platform');
    const { version, name } = last;
    await step(unit, platformRollback(last), `the way back from version ${version} of the platform`);
    return { tenantId: null, slug: null, version, name };
  });
}

function wanted(tenants: TenantRecord[], target: Exclude<RollbackTarget, 'platform'>): TenantRecord[] {
  const found =
    target === 'all_tenants'
      ? tenants
      : tenants.filter(({ id, slug }) => id === target.tenant || slug === target.tenant).slice(0, 1);
  if (found.length > 0) return found;
  const what =
    target === 'all_tenants' ? 'no tenant has a schema' : `no tenant "${target.tenant}" has a schema`;
  throw new StoreError('no_such_tenant', what);
}
