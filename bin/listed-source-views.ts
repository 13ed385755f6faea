/** Sources as the command line prints them. What opens one is in none of them. */
import type {
  ListedSource,
  ListingRecord,
  ListingStatus,
  StatedListedSource,
  Tenant,
} from '../actors/index.ts';
import { instant } from './views.ts';

export interface ListedSourceView {
  id: string;
  tenant: string;
  tenant_id: string;
  name: string;
  kind: string;
  endpoint: string;
  partition: string;
  query: string | null;
  blacklist: readonly string[];
  page_items: number | null;
  interfaces: boolean;
  ca: 'set' | 'none';
  /** `core` or `agent`. */
  place: string;
  /** Which one; null: the core. */
  agent: string | null;
  /** Null: by hand only. */
  interval_ms: number | null;
  enabled: boolean;
  credentials: 'set' | 'none';
  version: number;
  created_at: string;
  updated_at: string;
  breaker: { state: string; until: string | null; failures: number };
  next_run_at: string | null;
  running: RunningView | null;
  last_run: ListingView | null;
  last_complete: ListingView | null;
}

export interface RunningView {
  run_id: string;
  by: string;
  started_at: string;
  page: number;
  total: number | null;
  devices: number;
}

export interface ListingView {
  run_id: string;
  by: string;
  node: string;
  started_at: string;
  ended_at: string;
  outcome: 'complete' | 'aborted';
  code: string;
  detail: string;
  page: number;
  document_id: string | null;
  listed: number;
  updates: number;
  retracted: number;
  unconfirmed: number;
  blacklisted: number;
  bad: number;
  repeated: number;
  pages: number;
  requests: number;
  retries: number;
}

/** `status`: what its keeper says; null: nobody could be asked. */
export function listedSourceView(
  tenant: Tenant,
  { source, state }: StatedListedSource,
  status: ListingStatus | null,
): ListedSourceView {
  const breaker = status?.breaker ?? state?.breaker ?? { state: 'closed' as const, failures: 0 };
  return {
    ...headOf(tenant, source),
    breaker: {
      state: breaker.state,
      until: breaker.state === 'open' ? instant(breaker.untilMs) : null,
      failures: breaker.state === 'closed' ? breaker.failures : 0,
    },
    next_run_at: typeof status?.dueAtMs === 'number' ? instant(status.dueAtMs) : null,
    running: runningView(status),
    last_run: listingView(state?.last ?? null),
    last_complete: listingView(state?.lastComplete ?? null),
  };
}

function headOf(tenant: Tenant, source: ListedSource) {
  const { id, name, kind, endpoint, partition, query, blacklist, agent, enabled, version } = source;
  return {
    ...{ id, tenant: tenant.slug, tenant_id: tenant.id, name, kind, endpoint, partition, query, blacklist },
    page_items: source.pageItems,
    interfaces: source.withInterfaces,
    ca: source.caPem === null ? ('none' as const) : ('set' as const),
    ...{ place: agent === null ? 'core' : 'agent', agent },
    ...{ interval_ms: source.intervalMs, enabled },
    credentials: source.hasCredentials ? ('set' as const) : ('none' as const),
    version,
    created_at: instant(source.createdAtMs),
    updated_at: instant(source.updatedAtMs),
  };
}

function runningView(status: ListingStatus | null): RunningView | null {
  const running = status?.running ?? null;
  if (running === null) return null;
  const { runId, by, startedAtMs, page, total, devices } = running;
  return { run_id: runId, by, started_at: instant(startedAtMs), page, total, devices };
}

export function listingView(record: ListingRecord | null): ListingView | null {
  if (record === null) return null;
  const { runId, by, node, outcome, code, detail, page, documentId, counts } = record;
  const at = { started_at: instant(record.startedAtMs), ended_at: instant(record.endedAtMs) };
  return { run_id: runId, by, node, ...at, outcome, code, detail, page, document_id: documentId, ...counts };
}
