/**
 * Tenants: rows in `platform`, and all that a tenant has (role, schema, tables) made with its row in one transaction and
 * one round trip, so nothing half can remain. Slugs are for people; ids name everything and are never reused.
 */
import type { Tenant, TenantStatus, TenantStore } from '../actors/ports/tenant-store.ts';
import { StoreError } from './errors.ts';
import { newTenantId, slugProblem, tenantRole } from './ids.ts';
import { limits } from './limits.ts';
import { tenantScript } from './migration-plan.ts';
import { type Migration, tenantMigrations } from './migrations/all.ts';
import { constraintOf, sqlStateOf } from './pg-errors.ts';
import type { Database } from './unit-of-work.ts';

interface TenantColumns extends Record<string, unknown> {
  id: string;
  slug: string;
  name: string;
  status: TenantStatus;
  created_at: number;
}

const columns = 'id, slug, name, status, created_at';

function toTenant(row: TenantColumns): Tenant {
  return { id: row.id, slug: row.slug, name: row.name, status: row.status, createdAtMs: row.created_at };
}

/**
 * One implicit transaction. `picket_tenant` carries the rights on telemetry, so that a shared table's access list does
 * not grow with every tenant. A tenant's id and a slug share one namespace: neither may read as the other.
 */
function provisionScript(tenantId: string, migrations: readonly Migration[]): string {
  const role = tenantRole(tenantId);
  return `
SET LOCAL lock_timeout = ${limits.migrationLockTimeoutMs};
INSERT INTO platform.tenants (id, slug, name, status)
  VALUES ('${tenantId}', current_setting('picket.new_slug'), current_setting('picket.new_name'), 'active');
CREATE ROLE ${role} NOLOGIN;
DO $$ BEGIN
  EXECUTE format('GRANT ${role} TO %I', current_user)
    || CASE WHEN current_setting('server_version_num')::int >= 160000 THEN ' WITH INHERIT FALSE, SET TRUE' ELSE '' END;
END $$;
GRANT picket_tenant TO ${role};
CREATE SCHEMA ${role} AUTHORIZATION ${role};
${migrations.map((migration) => tenantScript(tenantId, migration)).join('\n')}`;
}

type Created = Awaited<ReturnType<TenantStore['create']>>;

export function createTenantStore(
  db: Database,
  migrations: readonly Migration[] = tenantMigrations,
): TenantStore {
  async function find(idOrSlug: string): Promise<Tenant | null> {
    const rows = await db.asPlatform((unit) =>
      unit.query<TenantColumns>(
        `SELECT ${columns} FROM platform.tenants WHERE id = $1 OR slug = $1
         ORDER BY id = $1 DESC, status <> 'cancelled' DESC, created_at DESC LIMIT 1`,
        [idOrSlug.replaceAll('\u0000', '')],
      ),
    );
    return rows[0] ? toTenant(rows[0]) : null;
  }

  async function provision(tenantId: string, slug: string, name: string): Promise<Created | 'id_taken'> {
    try {
      await db.asPlatform((unit) =>
        unit.script(provisionScript(tenantId, migrations), {
          'picket.new_slug': slug,
          'picket.new_name': name,
        }),
      );
    } catch (error) {
      const cause = error instanceof StoreError ? error.cause : error;
      if (sqlStateOf(cause) === '23505' && constraintOf(cause) === 'tenants_live_slug')
        return slugTaken(slug);
      if (sqlStateOf(cause) === '23505' && constraintOf(cause) === 'tenants_pkey') return 'id_taken';
      if (error instanceof StoreError && error.code === 'query_failed') {
        return { refused: 'provisioning_failed', detail: `nothing was made: ${error.message}` };
      }
      throw error;
    }
    const tenant = await find(tenantId);
    if (!tenant) throw new StoreError('query_failed', `tenant ${tenantId} was made and is not there`);
    return { tenant };
  }

  return {
    async create(slug, name) {
      const problem = slugProblem(slug);
      if (problem !== null) return { refused: 'bad_slug', detail: problem };
      const shownName = name.replaceAll('\u0000', '').trim().slice(0, limits.tenantNameCharsMax) || slug;
      const namesake = await find(slug);
      if (namesake !== null && (namesake.id === slug || namesake.status !== 'cancelled'))
        return slugTaken(slug);
      for (let attempt = 0; attempt < limits.idAttemptsMax; attempt += 1) {
        const tenantId = newTenantId();
        if ((await find(tenantId)) !== null) continue;
        const answer = await provision(tenantId, slug, shownName);
        if (answer !== 'id_taken') return answer;
      }
      return { refused: 'provisioning_failed', detail: 'every id drawn was taken' };
    },
    async list() {
      const rows = await db.asPlatform((unit) =>
        unit.query<TenantColumns>(`SELECT ${columns} FROM platform.tenants ORDER BY created_at, id`),
      );
      return rows.map(toTenant);
    },
    find,
  };
}

function slugTaken(slug: string): Created {
  return { refused: 'slug_taken', detail: `another tenant is called "${slug}"` };
}
