/** Rows as the command line prints them: the fields of the contract, instants in RFC 3339 with milliseconds. */
import {
  archivedKeptMs,
  type Check,
  type GapRow,
  type Plan,
  type Quotas,
  type ResultRow,
  type RollupCounts,
  type RollupRow,
  type Tenant,
  type TenantChange,
} from '../actors/index.ts';
import type { AuditRow } from '../store/index.ts';

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

/** Results of a check in one span, counted by status. */
export interface RollupView extends RollupCounts {
  check_id: string;
  /** Start of the span. */
  at: string;
  results: number;
  /** Share of success and warning among those that ran and told: without unknown and skipped. Null: there are none. */
  availability: number | null;
  latency_ms_min: number | null;
  latency_ms_avg: number | null;
  latency_ms_max: number | null;
  latency_ms_sum: number;
  latency_count: number;
}

export interface TenantView {
  id: string;
  tenant_id: string;
  tenant: string;
  slug: string;
  name: string;
  status: string;
  created_at: string;
  /** Since when it has its status. */
  status_at: string;
  plan: string;
  quotas: QuotasView;
  /** Whether this version works with the tenant's schema. */
  schema_fits: boolean;
  /** When its data were removed. */
  purged_at: string | null;
}

/** Null: no quota. */
export interface QuotasView {
  devices: number | null;
  users: number | null;
  checks: number | null;
  results_per_day: number | null;
}

export interface PlanView {
  name: string;
  quotas: QuotasView;
}

export interface TenantChangeView {
  at: string;
  who: string;
  event: string;
  from: string | null;
  /** Null: not the tenant's own state, but a row of it was changed. */
  to: string | null;
  why: string | null;
}

/** A check that was removed and may be restored. */
export interface ArchivedCheckView {
  id: string;
  name: string;
  kind: string;
  target: string;
  port: number | null;
  interval_ms: number;
  archived_at: string;
  /** From then on it is removed at any moment, with its results. */
  kept_until: string;
}

/** None for a check that lives. */
export function archivedCheckView(check: Check): ArchivedCheckView[] {
  const { id, name, kind, target, port, intervalMs: interval_ms, archivedAtMs } = check;
  if (archivedAtMs === null) return [];
  const kept_until = instant(archivedAtMs + archivedKeptMs);
  return [{ id, name, kind, target, port, interval_ms, archived_at: instant(archivedAtMs), kept_until }];
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

export function rollupView(row: RollupRow): RollupView {
  const { success, warning, critical, unknown, timeout, skipped, latencyCount, latencySumMs } = row;
  const told = success + warning + critical + timeout;
  return {
    check_id: row.checkId,
    at: instant(row.atMs),
    results: told + unknown + skipped,
    success,
    warning,
    critical,
    unknown,
    timeout,
    skipped,
    availability: told === 0 ? null : (success + warning) / told,
    latency_ms_min: row.latencyMinMs,
    latency_ms_avg: latencyCount === 0 ? null : latencySumMs / latencyCount,
    latency_ms_max: row.latencyMaxMs,
    latency_ms_sum: latencySumMs,
    latency_count: latencyCount,
  };
}

export function tenantView(row: Tenant): TenantView {
  const { id, slug, name, status, createdAtMs, statusAtMs, plan, quotas, schemaFits, purgedAtMs } = row;
  return {
    id,
    tenant_id: id,
    tenant: slug,
    slug,
    name,
    status,
    created_at: instant(createdAtMs),
    status_at: instant(statusAtMs),
    plan,
    quotas: quotasView(quotas),
    schema_fits: schemaFits,
    purged_at: purgedAtMs === null ? null : instant(purgedAtMs),
  };
}

export function planView({ name, quotas }: Plan): PlanView {
  return { name, quotas: quotasView(quotas) };
}

export function tenantChangeView({ atMs, who, event, from, to, why }: TenantChange): TenantChangeView {
  return { at: instant(atMs), who, event, from, to, why };
}

/** What was changed stands where the reason of other changes does, before its own. */
export function auditView({ atMs, who, event, subject, why }: AuditRow): TenantChangeView {
  const told = why === null ? subject : `${subject}: ${why}`;
  return { at: instant(atMs), who, event, from: null, to: null, why: told };
}

function quotasView({ devices, users, checks, resultsPerDay }: Quotas): QuotasView {
  return { devices, users, checks, results_per_day: resultsPerDay };
}
