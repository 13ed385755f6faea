/**
 * Sessions of cores and leases of tenants: the one place where "who writes for this tenant" is decided. All times are
 * the database's clock. A session lives `sessionLifeMs` (4 s) past its last renewal. Every method is one statement and
 * fails with a `StoreError` (`store_unavailable`) when the database is away.
 */

export interface Session {
  databaseNowMs: number;
  expiresAtMs: number;
}

export type LeaseAnswer =
  | { granted: true; epoch: number; databaseNowMs: number }
  | { granted: false; holder: string; holderBoot: number; expiresAtMs: number; databaseNowMs: number };

export interface LeaseStore {
  /** Opens or revives the session of this boot. An expired session whose leases nobody took keeps them. */
  renewSession(node: string, boot: number): Promise<Session>;
  /** Ends the session at once and frees its leases: a drain, or a clean stop. */
  endSession(node: string, boot: number): Promise<void>;
  /**
   * Granted when the tenant has no lease, or its holder's session expired, was ended, or is an earlier boot of the same
   * node: then with a higher epoch than ever before for the tenant. The present holder asking again gets its own epoch.
   */
  acquire(tenantId: string, node: string, boot: number): Promise<LeaseAnswer>;
  /** Gives the lease back if it is still held under this epoch (null: under whichever); otherwise does nothing. */
  release(tenantId: string, node: string, boot: number, epoch: number | null): Promise<void>;
}
