/** What whoever lists a tenant's sources is asked and told, on the core that holds the tenant; doors import it with messages.ts. */
import type { Breaker, SourceSettings } from '../sources/index.ts';
import type { DocumentAsked } from './document-place.ts';
import type { AgentAt } from './listing-place.ts';

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

/** What an agent needs for a run: settings and what opens the source once, known ids page by page. */
export interface GivenListing {
  /** Null: they were in the first answer. */
  readonly settings: SourceSettings | null;
  readonly credentials: string | null;
  readonly acceptEmpty: boolean;
  readonly knownIds: readonly string[];
  readonly knownTotal: number;
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
    /**
     * What gateways ask for an agent, `by` being what its certificate proves. Each is refused with `not_placed` unless a run under this
     * id is under way of a source that is placed at that agent; `take`: known ids from `from` on, and with 0 all the rest.
     */
    take(runId: string, by: AgentAt, from: number): Promise<GivenListing>;
    /** The document that the agent may write. */
    document(runId: string, by: AgentAt): Promise<DocumentAsked>;
    /** All of it came: it is judged, and made whole. Refused with `bad_listing`, `document_damaged`, or as a desk does. */
    finish(runId: string, by: AgentAt, totalBytes: number, sha256: string): Promise<{ items: number }>;
  };
  cast: {
    /** Sources of the tenant are other ones. */
    changed(): void;
    terms(suspended: boolean): void;
  };
}
