/** What happens to tenants after they were made: transitions, provisioning again, removal of their data, the audit. */
import type { TenantChange, TenantLives } from '../actors/ports/tenant-lives.ts';
import type { TenantStatus } from '../actors/ports/tenant-store.ts';
import { assertTenantId } from './ids.ts';
import { type Provisioning, provision } from './provisioning.ts';
import { purge } from './purge.ts';
import { moveTenant, tenantById } from './tenant-rows.ts';

interface AuditColumns extends Record<string, unknown> {
  at: number;
  who: string;
  event: string;
  from_status: TenantStatus | null;
  to_status: TenantStatus;
  why: string | null;
}

export function createTenantLives(work: Provisioning): TenantLives {
  const { db } = work;
  return {
    async change(tenantId, event, by, why) {
      assertTenantId(tenantId);
      return await moveTenant(db, tenantId, event, by, why);
    },
    async provision(tenantId) {
      assertTenantId(tenantId);
      return await provision(work, tenantId);
    },
    async purge(tenantId, by, keptMs) {
      assertTenantId(tenantId);
      return await purge(db, tenantId, by, keptMs);
    },
    async history(tenantId) {
      assertTenantId(tenantId);
      return await db.asPlatform(async (unit) => {
        await tenantById(unit, tenantId);
        const rows = await unit.query<AuditColumns>(
          'SELECT at, who, event, from_status, to_status, why FROM platform.tenant_audit WHERE tenant_id = $1 ORDER BY id',
          [tenantId],
        );
        return rows.map(toChange);
      });
    },
  };
}

function toChange(row: AuditColumns): TenantChange {
  const { at, who, event, from_status, to_status, why } = row;
  return { atMs: at, who, event, from: from_status, to: to_status, why };
}
