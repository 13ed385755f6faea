/**
 * Brings a database to the schema that this code knows: login role judged, platform set, then every tenant's set. Each
 * migration is one round trip and one transaction with its own record, under an advisory lock, so several processes may
 * start at once and a kill leaves whole steps only.
 */
import { StoreError } from './errors.ts';
import { limits } from './limits.ts';
import type { StoreLog } from './log.ts';
import { type Applied, missingMigrations, platformScript, tenantScript } from './migration-plan.ts';
import { type Migration, platformMigrations, tenantMigrations } from './migrations/all.ts';
import { sqlStateOf } from './pg-errors.ts';
import type { Database, Unit } from './unit-of-work.ts';

export interface MigrationSets {
  platform: readonly Migration[];
  tenant: readonly Migration[];
}

const currentSets: MigrationSets = { platform: platformMigrations, tenant: tenantMigrations };

/** "picket" in the first half; the second tells our locks apart. */
const advisoryLock = 'SELECT pg_advisory_xact_lock(1885956971, 1);';

const withinLock = `
SET LOCAL lock_timeout = ${limits.migrationLockTimeoutMs};
SET LOCAL statement_timeout = ${limits.migrationTimeoutMs};
${advisoryLock}
`;

const records = `
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

export async function migrate(db: Database, log: StoreLog, sets: MigrationSets = currentSets): Promise<void> {
  await db.asPlatform(async (unit) => {
    await judgeLogin(unit);
    if (!(await hasRecords(unit))) await apply(unit, records, 'the first records of migrations');
    const applied = await unit.query<Applied & { version: number }>(
      'SELECT version, checksum FROM platform.migrations ORDER BY version',
    );
    for (const migration of missingMigrations(sets.platform, applied, 'the platform')) {
      await apply(unit, platformScript(migration), `platform migration ${migration.version}`);
      log.info({ version: migration.version, name: migration.name }, 'platform migrated');
    }
  });
  await migrateTenants(db, log, sets);
}

async function hasRecords(unit: Unit): Promise<boolean> {
  const rows = await unit.query<{ there: boolean }>(
    "SELECT to_regclass('platform.migrations') IS NOT NULL AND to_regclass('platform.tenant_migrations') IS NOT NULL AS there",
  );
  return rows[0]?.there === true;
}

async function apply(unit: Unit, script: string, what: string): Promise<void> {
  try {
    await unit.script(withinLock + script);
  } catch (error) {
    const cause = error instanceof StoreError ? error.cause : error;
    // Another process recorded the same step a moment ago: it is done.
    if (sqlStateOf(cause) === '23505') return;
    if (error instanceof StoreError && error.code !== 'query_failed') throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreError('migration_failed', `${what} failed and changed nothing: ${reason}`, { cause });
  }
}

async function migrateTenants(db: Database, log: StoreLog, sets: MigrationSets): Promise<void> {
  const tenants = await db.asPlatform((unit) =>
    unit.query<{ id: string; applied: Applied[] }>(
      `SELECT t.id, coalesce(json_agg(json_build_object('version', m.version, 'checksum', m.checksum) ORDER BY m.version)
         FILTER (WHERE m.version IS NOT NULL), '[]') AS applied
       FROM platform.tenants t LEFT JOIN platform.tenant_migrations m ON m.tenant_id = t.id
       WHERE t.status <> 'cancelled' GROUP BY t.id ORDER BY t.id`,
    ),
  );
  const work = tenants.flatMap(({ id, applied }) => {
    const missing = missingMigrations(sets.tenant, applied, `tenant ${id}`);
    return missing.length > 0 ? [{ id, missing }] : [];
  });
  const queue = work.values();
  const worker = async () => {
    for (const { id, missing } of queue) {
      await db.asPlatform(async (unit) => {
        for (const migration of missing) {
          await apply(unit, tenantScript(id, migration), `migration ${migration.version} of tenant ${id}`);
        }
      });
    }
  };
  await Promise.all(Array.from({ length: limits.tenantMigrationsAtOnce }, worker));
  if (work.length > 0) log.info({ tenants: work.length }, 'tenants migrated');
}

interface Login extends Record<string, unknown> {
  name: string;
  superuser: boolean;
  bypass: boolean;
  createrole: boolean;
  inherit: boolean;
  may_create: boolean;
  server: number;
}

/** Isolation rests on the login role being unable to see past row-level security, so a stronger one is refused. */
async function judgeLogin(unit: Unit): Promise<void> {
  const [login] = await unit.query<Login>(
    `SELECT rolname AS name, rolsuper AS superuser, rolbypassrls AS bypass, rolcreaterole AS createrole,
       rolinherit AS inherit, has_database_privilege(current_database(), 'CREATE') AS may_create,
       current_setting('server_version_num')::int AS server
     FROM pg_roles WHERE rolname = session_user`,
  );
  if (!login) throw new StoreError('login_role_unfit', 'the login role cannot see itself in pg_roles');
  const problems: string[] = [];
  if (login.server < 150_000) problems.push('the server is older than PostgreSQL 15');
  if (login.superuser) problems.push('it is a superuser (ALTER ROLE ... NOSUPERUSER)');
  if (login.bypass) problems.push('it bypasses row-level security (ALTER ROLE ... NOBYPASSRLS)');
  if (!login.createrole) problems.push('it may not create roles (ALTER ROLE ... CREATEROLE)');
  if (!login.may_create) problems.push('it may not create schemas (GRANT CREATE ON DATABASE ... TO ...)');
  if (login.inherit && login.server < 160_000) {
    problems.push('on PostgreSQL 15 it must not inherit (ALTER ROLE ... NOINHERIT)');
  }
  if (problems.length > 0) {
    throw new StoreError('login_role_unfit', `the login role ${login.name} is unfit: ${problems.join('; ')}`);
  }
}
