/** Rows as the command line prints them: the fields of the contract, instants in RFC 3339 with milliseconds. */
import type { GapRow, ResultRow, Tenant } from '../actors/index.ts';

export interface ResultView {
  check_id: string;
  due_at: string;
  started_at: string | null;
  latency_ms: number | null;
  status: string;
  reason: string | null;
  agent: string | null;
  poller: string | null;
}

export interface GapView {
  check_id: string;
  from: string;
  to: string;
  count: number;
  reason: string;
}

export interface TenantView {
  id: string;
  tenant_id: string;
  tenant: string;
  slug: string;
  name: string;
  status: string;
  created_at: string;
}

export function instant(ms: number): string {
  return new Date(ms).toISOString();
}

export function resultView(row: ResultRow): ResultView {
  return {
    check_id: row.checkId,
    due_at: instant(row.dueAtMs),
    started_at: row.startedAtMs === null ? null : instant(row.startedAtMs),
    latency_ms: row.latencyMs,
    status: row.status,
    reason: row.reason,
    agent: row.agent,
    poller: row.poller,
  };
}

export function gapView(row: GapRow): GapView {
  const { checkId, fromMs, toMs, count, reason } = row;
  return { check_id: checkId, from: instant(fromMs), to: instant(toMs), count, reason };
}

export function tenantView(row: Tenant): TenantView {
  const { id, slug, name, status, createdAtMs } = row;
  return { id, tenant_id: id, tenant: slug, slug, name, status, created_at: instant(createdAtMs) };
}
