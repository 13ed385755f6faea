/**
 * The rows of a tenant's checks and their schedule versions. Implemented by `store/` in the tenant's own schema under
 * the tenant's own database role. Every method fails with a `StoreError` (`store_unavailable`) when the database is away.
 */
import type { Check, CheckEdit, NewCheck } from './check.ts';

/** For the audit. */
export interface Asked {
  by?: string;
  why?: string | null;
}

export interface RestoreTerms {
  /** Live checks that the tenant may have; null, and unless told: as many as wanted. */
  liveMax?: number | null;
  /** What was archived longer ago is purged at any moment, and does not come back. */
  keptMs: number;
}

export interface CheckStore {
  /**
   * Inserts all or none, each with schedule version 1 valid from the database's now, phase = the id's hash modulo the
   * interval (see `phaseOf` in `actors/schedule.ts`, passed in so that store and schedule cannot differ). Ids are made
   * by the store: unique across tenants, never reused. Answers the rows in the order given. Fails with `quota_checks`
   * when the tenant would have more than `liveMax` live checks (null, and unless told: as many as wanted).
   */
  add(tenantId: string, checks: readonly NewCheck[], liveMax?: number | null): Promise<Check[]>;
  /** Live checks and those archived whose last schedule version ended after `archivedSinceMs`, ordered by creation. */
  list(tenantId: string, archivedSinceMs: number): Promise<Check[]>;
  /**
   * Changes what is given, and begins a new version of the schedule at the database's now, in which the one before ends: also
   * when it is due as before, so that of two forms of a check the later can be told. The phase is that of the interval.
   * Null when there is no live check of that id.
   */
  edit(tenantId: string, checkId: string, edit: CheckEdit, asked?: Asked): Promise<Check | null>;
  /** Ends the schedule at the database's now and archives the row; the ended check, or null when there is no live one of that id. */
  remove(tenantId: string, checkId: string, asked?: Asked): Promise<Check | null>;
  /**
   * Lists it again, with a new version of its schedule that begins at the database's now: nothing is due for the time in
   * between. Null when none of that id was archived less than `keptMs` ago; fails with `quota_checks` like `add`.
   */
  restore(tenantId: string, checkId: string, asked: Asked & RestoreTerms): Promise<Check | null>;
}
