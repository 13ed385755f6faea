/**
 * The sweeps of a tenant and their runs. Implemented by `store/`; every change of a sweep has its line in the tenant's audit.
 * Rejects with a `StoreError`: `sweep_exists`, `no_such_sweep`, `too_many_sweeps`, `schema_behind`, or a database that is away.
 */
import type { ClaimedRun, NewSweep, Redone, SliceOutcome, StatedSweep, Sweep, SweepRun } from './sweep.ts';

export interface SweepStore {
  add(tenantId: string, sweep: NewSweep, by: string): Promise<Sweep>;
  enable(tenantId: string, id: string, enabled: boolean, by: string): Promise<Sweep>;
  /** With its runs; what it found stays where that is kept. */
  remove(tenantId: string, id: string, by: string): Promise<Sweep>;
  /** By name. Of a tenant whose schema has no sweeps yet: none. */
  list(tenantId: string): Promise<StatedSweep[]>;
  /** The newest first. */
  runs(tenantId: string, id: string, limit: number): Promise<SweepRun[]>;
}

export interface RunPlanned {
  readonly addresses: number;
  readonly slices: number;
  readonly sliceAddresses: number;
}

/** What the holder of a tenant's lease does, under its epoch. */
export interface SweepRunStore {
  /** Null: one of this sweep is running, or the sweep is gone or another version. */
  begin(
    tenantId: string,
    epoch: number,
    sweep: Sweep,
    planned: RunPlanned,
    by: string,
  ): Promise<SweepRun | null>;
  /** Runs that are not over, which nobody of an earlier epoch writes from here on. None of those that a later one has. */
  claim(tenantId: string, epoch: number): Promise<ClaimedRun[]>;
  /** Counts a slice once, however often it is told. Null: a later epoch has the run, or it is over. */
  sliceDone(tenantId: string, epoch: number, runId: string, outcome: SliceOutcome): Promise<SweepRun | null>;
  /** A slice is given to another agent. */
  sliceRedone(tenantId: string, epoch: number, runId: string, redone: Redone): Promise<void>;
  /** Null: a later epoch has the run, or it was over. */
  end(
    tenantId: string,
    epoch: number,
    runId: string,
    state: 'complete' | 'stopped' | 'failed',
    why: string | null,
  ): Promise<SweepRun | null>;
}
