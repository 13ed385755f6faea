/**
 * Where the rows that account for due instants go, and where they are read. `write` is used by the one result writer
 * of a core; each call is atomic per tenant and joined to the tenant's lease row, so a holder of an older epoch writes
 * nothing and is told. Fails with a `StoreError` (`store_unavailable`) when the database is away: nothing was written, or
 * it was and writing the same again changes nothing.
 */
import type { CheckStateRow, GapRow, ResultRow, ResultStatus, WatermarkRow } from './check.ts';

export interface TenantWrite {
  tenantId: string;
  epoch: number;
  /** Rows for instants that nothing covers yet. A row whose (check, due) is there already changes nothing. */
  results: readonly ResultRow[];
  /** Keyed by (check, from): the same `fromMs` again with a later `toMs` extends the gap. */
  gaps: readonly GapRow[];
  /**
   * Results for instants that may be covered by now: a real result replaces a synthetic row, or splits the gap that
   * covers its instant in at most two; where a real result is already there nothing changes. Applied after the others.
   */
  late: readonly ResultRow[];
  /** Only ever raised. */
  watermarks: readonly WatermarkRow[];
  states: readonly CheckStateRow[];
}

export interface WriteAnswer {
  /** Tenants whose epoch was not the present one: nothing of theirs was written. */
  fenced: string[];
  /**
   * Tenants whose lease's row somebody else has locked now: of theirs the watermarks and what comes with them were not written,
   * and the same is to be written again. Absent: none.
   */
  busy?: string[];
}

/** What a new holder of a lease must know to account for what it did not see. */
export interface AccountedCheck {
  checkId: string;
  /** Null: nothing was ever accounted for. */
  watermarkMs: number | null;
  /** Due instants above the watermark that a result row covers, ascending. */
  resultsAboveMs: readonly number[];
  /** Gaps that reach above the watermark, ascending. */
  gapsAbove: readonly { fromMs: number; toMs: number }[];
  state: CheckStateRow | null;
}

export interface ResultQuery {
  checkId: string | null;
  /** Only rows due at or after; null: from the beginning. */
  sinceMs: number | null;
  limit: number;
  /** Only rows that come after this one in the listing: the last row of the page before. `atMs`: its due, or a gap's end. */
  before?: { atMs: number; checkId: string } | null;
  /** Only results with this status; gaps have none, and are not filtered by it. */
  status?: ResultStatus | null;
}

export interface ResultStore {
  write(node: string, boot: number, writes: readonly TenantWrite[]): Promise<WriteAnswer>;
  accounted(tenantId: string): Promise<AccountedCheck[]>;
  /** How many due instants at or after `sinceMs`, up to the watermark of their check, gaps cover. */
  gapInstants(tenantId: string, sinceMs: number): Promise<number>;
  /** Newest due first, then by check. */
  results(tenantId: string, query: ResultQuery): Promise<ResultRow[]>;
  /** Newest end first, then by check; `sinceMs` keeps gaps that reach to or past it. */
  gaps(tenantId: string, query: ResultQuery): Promise<GapRow[]>;
}
