/**
 * Which migrations are missing or may be taken back, decided from what the database says it has; and the scripts that do
 * so. Pure: the statements are run by `migrate.ts`, `rollback.ts` and, for a new tenant, by its provisioning.
 */
import { StoreError } from './errors.ts';
import { tenantRole } from './ids.ts';
import { checksumOf, type Migration } from './migrations/all.ts';

export interface Applied {
  version: number;
  checksum: string;
}

/** The migrations still to run, in order. `subject` names the schema in errors. */
export function missingMigrations(
  known: readonly Migration[],
  applied: readonly Applied[],
  subject: string,
): Migration[] {
  for (const row of applied) {
    const migration = known.find((candidate) => candidate.version === row.version);
    if (!migration) {
      throw new StoreError(
        'database_newer_than_code',
        `${subject} is at schema version ${row.version}, this Picket knows up to ${known.at(-1)?.version ?? 0}: ` +
          'run the newer Picket that migrated it',
      );
    }
    if (checksumOf(migration) !== row.checksum) {
      throw new StoreError(
        'migration_changed',
        `migration ${row.version} (${migration.name}) of ${subject} differs from the one that was applied: ` +
          'restore the released text of that migration',
      );
    }
  }
  const done = new Set(applied.map((row) => row.version));
  return known.filter((migration) => !done.has(migration.version));
}

/**
 * How a schema at `version` suits this code: it works with the newest version and with the one before it, so that code
 * is replaced first and tenants are migrated afterwards, one by one.
 */
export type SchemaFit = 'current' | 'previous' | 'too_old' | 'too_new';

export function fitOf(known: readonly Migration[], version: number): SchemaFit {
  const at = known.findIndex((migration) => migration.version === version);
  if (at === known.length - 1) return 'current';
  if (at === known.length - 2) return at >= 0 ? 'previous' : 'too_old';
  return version > (known.at(-1)?.version ?? 0) ? 'too_new' : 'too_old';
}

/** The last step that was applied, when this code can take it back. */
export function lastStep(
  known: readonly Migration[],
  applied: readonly Applied[],
  subject: string,
): Migration & { down: string } {
  // What was changed or is unknown here is not ours to undo.
  missingMigrations(known, applied, subject);
  const version = Math.max(0, ...applied.map((row) => row.version));
  const last = known.find((migration) => migration.version === version);
  const { down = null } = last ?? {};
  if (last === undefined || down === null) {
    const why = last === undefined ? 'no migration was applied' : `nothing lies under version ${version}`;
    throw new StoreError('no_rollback', `${subject} cannot be taken back: ${why}`);
  }
  return { ...last, down };
}

function literal(migration: Migration): string {
  if (!/^[a-z0-9 ]+$/.test(migration.name))
    throw new StoreError('invalid_input', `bad migration name ${migration.name}`);
  return `${Number(migration.version)}, '${migration.name}', '${checksumOf(migration)}'`;
}

/** "picket" in the first half; the second tells our locks apart. A platform's step excludes every other step. */
const platformLock = 'SELECT pg_advisory_xact_lock(1885956971, 1);';

/** Steps of different tenants go side by side, those of one tenant one after the other. */
export function tenantLock(tenantId: string): string {
  return `SELECT pg_advisory_xact_lock_shared(1885956971, 1);
SELECT pg_advisory_xact_lock(1885956972, hashtext('${tenantId}'));`;
}

/** The row comes first: whoever comes second fails on it (23505) before touching anything. */
export function platformScript(migration: Migration): string {
  return `${platformLock}
INSERT INTO platform.migrations (version, name, checksum) VALUES (${literal(migration)});
${migration.sql}`;
}

export function tenantScript(tenantId: string, migration: Migration): string {
  return `${tenantLock(tenantId)}
INSERT INTO platform.tenant_migrations (tenant_id, version, name, checksum)
  VALUES ('${tenantId}', ${literal(migration)});
${asTenant(tenantId, migration.sql)}`;
}

export function platformRollback({ version, down }: Migration & { down: string }): string {
  return `${platformLock}
${unrecord('platform.migrations', 'true', version)}
${down}`;
}

export function tenantRollback(tenantId: string, { version, down }: Migration & { down: string }): string {
  return `${tenantLock(tenantId)}
${unrecord('platform.tenant_migrations', `tenant_id = '${tenantId}'`, version)}
${asTenant(tenantId, down)}`;
}

function asTenant(tenantId: string, sql: string): string {
  const role = tenantRole(tenantId);
  return `SET LOCAL ROLE ${role};
SET LOCAL search_path = ${role};
${sql}
SET LOCAL search_path = '';
SET LOCAL ROLE NONE;`;
}

/** Fails (P0002) unless the step is still the last: another process may have been here since it was read. */
function unrecord(table: string, where: string, version: number): string {
  return `DO $$ BEGIN
  DELETE FROM ${table} m WHERE ${where} AND version = ${Number(version)}
    AND NOT EXISTS (SELECT FROM ${table} WHERE ${where} AND version > ${Number(version)});
  IF NOT FOUND THEN RAISE no_data_found USING MESSAGE = 'version ${Number(version)} is no longer the last'; END IF;
END $$;`;
}
