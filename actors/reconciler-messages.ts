/** What is said to a tenant's reconciler: by doors and sources, on whichever core holds the tenant. */
import type { LineAction } from './identity/outcomes.ts';
import type { Withdrawn } from './identity/withdrawal.ts';
import type { Explanation } from './messages.ts';

export type UpdateOutcome =
  | { readonly device_id: string | null; readonly action: LineAction; readonly reason: string }
  | { readonly error: string };

export interface ChangedDevice {
  /** The device that it is now. */
  readonly device_id: string;
}

export interface ReconcilerTotals {
  devices: number;
  /** Sets of identifiers, addresses and service components in memory. */
  residents: number;
  waiting: number;
  /** Updates that were taken since it began. */
  taken: number;
}

/** Decides which sightings of a tenant are the same device; named `tenant/ID/default/reconciler/ID`. */
export interface ReconcilerProtocol {
  start: [tenantId: string, epoch: number];
  call: {
    /**
     * Answered when what was decided is in the store, an outcome for each in order: that is the credit for the next. At most
     * `reconcileBatchMax`. An update that names another partition is refused by itself. Refused as a whole with `reconciler_busy`,
     * `too_many_updates` or `reconcile_failed`; the same again is harmless.
     */
    updates(partition: string, updates: unknown[]): Promise<UpdateOutcome[]>;
    /** Refused with `unknown_device`, `same_device`, `other_partition`, `service_component`. */
    merge(into: string, from: string, who: string, why: string | null): Promise<ChangedDevice>;
    /** Refused with `no_merge_audit_found`, `unknown_device`, `service_component`. */
    unmerge(id: string, who: string, why: string | null): Promise<ChangedDevice>;
    /**
     * Takes back what a source alone said in a partition, of at most `reconcileBatchMax` sets of identifiers and addresses: asked again
     * until there is no more.
     */
    withdraw(partition: string, source: string, who: string, why: string | null): Promise<Withdrawn>;
    /** Null: it is not known here. */
    explain(id: string): Promise<Explanation | null>;
    totals(): ReconcilerTotals;
  };
  cast: {
    /** A document was received. */
    look(): void;
  };
}
