/** Tenants as rows: how they are read, and the one way in which their status changes. */

import { refusalText } from '../actors/ports/lifecycle.ts';
import { type TenantEvent, tenantLife } from '../actors/ports/tenant-lifecycle.ts';
import type { Tenant, TenantStatus } from '../actors/ports/tenant-store.ts';
import { auditText, plainText } from './audit-text.ts';
import { StoreError } from './errors.ts';
import { limits } from './limits.ts';
import { fitOf } from './migration-plan.ts';
import { tenantMigrations } from './migrations/all.ts';
import type { Database, Unit } from './unit-of-work.ts';

interface TenantColumns extends Record<string, unknown> {
  id: string;
  slug: string;
  name: string;
  status: TenantStatus;
  status_at: number;
  created_at: number;
  plan: string;
  quota_devices: number | null;
  quota_users: number | null;
  quota_checks: number | null;
  quota_results_per_day: number | null;
  purged_at: number | null;
  schema_version: number | null;
}

const tenants = `
SELECT t.id, t.slug, t.name, t.status, t.status_at, t.created_at, t.plan, t.purged_at, p.quota_devices, p.quota_users,
  p.quota_checks, p.quota_results_per_day,
  (SELECT max(m.version) FROM platform.tenant_migrations m WHERE m.tenant_id = t.id) AS schema_version
FROM platform.tenants t JOIN platform.plans p ON p.name = t.plan`;

const byName = `${tenants} WHERE t.id = $1 OR t.slug = $1
ORDER BY t.id = $1 DESC, t.status <> 'cancelled' DESC, t.created_at DESC LIMIT 1`;

function toTenant(row: TenantColumns): Tenant {
  const fit = row.schema_version === null ? 'too_old' : fitOf(tenantMigrations, row.schema_version);
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    status: row.status,
    statusAtMs: row.status_at,
    createdAtMs: row.created_at,
    plan: row.plan,
    quotas: {
      devices: row.quota_devices,
      users: row.quota_users,
      checks: row.quota_checks,
      resultsPerDay: row.quota_results_per_day,
    },
    schemaFits: fit === 'current' || fit === 'previous',
    purgedAtMs: row.purged_at,
  };
}

export async function listTenants(unit: Unit): Promise<Tenant[]> {
  const rows = await unit.query<TenantColumns>(`${tenants} ORDER BY t.created_at, t.id`);
  return rows.map(toTenant);
}

/** By id or slug; null when there is none. */
export async function findTenant(unit: Unit, idOrSlug: string): Promise<Tenant | null> {
  const [row] = await unit.query<TenantColumns>(byName, [plainText(idOrSlug)]);
  return row ? toTenant(row) : null;
}

export async function tenantById(unit: Unit, tenantId: string): Promise<Tenant> {
  const tenant = await findTenant(unit, tenantId);
  if (tenant?.id === tenantId) return tenant;
  throw new StoreError('no_such_tenant', `there is no tenant of id ${JSON.stringify(tenantId)}`);
}

/** Changes nothing, and notes nothing, unless the row still has the status that was judged. */
const move = `
WITH moved AS (
  UPDATE platform.tenants SET status = $3, status_at = date_trunc('milliseconds', clock_timestamp())
  WHERE id = $1 AND status = $2 RETURNING id
)
INSERT INTO platform.tenant_audit (tenant_id, who, event, from_status, to_status, why)
SELECT id, $4, $5, $2, $3, $6 FROM moved RETURNING tenant_id`;

export type Moved = { tenant: Tenant } | { refused: 'bad_transition'; detail: string };

/** One event of a tenant's life, whatever others do to it at the same moment. */
export async function moveTenant(
  db: Database,
  tenantId: string,
  event: TenantEvent,
  by: string,
  why: string | null,
): Promise<Moved> {
  return await db.asPlatform(async (unit) => {
    for (let attempt = 0; attempt < limits.lifeAttemptsMax; attempt += 1) {
      const { status, slug } = await tenantById(unit, tenantId);
      const step = tenantLife.next(status, event);
      if ('refused' in step) {
        return { refused: step.refused, detail: refusalText(`tenant ${slug}`, status, event, step.allowed) };
      }
      const note = auditText(why);
      const moved = await unit.query(move, [tenantId, status, step.to, by, event, note]);
      if (moved.length > 0) return { tenant: await tenantById(unit, tenantId) };
    }
    throw new StoreError('store_unavailable', `the status of tenant ${tenantId} keeps changing`);
  });
}
