/**
 * An agent that only listens, as the operator wrote it down: where it is dialled, what it is asked, and how far that has come.
 * Plain values that travel between cores and pollers.
 */

export interface PolledTarget {
  /** As the agent dispatches by it: `process`, `port`, `icmp`, `grpc`, `snmp`, `sweep`, `sync`, ... */
  readonly type: string;
  readonly name: string;
  /** The target, in the form of the type; empty: none. */
  readonly details: string;
  /** Whether it is asked for results too (`GetResults`). Of `sweep` and `sync` they are streamed. */
  readonly results: boolean;
}

export interface NewAgentSource {
  /** `HOST:PORT`. */
  readonly address: string;
  readonly partition: string;
  /** Whose certificate it must present; null: any agent's of the tenant. */
  readonly agentId: string | null;
  /** Sent as the server's name; null: none is sent. */
  readonly tlsName: string | null;
  readonly intervalMs: number;
  readonly services: readonly PolledTarget[];
}

export interface AgentSource extends NewAgentSource {
  readonly id: string;
  /** Higher with each change. */
  readonly version: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly archivedAtMs: number | null;
}

/** What became of one question. */
export interface ServiceOutcome {
  readonly type: string;
  readonly name: string;
  /** `ok`, `nothing_new`, or a code of what went wrong. */
  readonly code: string;
  readonly detail: string;
  /** What the agent said that it has, once that was taken; empty: nothing yet. */
  readonly sequence: string;
}

/** How the last poll ended. */
export interface SourceState {
  /** Of the source that was asked: what came of an earlier one says nothing of how far this one is. */
  readonly version: number;
  /** Unix milliseconds. */
  readonly polledAtMs: number;
  readonly poller: string;
  /** `ok`, or why the agent could not be asked at all. */
  readonly code: string;
  readonly detail: string;
  /** What its certificate says; null: it was not reached. */
  readonly agent: string | null;
  readonly services: readonly ServiceOutcome[];
}

/** A source with how its last poll ended; null: it was never polled. */
export interface StatedSource {
  readonly source: AgentSource;
  readonly state: SourceState | null;
}
