/**
 * What is said of one due instant on its way: from the tenant's scheduler to a poller, to an agent, and back. Doors import it
 * with messages.ts.
 */
import type { Ref } from '../runtime/index.ts';
import type { DurationsSeen } from './durations.ts';
import type { CheckKind, ResultStatus } from './ports/check.ts';

/** One due instant to be run. Durations, not instants, since clocks of nodes differ. */
export interface Job {
  tenantId: string;
  checkId: string;
  dueAtMs: number;
  kind: CheckKind;
  target: string;
  port: number | null;
  timeoutMs: number;
  settings: Readonly<Record<string, string>>;
  partition: string;
  /** The default tenant of a one-machine cluster may watch its own machine; no one else may. */
  allowAll: boolean;
  /** What is left until the instant is written off. */
  leftMs: number;
  /** The edge agent of the tenant, in this partition and with a connection to this poller, that is to run it; null: one of the cluster's. */
  agentId: string | null;
  /** What it is a part of, a W3C `traceparent`, when it is followed: never on its way to a tenant's own node. */
  trace?: string;
}

/** `again`: the agent that had it did not run it, and another may. */
export type NotRunAs = 'gap' | 'skipped' | 'again';

export interface NotRun {
  checkId: string;
  dueAtMs: number;
  reason: string;
  as: NotRunAs;
}

export interface PollerTotals {
  underWay: number;
  held: number;
  dropped: number;
}

export interface PollerProtocol {
  start: [];
  call: { totals(): PollerTotals };
  cast: {
    run(jobs: Job[]): void;
    finished(agent: string, items: Finished[]): void;
    /** An edge agent did not run them and will not: it is gone, or took too much on. */
    returned(items: Returned[]): void;
    agentsChanged(): void;
  };
}

export interface Finished {
  /** As the job was numbered by its poller. */
  number: number;
  startedAtMs: number | null;
  latencyMs: number | null;
  status: ResultStatus;
  reason: string | null;
}

export interface Returned {
  number: number;
  reason: string;
}

export interface NumberedJob {
  number: number;
  job: Job;
}

export interface AgentTotals {
  running: number;
  waiting: number;
  done: number;
  byStatus: Readonly<Partial<Record<ResultStatus, number>>>;
  durations: DurationsSeen;
}

export interface AgentProtocol {
  start: [];
  call: { totals(): AgentTotals };
  cast: { run(jobs: NumberedJob[], poller: Ref<PollerProtocol>): void };
}
