/** How far platform and tenants are from the schema that this code knows: read from the records, changes nothing. */
import { StoreError } from './errors.ts';
import { currentSets, type MigrationSets } from './migrate.ts';
import { type Applied, fitOf, missingMigrations } from './migration-plan.ts';
import { platformApplied, tenantRecords } from './migration-records.ts';
import type { Migration } from './migrations/all.ts';
import type { Database } from './unit-of-work.ts';

/**
 * `previous`: one version behind, and in use; `too_old`: further behind, not run until it is migrated; `failed`: behind,
 * and the last try went wrong; `too_new` and `changed`: another Picket's.
 */
export type SchemaState = 'current' | 'previous' | 'too_old' | 'failed' | 'too_new' | 'changed';

export interface SchemaPart {
  /** 0: nothing of ours is there. */
  version: number;
  latest: number;
  state: SchemaState;
  pending: number[];
  error: string | null;
}

export interface TenantPart extends SchemaPart {
  tenantId: string;
  slug: string;
}

export interface SchemaStatus {
  platform: SchemaPart;
  tenants: TenantPart[];
}

export async function schemaStatus(db: Database, sets: MigrationSets = currentSets): Promise<SchemaStatus> {
  return await db.asPlatform(async (unit) => {
    const applied = await platformApplied(unit);
    const part = partOf(sets.platform, applied ?? [], 'the platform', null);
    // All tenants rest on it, so there is no code that goes on with the version before.
    const platform: SchemaPart = part.state === 'previous' ? { ...part, state: 'too_old' } : part;
    if (applied === null) return { platform, tenants: [] };
    const failures = applied.some(({ version }) => version === 4)
      ? await unit.query<{ tenant_id: string; error: string }>(
          'SELECT tenant_id, error FROM platform.migration_failures',
        )
      : [];
    const errors = new Map(failures.map(({ tenant_id, error }) => [tenant_id, error]));
    const tenants = (await tenantRecords(unit)).map(({ id, slug, applied: steps }) => ({
      tenantId: id,
      slug,
      ...partOf(sets.tenant, steps, `tenant ${slug}`, errors.get(id) ?? null),
    }));
    return { platform, tenants };
  });
}

export function partOf(
  known: readonly Migration[],
  applied: readonly Applied[],
  subject: string,
  failure: string | null,
): SchemaPart {
  const version = Math.max(0, ...applied.map((row) => row.version));
  const latest = known.at(-1)?.version ?? 0;
  try {
    const pending = missingMigrations(known, applied, subject).map((migration) => migration.version);
    if (pending.length === 0) return { version, latest, state: 'current', pending, error: null };
    if (failure !== null) return { version, latest, state: 'failed', pending, error: failure };
    const state = fitOf(known, version) === 'previous' ? 'previous' : 'too_old';
    return { version, latest, state, pending, error: null };
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const state = error.code === 'migration_changed' ? 'changed' : 'too_new';
    return { version, latest, state, pending: [], error: error.message };
  }
}
