/**
 * All that a tenant has, made in steps: each is one transaction under the tenant's lock and changes nothing when it is
 * there already. So a process that is killed between any two leaves whole steps, and whoever provisions the tenant again
 * does the rest. What the tables hold from the start comes with them, in their migrations.
 */
import type { Tenant } from '../actors/ports/tenant-store.ts';
import { StoreError } from './errors.ts';
import { tenantRole } from './ids.ts';
import { type Applied, missingMigrations, tenantLock, tenantScript } from './migration-plan.ts';
import { step } from './migration-records.ts';
import type { Migration } from './migrations/all.ts';
import type { Partitions } from './partitions.ts';
import { sqlStateOf } from './pg-errors.ts';
import { moveTenant, tenantById } from './tenant-rows.ts';
import type { Database } from './unit-of-work.ts';

/** Told before each step by its name. A test may fail or end there; nothing in the product gives one. */
export type StepSeam = (step: string) => Promise<void> | void;

export interface Provisioning {
  db: Database;
  partitions: Partitions;
  migrations: readonly Migration[];
  seam: StepSeam;
}

/**
 * `picket_tenant` carries the rights on telemetry, so that a shared table's access list does not grow with every tenant.
 * The login role may become the tenant and inherits nothing of it.
 */
function stepsOf(tenantId: string): { name: string; sql: string }[] {
  const role = tenantRole(tenantId);
  return [
    {
      name: 'role',
      sql: `DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN CREATE ROLE ${role} NOLOGIN; END IF;
  EXECUTE format('GRANT ${role} TO %I', current_user)
    || CASE WHEN current_setting('server_version_num')::int >= 160000 THEN ' WITH INHERIT FALSE, SET TRUE' ELSE '' END;
END $$;`,
    },
    { name: 'grants', sql: `GRANT picket_tenant TO ${role};` },
    { name: 'schema', sql: `CREATE SCHEMA IF NOT EXISTS ${role} AUTHORIZATION ${role};` },
  ];
}

/** Role, rights and schema at once, for who makes a tenant in one transaction. */
export function foundationOf(tenantId: string): string {
  return [tenantLock(tenantId), ...stepsOf(tenantId).map(({ sql }) => sql)].join('\n');
}

/** Removes schema, role and records, whichever of them are there. */
export function removalScript(tenantId: string): string {
  const role = tenantRole(tenantId);
  return `${tenantLock(tenantId)}
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN
    SET LOCAL ROLE ${role};
    DROP SCHEMA IF EXISTS ${role} CASCADE;
    SET LOCAL ROLE NONE;
    DROP ROLE ${role};
  END IF;
END $$;
DELETE FROM platform.tenant_migrations WHERE tenant_id = '${tenantId}';
DELETE FROM platform.migration_failures WHERE tenant_id = '${tenantId}';`;
}

/** A tenant that nobody provisions any more is answered as it is; one that fails is left without anything but its row. */
export async function provision(work: Provisioning, tenantId: string): Promise<Tenant> {
  const { db, partitions, seam } = work;
  const before = await db.asPlatform((unit) => tenantById(unit, tenantId));
  if (before.status !== 'provisioning') return before;
  try {
    for (const { name, sql } of stepsOf(tenantId)) await run(work, tenantId, name, guarded(tenantId, sql));
    for (const migration of await missing(work, tenantId)) {
      await run(
        work,
        tenantId,
        `tables ${migration.version}`,
        guarded(tenantId, tenantScript(tenantId, migration)),
      );
    }
    await seam('partition');
    await partitions.makeNow();
    await seam('provisioned');
  } catch (error) {
    if (!isFailure(error)) throw error;
    return await failed(work, tenantId, error as Error);
  }
  const moved = await moveTenant(db, tenantId, 'provisioned', 'provisioning', null);
  // Another process was faster: it is active already, or was told to be something else since.
  return 'tenant' in moved ? moved.tenant : await db.asPlatform((unit) => tenantById(unit, tenantId));
}

async function run({ db, seam }: Provisioning, tenantId: string, name: string, sql: string): Promise<void> {
  await seam(name);
  await db.asPlatform((unit) => step(unit, sql, `step "${name}" of tenant ${tenantId}`));
}

/** The statements, while the tenant is in that state; in any other they fail with P0002 and change nothing. */
function onlyWhile(
  tenantId: string,
  status: 'provisioning' | 'failed',
  otherwise: string,
  sql: string,
): string {
  return `${tenantLock(tenantId)}
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM platform.tenants WHERE id = '${tenantId}' AND status = '${status}') THEN
    RAISE no_data_found USING MESSAGE = '${otherwise}';
  END IF;
END $$;
${sql}`;
}

/** Nothing is made for a tenant that failed, or was removed, since this began. */
function guarded(tenantId: string, sql: string): string {
  return onlyWhile(tenantId, 'provisioning', 'the tenant is no longer being provisioned', sql);
}

async function missing({ db, migrations }: Provisioning, tenantId: string): Promise<Migration[]> {
  const applied = await db.asPlatform((unit) =>
    unit.query<Applied & { version: number }>(
      'SELECT version, checksum FROM platform.tenant_migrations WHERE tenant_id = $1 ORDER BY version',
      [tenantId],
    ),
  );
  return missingMigrations(migrations, applied, `tenant ${tenantId}`);
}

/** What trying again would not mend; a database that is away is no failure of the tenant's. */
function isFailure(error: unknown): boolean {
  return !(error instanceof StoreError) || error.code !== 'store_unavailable';
}

async function failed({ db }: Provisioning, tenantId: string, error: Error): Promise<Tenant> {
  const moved = await moveTenant(db, tenantId, 'fail', 'provisioning', error.message);
  if (!('tenant' in moved)) return await db.asPlatform((unit) => tenantById(unit, tenantId));
  try {
    await db.asPlatform((unit) => step(unit, removalOfFailed(tenantId), `the removal of tenant ${tenantId}`));
  } catch (refused) {
    if (!(refused instanceof StoreError) || sqlStateOf(refused.cause) !== 'P0002') throw refused;
  }
  return moved.tenant;
}

/** It may be provisioned again already. */
function removalOfFailed(tenantId: string): string {
  return onlyWhile(tenantId, 'failed', 'the tenant is no longer failed', removalScript(tenantId));
}
