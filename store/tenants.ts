/**
 * Tenants come and are found. A tenant begins as a row, so that its id and slug are its own from then on; everything else
 * is provisioned after it. Slugs are for people; ids name everything and are never reused.
 */
import type { CreateOptions, Tenant, TenantStore } from '../actors/ports/tenant-store.ts';
import { plainText } from './audit-text.ts';
import { StoreError } from './errors.ts';
import { newTenantId, slugProblem } from './ids.ts';
import { limits } from './limits.ts';
import { constraintOf, sqlStateOf } from './pg-errors.ts';
import { type Provisioning, provision } from './provisioning.ts';
import { findTenant, listTenants } from './tenant-rows.ts';

type Created = Awaited<ReturnType<TenantStore['create']>>;

/** A tenant's id and a slug share one namespace: neither may read as the other. */
const reserve = `
WITH made AS (
  INSERT INTO platform.tenants (id, slug, name, plan, status)
  SELECT $1, $2, $3, p.name, 'provisioning' FROM platform.plans p WHERE p.name = $4
  RETURNING id
)
INSERT INTO platform.tenant_audit (tenant_id, who, event, to_status) SELECT id, $5, 'create', 'provisioning' FROM made
RETURNING tenant_id`;

export const defaultPlan = 'enterprise';

export function createTenantStore(work: Provisioning): TenantStore {
  const { db, seam } = work;
  const find = (idOrSlug: string) => db.asPlatform((unit) => findTenant(unit, idOrSlug));

  async function reserved(
    tenantId: string,
    slug: string,
    name: string,
    { plan = defaultPlan, by = 'system' }: CreateOptions,
  ): Promise<Created | 'reserved' | 'id_taken'> {
    try {
      const rows = await db.asPlatform((unit) =>
        unit.query(reserve, [tenantId, slug, name, plainText(plan), by]),
      );
      if (rows.length > 0) return 'reserved';
      return { refused: 'no_such_plan', detail: `there is no plan "${plan}": see picket plan list` };
    } catch (error) {
      const cause = error instanceof StoreError ? error.cause : error;
      if (sqlStateOf(cause) !== '23505') throw error;
      if (constraintOf(cause) === 'tenants_live_slug') return slugTaken(slug, await find(slug));
      if (constraintOf(cause) === 'tenants_pkey') return 'id_taken';
      throw error;
    }
  }

  return {
    async create(slug, name, options = {}) {
      const problem = slugProblem(slug);
      if (problem !== null) return { refused: 'bad_slug', detail: problem };
      const shownName = plainText(name).trim().slice(0, limits.tenantNameCharsMax) || slug;
      const namesake = await find(slug);
      if (namesake !== null && (namesake.id === slug || namesake.status !== 'cancelled'))
        return slugTaken(slug, namesake);
      for (let attempt = 0; attempt < limits.idAttemptsMax; attempt += 1) {
        const tenantId = newTenantId();
        if ((await find(tenantId)) !== null) continue;
        await seam('id');
        const answer = await reserved(tenantId, slug, shownName, options);
        if (answer === 'id_taken') continue;
        if (answer !== 'reserved') return answer;
        return outcome(await provision(work, tenantId));
      }
      return { refused: 'provisioning_failed', detail: 'every id drawn was taken' };
    },
    list: () => db.asPlatform(listTenants),
    find,
  };
}

function outcome(tenant: Tenant): Created {
  if (tenant.status !== 'failed') return { tenant };
  return {
    refused: 'provisioning_failed',
    detail: `tenant ${tenant.slug} could not be made: see picket tenant history ${tenant.slug}, then picket tenant retry ${tenant.slug}`,
  };
}

function slugTaken(slug: string, by: Tenant | null): Created {
  const state = by === null ? '' : `, which is ${by.status}`;
  return { refused: 'slug_taken', detail: `another tenant is called "${slug}"${state}` };
}
