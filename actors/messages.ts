/**
 * What the monitor's actors say to each other, and the names that they are found by. Doors (web, command line, edge)
 * import this and nothing behind it.
 */
import type { NameEvent } from '../cluster/index.ts';
import type { Ref } from '../runtime/index.ts';
import type {
  Check,
  CheckEdit,
  CheckKind,
  CheckState,
  CheckStateRow,
  GapRow,
  NewCheck,
  ResultRow,
  ResultStatus,
  WatermarkRow,
} from './ports/check.ts';
import type { NotRun } from './run-messages.ts';

export type { DurationsSeen } from './durations.ts';

import type { RunTerms } from './standstill.ts';

export type { DocumentDeskProtocol, DocumentOpened } from './document-messages.ts';
export type { DocumentAsked, DocumentRefusalCode } from './document-place.ts';
export { EdgeAgents, type EdgeCandidate, edgeCandidateOf, runCommand } from './edge-agents.ts';
export type { GivenListing, ListingKeeperProtocol, ListingStatus } from './listing-messages.ts';
export type { AgentAt } from './listing-place.ts';
export {
  agentKey,
  defaultPartition,
  documentDeskKey,
  edgeAgentKey,
  gatewayKey,
  healthKey,
  listingKeeperKey,
  nameKinds,
  platformTenant,
  pollerDoorKey,
  pollerKey,
  reconcilerKey,
  schedulerKey,
  sourceKeeperKey,
  sourcePollerKey,
  sweepKeeperKey,
  sweepRunnerKey,
  tenantKey,
  writerKey,
} from './names.ts';
export { type PollJob, type PollReport, sequenceKey, type TrustedAuthority } from './poll-job.ts';
export type { PolledTarget, ServiceOutcome } from './ports/agent-source.ts';
export type { CheckKind, CheckState, ResultRow, ResultStatus } from './ports/check.ts';
export type { SourceDialler } from './ports/source-dialler.ts';
export type { Tenant, TenantStore } from './ports/tenant-store.ts';
export type {
  ChangedDevice,
  ReconcilerProtocol,
  ReconcilerTotals,
  UpdateOutcome,
} from './reconciler-messages.ts';
export type {
  AgentProtocol,
  AgentTotals,
  Finished,
  Job,
  NotRun,
  NotRunAs,
  NumberedJob,
  PollerProtocol,
  PollerTotals,
  Returned,
} from './run-messages.ts';
export { dueAtOrBefore } from './schedule.ts';
export type { SourceKeeperProtocol, SourcePollerProtocol } from './source-messages.ts';
export type {
  SliceJob,
  SweepKeeperProtocol,
  SweepProgress,
  SweepRunnerProtocol,
  SweepRunnerTotals,
} from './sweep-messages.ts';

/** What a cluster lets the nodes of tenants do: they hold these names, and write to the actors that hold those. */
export const tenantAccess = { holds: ['poller', 'agent', 'topic'], doors: ['poller_door', 'topic'] } as const;

/** A check as a listing shows it. */
export interface CheckView {
  id: string;
  name: string;
  kind: CheckKind;
  target: string;
  port: number | null;
  interval_ms: number;
  timeout_ms: number;
  retries: number;
  partition: string;
  settings: Readonly<Record<string, string>>;
  enabled: boolean;
  state: CheckState;
  flapping: boolean;
  since: string | null;
  last_due_at: string | null;
  last_status: ResultStatus | null;
  last_reason: string | null;
  last_latency_ms: number | null;
}

export interface Explanation {
  subject: string;
  state: string;
  because: string[];
}

export interface TenantTotals {
  checks: number;
  pending: number;
  late: number;
}

/** What a tenant may do, from its row. */
export interface TenantTerms extends RunTerms {
  /** Live checks; null: no quota. */
  checksMax: number | null;
}

export interface TenantProtocol {
  start: [tenantId: string];
  call: {
    /**
     * Refused with `bad_check`, `target_not_allowed`, `too_many_checks`, `quota_checks`, `tenant_suspended`,
     * `store_unavailable` or `standby`.
     */
    addChecks(checks: NewCheck[]): Promise<CheckView[]>;
    listChecks(): Promise<CheckView[]>;
    /** Refused as `addChecks` is, but for quotas; null when there is no live check of this id. */
    editCheck(checkId: string, edit: CheckEdit, by: string, why: string | null): Promise<CheckView | null>;
    removeCheck(checkId: string, by?: string, why?: string | null): Promise<CheckView | null>;
    /** Refused with `quota_checks` and `too_many_checks`, too; null when no check of this id may still be restored. */
    restoreCheck(checkId: string, by: string, why: string | null): Promise<CheckView | null>;
    runNow(checkId: string): Promise<{ due_at: string } | null>;
    explainCheck(checkId: string): Promise<Explanation | null>;
    totals(): Promise<TenantTotals>;
  };
  cast: {
    /** The store refused a write of this epoch: somebody else has the lease. */
    fenced(epoch: number): void;
    /** Somebody else changed rows of checks: they are read again. */
    checksChanged(): void;
    /** The lease may have been taken from this core unnoticed: it is asked for again, by who believes to have it. */
    confirm(): void;
    /** Another core has the lease, under this epoch, and finds the tenant's name taken by this one. */
    overtaken(epoch: number): void;
    /** The holder has given the tenant up: a tenant in standby need not wait for a session to end. */
    leaseFree(): void;
    /** The tenant's row has changed. */
    terms(terms: TenantTerms): void;
  };
}

export interface SchedulerProtocol {
  start: [settings: SchedulerStart];
  call: {
    totals(): TenantTotals;
    due(checkId: string): { next_due_at: string | null; pending: string[]; watermark: string | null } | null;
    runNow(checkId: string): { due_at: string } | null;
  };
  cast: {
    added(checks: Check[]): void;
    removed(check: Check): void;
    /** It goes on by another version of its schedule. */
    changed(check: Check): void;
    restored(check: Check): void;
    terms(terms: RunTerms): void;
    results(rows: ResultRow[]): void;
    notRun(items: NotRun[]): void;
    pollersChanged(): void;
    /** A name of an agent of the tenant has come, changed or gone. */
    agentNamed(type: NameEvent['type'], entry: NameEvent['entry']): void;
  };
}

/** What a tenant's own poller may say to its tenant. */
export interface PollerDoorProtocol {
  start: [tenantId: string, scheduler: Ref<SchedulerProtocol>];
  call: Record<never, never>;
  cast: {
    results(rows: ResultRow[]): void;
    notRun(items: NotRun[]): void;
  };
}

export interface SchedulerStart {
  tenantId: string;
  epoch: number;
  allowAll: boolean;
  /** Database milliseconds minus this node's monotonic milliseconds, read with the lease. */
  databaseOffsetMs: number;
  terms: RunTerms;
  /** Due instants of this day, up to the watermarks, that gaps cover. */
  gapsToday: number;
  writer: Ref<WriterProtocol>;
  health: Ref<HealthProtocol>;
}

export interface HealthProtocol {
  start: [tenantId: string, epoch: number, writer: Ref<WriterProtocol>];
  call: {
    views(checks: Check[]): CheckView[];
    explain(checkId: string): string[] | null;
  };
  cast: {
    /** Known checks with the state that was stored last. */
    adopt(
      checks: Check[],
      states: { checkId: string; state: CheckState; sinceMs: number; because: string }[],
    ): void;
    /** What is watched goes on under another definition, with the health that it has. */
    changed(check: Check): void;
    forget(checkId: string): void;
    results(rows: ResultRow[]): void;
    /** The subscriber gets the whole picture, then changes as they come; it is dropped when its node or it goes. */
    subscribe(subscriber: Ref<FeedProtocol>): void;
  };
}

/** Whoever wants to be told live: the web page's feed. */
export interface FeedProtocol {
  start: [];
  call: Record<never, never>;
  cast: {
    /** `full`: everything; else only what changed. */
    checks(tenantId: string, views: CheckView[], full: boolean): void;
    removedCheck(tenantId: string, checkId: string): void;
  };
}

export interface WriterProtocol {
  start: [];
  call: {
    /** Resolves when everything of the tenant given before it is in the store; rejects with `store_unavailable`. */
    flush(tenantId: string): Promise<void>;
    totals(): WriterTotals;
  };
  cast: {
    write(tenantId: string, epoch: number, rows: WriterRows): void;
  };
}

export interface WriterRows {
  /** `intervalMs`: of the schedule version that made the instant due; null: of none, somebody asked for the run. */
  results?: { row: ResultRow; intervalMs: number | null }[];
  late?: ResultRow[];
  gaps?: GapRow[];
  watermarks?: WatermarkRow[];
  states?: CheckStateRow[];
  /** Of the results that are followed. */
  traces?: string[];
}

export interface WriterTotals {
  buffered: number;
  written: number;
  fenced: number;
  /** Results that became gaps because the buffer was full, since the node started. */
  dropped: number;
  /** Those of the outage that lasts, or has not been written down yet. */
  droppedNow: number;
  resultsPerS: number;
  storeAway: boolean;
}
