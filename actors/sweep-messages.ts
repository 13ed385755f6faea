/** What is said about sweeps: a tenant's keeper on its core, the doors that ask it, and whoever sweeps a slice for it. */
import type { Ref } from '../runtime/index.ts';
import type { SliceOutcome, SweepCounts, SweepRun, SweepTerms } from './ports/sweep.ts';

/** One slice of one run, for one agent. Plain values that travel. */
export interface SliceJob {
  readonly tenantId: string;
  readonly runId: string;
  readonly slice: number;
  /** From 1: a slice that was given out before has a document of another id. */
  readonly attempt: number;
  /** The keeper's own count. */
  readonly number: number;
  /** The sweep's name. */
  readonly sweep: string;
  readonly partition: string;
  readonly terms: SweepTerms;
  /** Of the whole sweep: who counts otherwise has other slices. */
  readonly addresses: number;
  /** Which of them, by index; `to` is exclusive. */
  readonly from: number;
  readonly to: number;
  /** This agent's share of the rate. */
  readonly ratePerS: number;
  /** The default tenant of a one-machine cluster, and agents in a tenant's own network, may go everywhere. */
  readonly allowAll: boolean;
}

/** A run while it runs. */
export interface SweepProgress {
  readonly run: SweepRun;
  /** Of slices that are done and those under way. */
  readonly counts: SweepCounts;
  readonly underWay: readonly { slice: number; agent: string; counts: SweepCounts; ratePerS: number }[];
}

export interface SweepKeeperProtocol {
  start: [tenantId: string, epoch: number, allowAll: boolean, suspended: boolean];
  call: {
    /** Refused with `no_such_sweep`, `sweep_running`, `tenant_suspended`, or as the store does. */
    run(sweepId: string, by: string): Promise<SweepRun>;
    /** Refused with `sweep_not_running`; answered when it is written down. */
    stop(sweepId: string, by: string): Promise<SweepRun>;
    /** Null: none of it is running here. */
    progress(sweepId: string): SweepProgress | null;
    totals(): { sweeps: number; running: number; slices: number };
  };
  cast: {
    /** Rows of sweeps are other ones. */
    changed(): void;
    terms(suspended: boolean): void;
    runnersChanged(): void;
    sliceProgress(runId: string, slice: number, number: number, counts: SweepCounts): void;
    sliceDone(runId: string, number: number, outcome: SliceOutcome): void;
    sliceLost(runId: string, slice: number, number: number, why: string): void;
  };
}

export interface SweepRunnerTotals {
  /** Under way. */
  slices: number;
  /** Since the node started, of slices that were brought home. */
  addresses: number;
  sent: number;
}

/** Who sweeps for the cluster, on a node of role `agent`. */
export interface SweepRunnerProtocol {
  start: [];
  call: { totals(): SweepRunnerTotals };
  cast: {
    run(job: SliceJob, keeper: Ref<SweepKeeperProtocol>): void;
    cancel(tenantId: string, runId: string, slice: number, number: number): void;
  };
}

/** An edge agent's actor, on the poller that it dialled, as far as sweeps need it: it sends commands and knows their state. */
export interface CommandedAgentProtocol {
  start: [peer: unknown];
  call: {
    order(type: string, payloadJson: Uint8Array, ttlS: number): string | null;
    orderState(commandId: string): OrderSeen | null;
  };
  cast: { cancel(commandId: string): void };
}

export interface OrderSeen {
  readonly state: string;
  readonly message: string;
  readonly payloadJson: Uint8Array;
}
