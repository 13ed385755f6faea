/**
 * What the database says was applied, of the platform and of each tenant; and one step run with its record. Between
 * the plan (`migration-plan.ts`) and those who carry it out.
 */
import type { TenantStatus } from '../actors/ports/tenant-store.ts';
import { StoreError } from './errors.ts';
import { limits } from './limits.ts';
import type { Applied } from './migration-plan.ts';
import { sqlStateOf } from './pg-errors.ts';
import type { Unit } from './unit-of-work.ts';

const records = `
SELECT pg_advisory_xact_lock(1885956971, 1);
CREATE SCHEMA IF NOT EXISTS platform;
CREATE TABLE IF NOT EXISTS platform.migrations (
  version integer PRIMARY KEY,
  name text NOT NULL,
  checksum text NOT NULL,
  applied_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS platform.tenant_migrations (
  tenant_id text NOT NULL,
  version integer NOT NULL,
  name text NOT NULL,
  checksum text NOT NULL,
  applied_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, version)
);`;

export interface TenantRecord extends Record<string, unknown> {
  id: string;
  slug: string;
  status: TenantStatus;
  applied: Applied[];
}

/** Null when nothing of ours was ever applied here. */
export async function platformApplied(unit: Unit): Promise<Applied[] | null> {
  const [row] = await unit.query<{ there: boolean }>(
    "SELECT to_regclass('platform.migrations') IS NOT NULL AND to_regclass('platform.tenant_migrations') IS NOT NULL AS there",
  );
  if (row?.there !== true) return null;
  return await unit.query<Applied & { version: number }>(
    'SELECT version, checksum FROM platform.migrations ORDER BY version',
  );
}

export async function makeRecords(unit: Unit): Promise<void> {
  await step(unit, records, 'the first records of migrations');
}

/** Those that have a schema, by slug. A tenant that is half made is its provisioning's matter. */
export async function tenantRecords(unit: Unit): Promise<TenantRecord[]> {
  const [row] = await unit.query<{ there: boolean }>(
    "SELECT to_regclass('platform.tenants') IS NOT NULL AS there",
  );
  if (row?.there !== true) return [];
  return await unit.query<TenantRecord>(
    `SELECT t.id, t.slug, t.status,
       json_agg(json_build_object('version', m.version, 'checksum', m.checksum) ORDER BY m.version) AS applied
     FROM platform.tenants t JOIN platform.tenant_migrations m ON m.tenant_id = t.id
     WHERE t.status IN ('active', 'suspended') GROUP BY t.id ORDER BY t.slug, t.id`,
  );
}

export type StepOutcome = 'done' | 'done_elsewhere';

/** One transaction and one round trip. A failure changes nothing and is a `migration_failed` that says why. */
export async function step(unit: Unit, script: string, what: string): Promise<StepOutcome> {
  try {
    await unit.script(`
SET LOCAL lock_timeout = ${limits.migrationLockTimeoutMs};
SET LOCAL statement_timeout = ${limits.migrationTimeoutMs};
${script}`);
    return 'done';
  } catch (error) {
    const cause = error instanceof StoreError ? error.cause : error;
    // Another process recorded the same step a moment ago: it is done.
    if (sqlStateOf(cause) === '23505' && isRecord(cause)) return 'done_elsewhere';
    if (error instanceof StoreError && error.code !== 'query_failed') throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreError('migration_failed', `${what} failed and changed nothing: ${reason}`, { cause });
  }
}

/** Told from a row of the migration's own that was there twice. */
function isRecord(error: unknown): boolean {
  const { schema, table } = error as { schema?: string; table?: string };
  return schema === 'platform' && (table === 'migrations' || table === 'tenant_migrations');
}
