/** A tenant as the store answers it, for tests that have no store. */
import type { Tenant } from '../../actors/ports/tenant-store.ts';

export function tenantRow(id: string, slug: string, more: Partial<Tenant> = {}): Tenant {
  return {
    id,
    slug,
    name: slug,
    status: 'active',
    statusAtMs: 0,
    createdAtMs: 0,
    plan: 'enterprise',
    quotas: { devices: null, users: null, checks: null, resultsPerDay: null },
    schemaFits: true,
    purgedAtMs: null,
    ...more,
  };
}
