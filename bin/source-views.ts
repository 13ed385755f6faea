/** Agent sources and imported authorities as the command line prints them. A key is in none of them. */
import type {
  ImportedAuthority,
  PolledTarget,
  PollReport,
  ServiceOutcome,
  StatedSource,
  Tenant,
} from '../actors/index.ts';
import { instant } from './views.ts';

export interface SourceView {
  id: string;
  tenant: string;
  tenant_id: string;
  address: string;
  partition: string;
  agent_id: string | null;
  tls_name: string | null;
  interval_ms: number;
  services: readonly PolledTarget[];
  version: number;
  created_at: string;
  updated_at: string;
  archived_at: string | null;
  /** Null: it was not polled yet. */
  last_poll: PollView | null;
}

export interface PollView {
  at: string;
  poller: string;
  code: string;
  detail: string;
  /** What the agent's certificate says. */
  agent: string | null;
  services: readonly ServiceOutcome[];
}

export interface ImportedView {
  id: string;
  tenant: string;
  tenant_id: string;
  slug: string;
  trust_domain: string;
  fingerprint: string;
  client_certificate: 'set' | 'none';
  created_at: string;
  revoked_at: string | null;
}

export function sourceView(tenant: Tenant, { source, state }: StatedSource): SourceView {
  return {
    id: source.id,
    tenant: tenant.slug,
    tenant_id: tenant.id,
    address: source.address,
    partition: source.partition,
    agent_id: source.agentId,
    tls_name: source.tlsName,
    interval_ms: source.intervalMs,
    services: source.services,
    version: source.version,
    created_at: instant(source.createdAtMs),
    updated_at: instant(source.updatedAtMs),
    archived_at: source.archivedAtMs === null ? null : instant(source.archivedAtMs),
    last_poll: state === null ? null : pollView(state),
  };
}

export function pollView({ polledAtMs, poller, code, detail, agent, services }: PollReport): PollView {
  return { at: instant(polledAtMs), poller, code, detail, agent, services };
}

export function importedView(tenant: Tenant, row: ImportedAuthority): ImportedView {
  return {
    id: row.id,
    tenant: tenant.slug,
    tenant_id: tenant.id,
    slug: row.slug,
    trust_domain: row.trustDomain,
    fingerprint: row.fingerprint,
    client_certificate: row.clientChainPem === null ? 'none' : 'set',
    created_at: instant(row.createdAtMs),
    revoked_at: row.revokedAtMs === null ? null : instant(row.revokedAtMs),
  };
}
