/**
 * What becomes of packages, on a topic of the platform: so that gateways put out whose package ended without waiting for a
 * list. Who hears nothing of it asks a core when the bearer comes again.
 */

import { platformTenant } from '../actors/messages.ts';
import type { Publisher, PubSub, Topic } from '../cluster/index.ts';
import type { PackageRow } from './enrol-decision.ts';

export const packagesTopic: Topic = { tenant: platformTenant, name: 'packages' };

interface PackageNews {
  readonly tenant_id: string;
  readonly package: string;
  readonly status: PackageRow['state'];
  readonly serial: string | null;
}

type Announced = Pick<PackageRow, 'id' | 'state'> & {
  readonly delivered: { readonly serial: string } | null;
};

export function announcePackage(
  topics: PubSub,
  from: Publisher,
  tenantId: string,
  { id, state, delivered }: Announced,
): void {
  const serial = delivered?.serial ?? null;
  const news: PackageNews = { tenant_id: tenantId, package: id, status: state, serial };
  topics.publish(from, packagesTopic, news);
}

/** The certificate whose package is over; null: the news are of something else. */
export function serialOfEnded(news: unknown): string | null {
  const { status, serial } = news as Partial<PackageNews>;
  const isOver = status === 'revoked' || status === 'expired' || status === 'deleted';
  return isOver && typeof serial === 'string' ? serial : null;
}
