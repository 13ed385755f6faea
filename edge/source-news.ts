/**
 * What becomes of a tenant's imported authorities, on a topic of the platform: so that gateways judge those who came by them anew at
 * once. Who hears nothing asks a core within a minute.
 */
import { platformTenant } from '../actors/messages.ts';
import type { Publisher, PubSub, Topic } from '../cluster/index.ts';

export const authoritiesTopic: Topic = { tenant: platformTenant, name: 'imported_authorities' };

export function announceAuthorities(topics: PubSub, from: Publisher, tenantId: string): void {
  topics.publish(from, authoritiesTopic, { tenant_id: tenantId });
}

/** Null: the news are of something else. */
export function tenantOfNews(news: unknown): string | null {
  const { tenant_id } = (news ?? {}) as { tenant_id?: unknown };
  return typeof tenant_id === 'string' ? tenant_id : null;
}
