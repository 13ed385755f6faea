/** Plans as rows, and which of them a tenant has. */
import type { Plan, PlanStore } from '../actors/ports/plan-store.ts';
import type { Quotas } from '../actors/ports/tenant-store.ts';
import { plainText } from './audit-text.ts';
import { assertWhole } from './columns.ts';
import { assertTenantId, slugProblem } from './ids.ts';
import { tenantById } from './tenant-rows.ts';
import type { Database } from './unit-of-work.ts';

interface PlanColumns extends Record<string, unknown> {
  name: string;
  quota_devices: number | null;
  quota_users: number | null;
  quota_checks: number | null;
  quota_results_per_day: number | null;
}

const columns = 'name, quota_devices, quota_users, quota_checks, quota_results_per_day';

/** A quota that was not given is told from one that is to be none. */
const set = `
INSERT INTO platform.plans AS p (${columns}) VALUES ($1, $2::bigint, $3::bigint, $4::bigint, $5::bigint)
ON CONFLICT (name) DO UPDATE SET
  quota_devices = CASE WHEN $6 THEN excluded.quota_devices ELSE p.quota_devices END,
  quota_users = CASE WHEN $7 THEN excluded.quota_users ELSE p.quota_users END,
  quota_checks = CASE WHEN $8 THEN excluded.quota_checks ELSE p.quota_checks END,
  quota_results_per_day = CASE WHEN $9 THEN excluded.quota_results_per_day ELSE p.quota_results_per_day END
RETURNING ${columns}`;

const assign = `
WITH moved AS (
  UPDATE platform.tenants t SET plan = p.name FROM platform.plans p WHERE t.id = $1 AND p.name = $2
  RETURNING t.id, t.status, p.name
)
INSERT INTO platform.tenant_audit (tenant_id, who, event, from_status, to_status, why)
SELECT id, $3, 'plan', status, status, name FROM moved RETURNING tenant_id`;

const order: readonly (keyof Quotas)[] = ['devices', 'users', 'checks', 'resultsPerDay'];

export function createPlanStore(db: Database): PlanStore {
  return {
    async list() {
      const rows = await db.asPlatform((unit) =>
        unit.query<PlanColumns>(`SELECT ${columns} FROM platform.plans ORDER BY name`),
      );
      return rows.map(toPlan);
    },
    async set(name, quotas) {
      if (slugProblem(name) !== null)
        return {
          refused: 'bad_plan',
          detail: 'a plan is called 2 to 40 of a-z, 0-9 and "-", first a letter',
        };
      for (const each of order) {
        const value = quotas[each] ?? null;
        if (value !== null) assertWhole(value, `quota of ${each}`, 0, Number.MAX_SAFE_INTEGER);
      }
      const values = order.map((each) => quotas[each] ?? null);
      const given = order.map((each) => quotas[each] !== undefined);
      const [row] = await db.asPlatform((unit) => unit.query<PlanColumns>(set, [name, ...values, ...given]));
      return { plan: toPlan(row!) };
    },
    async assign(tenantId, plan, by) {
      assertTenantId(tenantId);
      return await db.asPlatform(async (unit) => {
        await tenantById(unit, tenantId);
        const moved = await unit.query(assign, [tenantId, plainText(plan), by]);
        if (moved.length === 0)
          return { refused: 'no_such_plan', detail: `there is no plan "${plan}": see picket plan list` };
        return { tenant: await tenantById(unit, tenantId) };
      });
    },
  };
}

function toPlan(row: PlanColumns): Plan {
  const { name, quota_devices, quota_users, quota_checks, quota_results_per_day } = row;
  return {
    name,
    quotas: {
      devices: quota_devices,
      users: quota_users,
      checks: quota_checks,
      resultsPerDay: quota_results_per_day,
    },
  };
}
