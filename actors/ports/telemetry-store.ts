/**
 * The upkeep of what flows: partitions made ahead and dropped when their time is over, results rolled up by minute, hour and
 * day. `tend` and `roll` are the coordinator's; two that call them at once do no harm, and each call that was cut off is
 * made good by the next. Fail with a `StoreError`.
 */

export type RollupUnit = 'minute' | 'hour' | 'day';

/** How many result rows of a span have each status; instants that only a gap covers are in none. */
export interface RollupCounts {
  success: number;
  warning: number;
  critical: number;
  unknown: number;
  timeout: number;
  skipped: number;
}

export interface RollupRow extends RollupCounts {
  checkId: string;
  /** Start of the span, Unix milliseconds; spans are UTC's. */
  atMs: number;
  /** Rows that have a latency; without any, `latencyMinMs` and `latencyMaxMs` are null. */
  latencyCount: number;
  latencySumMs: number;
  latencyMinMs: number | null;
  latencyMaxMs: number | null;
}

export interface RollupQuery {
  by: RollupUnit;
  checkId: string | null;
  /** Only spans that begin at or after; null: from the beginning. */
  sinceMs: number | null;
  limit: number;
  /** Only rows that come after this one in the listing. */
  before?: { atMs: number; checkId: string } | null;
}

export interface RolledUp {
  rolledToMs: number;
  /** There is more that could be rolled up or corrected now. */
  more: boolean;
}

/** Names of partitions. What could not be done is logged and tried again by the next call. */
export interface Tended {
  made: string[];
  moved: string[];
  dropped: string[];
  failed: string[];
}

export interface TelemetryStore {
  tend(): Promise<Tended>;
  /** One step of the way to the newest minute that is over, and of the corrections for late results. */
  roll(): Promise<RolledUp>;
  /** Spans that are over, newest first, then by check. */
  rollups(tenantId: string, query: RollupQuery): Promise<RollupRow[]>;
}
