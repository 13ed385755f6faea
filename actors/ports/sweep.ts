/**
 * A sweep as the operator wrote it down, a run of it, and what became of a run's slices. Plain values that travel between
 * cores, agents and doors.
 */

/** What is swept: a run keeps it as it was when the run began. */
export interface SweepTerms {
  readonly networks: readonly string[];
  readonly exclusions: readonly string[];
  readonly ports: readonly number[];
  readonly icmp: boolean;
  /** Packets and connects a second, of all agents together. */
  readonly ratePerS: number;
  readonly timeoutMs: number;
}

/** Of something that has more. */
export function termsOf({ networks, exclusions, ports, icmp, ratePerS, timeoutMs }: SweepTerms): SweepTerms {
  return { networks, exclusions, ports, icmp, ratePerS, timeoutMs };
}

export interface NewSweep extends SweepTerms {
  /** One of the tenant's. */
  readonly name: string;
  readonly partition: string;
  /** Null: by hand alone. */
  readonly intervalMs: number | null;
  readonly enabled: boolean;
}

export interface Sweep extends NewSweep {
  readonly id: string;
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export const runStates = ['running', 'complete', 'stopped', 'failed'] as const;
export type SweepRunState = (typeof runStates)[number];

export interface SweepCounts {
  /** Addresses that were swept. */
  readonly done: number;
  readonly live: number;
  /** Addresses that a shared node may not reach. */
  readonly refused: number;
  /** Probes that an agent could not send or hear. */
  readonly untold: number;
  /** Packets and connects. */
  readonly sent: number;
}

export const noCounts: SweepCounts = { done: 0, live: 0, refused: 0, untold: 0, sent: 0 };

/** A slice that was given to another agent. */
export interface Redone {
  readonly slice: number;
  readonly agent: string;
  readonly why: string;
}

export interface SweepRun {
  readonly id: string;
  readonly sweepId: string;
  readonly state: SweepRunState;
  readonly terms: SweepTerms;
  readonly addresses: number;
  readonly slices: number;
  readonly sliceAddresses: number;
  /** Who asked for it; `schedule`. */
  readonly by: string;
  readonly doneSlices: number;
  readonly counts: SweepCounts;
  /** Agents that had a part in it. */
  readonly agents: readonly string[];
  readonly redoneCount: number;
  /** The latest of them. */
  readonly redone: readonly Redone[];
  /** Why it failed, or what could not be asked; null: nothing is to be said. */
  readonly why: string | null;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  /** Milliseconds since it began, by the store's clock when it was read. */
  readonly ageMs: number;
}

/** A sweep with its latest run; null: there was none. */
export interface StatedSweep {
  readonly sweep: Sweep;
  readonly run: SweepRun | null;
}

export interface SliceOutcome {
  readonly slice: number;
  readonly agent: string;
  readonly counts: SweepCounts;
  readonly why: string | null;
}

/** A run that is not over, with the slices of it that are. */
export interface ClaimedRun {
  readonly run: SweepRun;
  readonly done: readonly number[];
}

export interface OpenRun extends ClaimedRun {
  readonly sweep: Sweep;
}
