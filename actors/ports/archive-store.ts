/**
 * The end of what was archived: rows of tenants whose time to be restored is over are removed, with the telemetry that
 * speaks of them. The coordinator's work; two that do it at once do no harm, and what was cut off is made good by the next
 * call. Fails with a `StoreError` when the database is away.
 */
export interface Purged {
  checks: number;
  devices: number;
  /** Rows of telemetry that went with them. */
  rows: number;
  /** Tenants that could not be looked at; the next call tries again. */
  failed: string[];
}

export interface ArchiveStore {
  /** What was archived at least `keptMs` ago, of all tenants that run; each is noted in its tenant's audit. */
  purge(keptMs: number): Promise<Purged>;
}
