/**
 * The daily backup of all tenants, as the coordinator sees it. Implemented in `bin/` over the store; fails with a
 * `StoreError` when the database is away.
 */
export interface BackupOutcome {
  /** Tenants that were copied, and that were not. */
  copied: number;
  failed: number;
  /** Archives that had their time and were removed. */
  removed: number;
  /** Of the first that failed; null: none did. */
  error: string | null;
}

export interface BackupRunner {
  /**
   * Does what is due and answers how it went; null when nothing is. Each day's run is begun once, by whichever coordinator
   * comes first; one that its coordinator did not end is begun again under a higher epoch. `isStill` is asked before each
   * tenant: a coordinator that is no more stops there.
   */
  runDue(epoch: number, isStill: () => boolean): Promise<BackupOutcome | null>;
}
