/**
 * What changes in tenants' rows and who is told: the terms that a row gives its tenant, and the topics on which a change
 * is announced once it is written. Who hears nothing reads the row a few seconds later.
 */
import type { Publisher, PubSub, Topic } from '../cluster/index.ts';
import { platformTenant, type TenantTerms } from './messages.ts';
import type { Tenant } from './ports/tenant-store.ts';

export function termsOf({ status, statusAtMs, quotas }: Tenant): TenantTerms {
  return {
    suspendedSinceMs: status === 'suspended' ? statusAtMs : null,
    resultsPerDay: quotas.resultsPerDay,
    checksMax: quotas.checks,
  };
}

export function sameTerms(a: TenantTerms, b: TenantTerms): boolean {
  return (
    a.suspendedSinceMs === b.suspendedSinceMs &&
    a.resultsPerDay === b.resultsPerDay &&
    a.checksMax === b.checksMax
  );
}

/** Of all tenants, for the platform. */
export const tenantsTopic: Topic = { tenant: platformTenant, name: 'tenants' };

/** Of one tenant, for itself. */
export function tenantTopic(tenantId: string): Topic {
  return { tenant: tenantId, name: 'tenant' };
}

export interface TenantNews {
  tenant_id: string;
  tenant: string;
  /** An event of the lifecycle, or `create`, `plan`, `purge`. */
  event: string;
  status: string;
  at: string;
}

export function announceTenant(topics: PubSub, from: Publisher, row: Tenant, event: string): void {
  const { id, slug, status, statusAtMs } = row;
  const at = new Date(statusAtMs).toISOString();
  const news: TenantNews = { tenant_id: id, tenant: slug, event, status, at };
  for (const topic of [tenantsTopic, tenantTopic(id)]) topics.publish(from, topic, news);
}

/** As the tenant's name says it. */
export function statusOf({ suspendedSinceMs }: TenantTerms): string {
  return suspendedSinceMs === null ? 'active' : 'suspended';
}
