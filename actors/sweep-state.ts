/** What a tenant's keeper of sweeps needs and holds; between its life (sweep-keeper.ts), its rows and what it performs. */
import type { Cluster } from '../cluster/index.ts';
import type { Ref, Self } from '../runtime/index.ts';
import type { Sweep, SweepRun } from './ports/sweep.ts';
import type { SweepRunStore, SweepStore } from './ports/sweep-store.ts';
import type { EdgeSlice } from './sweep-edge.ts';
import type { SweepKeeperProtocol } from './sweep-messages.ts';
import type { SweepPlan, SweepPlanEvent } from './sweep-plan.ts';
import type { RunnerThere } from './sweep-runners.ts';

export interface SweepKeeperNeeds {
  readonly cluster: Cluster;
  readonly sweeps: SweepStore;
  readonly sweepRuns: SweepRunStore;
}

export interface SweepKeeperState {
  tenantId: string;
  epoch: number;
  allowAll: boolean;
  plan: SweepPlan;
  sweeps: Map<string, Sweep>;
  /** When the latest run of each began, monotonic. */
  startedAtMs: Map<string, number>;
  /** Runs as they were written last. */
  latest: Map<string, SweepRun>;
  /** Sweeps of which a run is being begun. */
  beginning: Set<string>;
  /** Slices of edge agents, by number. */
  edge: Map<number, EdgeSlice>;
  /** As they were seen last. */
  runners: Map<string, RunnerThere>;
  /** Who has a slice, by monitor. */
  monitors: Map<number, { runner: string; ref: Ref }>;
  /** Who waits for a run to be over. */
  stopping: Map<string, ((run: SweepRun | null) => void)[]>;
  reading: boolean;
  readAgain: boolean;
  readTimer: number | null;
  tickTimer: number | null;
  askTimer: number | null;
}

export type SweepKeeperSelf = Self<SweepKeeperState, SweepKeeperProtocol>;

/** What its parts do through it. */
export interface SweepHands extends SweepKeeperNeeds {
  step(self: SweepKeeperSelf, event: SweepPlanEvent): void;
  tick(self: SweepKeeperSelf): void;
  read(self: SweepKeeperSelf): void;
}
