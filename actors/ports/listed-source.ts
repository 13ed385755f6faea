/**
 * A system that is listed for a tenant, as somebody wrote it down: where it is, what is asked of it, how often, and how the last
 * runs ended. Plain values that travel between nodes; what opens the system is in none of them.
 */
import type { Breaker, ListingCounts, SourceSettings } from '../../sources/index.ts';

export interface NewListedSource extends SourceSettings {
  /** One of the tenant's has it. */
  readonly name: string;
  /** Null: it runs by hand only. */
  readonly intervalMs: number | null;
  readonly enabled: boolean;
  /** Who lists it: the agent of this name, in the source's partition; null: the core that holds the tenant. */
  readonly agent: string | null;
}

export interface ListedSource extends NewListedSource {
  readonly id: string;
  readonly hasCredentials: boolean;
  /** Higher with each change. */
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** What is given takes the place of what was there. Kind and partition are for ever: what was listed carries them. */
export type ListedSourceChange = Partial<Omit<NewListedSource, 'kind' | 'partition'>> & {
  /** Null: none. Absent: those that are there. */
  readonly credentials?: string | null;
};

/** One listing that ended. */
export interface ListingRecord {
  readonly runId: string;
  /** Unix milliseconds. */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Who asked for it; `schedule` for nobody. */
  readonly by: string;
  /** The core, or `agent/NAME`. */
  readonly node: string;
  readonly outcome: 'complete' | 'aborted';
  /** `ok`, or why it was aborted: a fault of the listing, or what the store or the desk refused. */
  readonly code: string;
  readonly detail: string;
  /** The last page that came, or the one that did not; of this walk, from 1; 0: none was asked for. */
  readonly page: number;
  readonly counts: ListingCounts;
  /** What was written; null when nothing was kept. */
  readonly documentId: string | null;
}

/** How far a source has come. */
export interface ListedSourceState {
  readonly breaker: Breaker;
  readonly last: ListingRecord | null;
  readonly lastComplete: ListingRecord | null;
}

/** A source with its state; null: it never ran. */
export interface StatedListedSource {
  readonly source: ListedSource;
  readonly state: ListedSourceState | null;
}
