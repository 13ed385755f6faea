/**
 * Which migrations are missing, decided from what the database says it has; and the script that applies one. Pure: the
 * statements are run by `migrate.ts` and, for a new tenant, by `tenants.ts`.
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

function literal(migration: Migration): string {
  if (!/^[a-z0-9 ]+$/.test(migration.name))
    throw new StoreError('invalid_input', `bad migration name ${migration.name}`);
  return `${Number(migration.version)}, '${migration.name}', '${checksumOf(migration)}'`;
}

/** The row comes first: whoever comes second fails on it (23505) before touching anything. */
export function platformScript(migration: Migration): string {
  return `INSERT INTO platform.migrations (version, name, checksum) VALUES (${literal(migration)});\n${migration.sql}`;
}

export function tenantScript(tenantId: string, migration: Migration): string {
  const role = tenantRole(tenantId);
  return `INSERT INTO platform.tenant_migrations (tenant_id, version, name, checksum)
  VALUES ('${tenantId}', ${literal(migration)});
SET LOCAL ROLE ${role};
SET LOCAL search_path = ${role};
${migration.sql}
SET LOCAL search_path = '';
SET LOCAL ROLE NONE;`;
}
