/** What whoever lists a tenant's sources is asked and told, on the core that holds the tenant; doors import it with messages.ts. */
import type { Breaker } from '../sources/index.ts';

export interface ListingStatus {
  readonly id: string;
  readonly breaker: Breaker;
  /** Unix milliseconds; null: by hand only. */
  readonly dueAtMs: number | null;
  /** Somebody asked for a run, and it waits for room. */
  readonly waits: boolean;
  readonly running: {
    readonly runId: string;
    readonly startedAtMs: number;
    readonly by: string;
    readonly page: number;
    readonly total: number | null;
    readonly devices: number;
  } | null;
}

export interface ListingKeeperProtocol {
  start: [tenantId: string, epoch: number, allowAll: boolean, suspended: boolean];
  call: {
    /** Of those that are known here. */
    statuses(): ListingStatus[];
    /**
     * Begins a run, or says which one is under way. Null: no such source is known here. Refused with `tenant_suspended`. `runId`
     * null: it waits for others of the tenant to end.
     */
    run(
      id: string,
      by: string,
      acceptEmpty: boolean,
    ): Promise<{ runId: string | null; isNew: boolean } | null>;
    totals(): { sources: number; running: number };
  };
  cast: {
    /** Sources of the tenant are other ones. */
    changed(): void;
    terms(suspended: boolean): void;
  };
}
