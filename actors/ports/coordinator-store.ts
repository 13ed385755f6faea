/**
 * The lease of the cluster's coordinator: the one row that says which core it is, held by that core's session
 * (`lease-store.ts`). All times are the database's clock. Each method is one statement and fails with a `StoreError`:
 * `store_unavailable` when the database is away, `session_lost` when the asking boot has no live session.
 */

export type CoordinatorAnswer =
  | {
      granted: true;
      epoch: number;
      databaseNowMs: number;
      /** The end of the asker's own session, as renewed last: nobody else is granted the lease before. */
      expiresAtMs: number;
    }
  | { granted: false; holder: string; epoch: number; expiresAtMs: number; databaseNowMs: number };

export interface CoordinatorStore {
  /**
   * Granted when nobody holds it, or its holder's session expired, was ended, or is an earlier boot of the same node: then
   * with an epoch above all before and above `knownEpoch`, the highest that the asker has heard of (it is higher than the
   * row's after the database was restored from a copy). The holder that asks again gets its own epoch, and writes nothing.
   */
  take(node: string, boot: number, knownEpoch: number): Promise<CoordinatorAnswer>;
  /** Gives it back if it is still held under this epoch; otherwise does nothing. The end of a session does so too. */
  release(node: string, boot: number, epoch: number): Promise<void>;
}
