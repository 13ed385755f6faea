/**
 * Where a node learns whom to dial: the port of every discovery strategy, between the seeker that drives it and whatever
 * knows addresses (a list, name servers, Kubernetes, multicast, the database). Addresses are hints: nothing that a source
 * says makes anybody a member, the certificate of whoever answers does. A source never dials and keeps no opinion of
 * who lives. Its clock and random are given to it when it is made.
 */

export interface SourceCall {
  /** The address at which others reach this node, `host:port`: told by sources that also announce it. */
  readonly own: string;
  /** Aborted when the node stops: the session then takes back what it announced, and ends soon. */
  readonly signal: AbortSignal;
  /**
   * All addresses that the back end has now, each `host:port` or `[v6]:port`, our own among them or not. What is no longer
   * in the list is no longer dialled. The caller takes a bounded number and judges each.
   */
  tell(addresses: readonly string[]): void;
}

export interface AddressSource {
  /** What is asked, for logs: `dns picket.example.org`. Holds no secret. */
  readonly title: string;
  /** After a session that ended well the next begins this much later, with jitter. Milliseconds. */
  readonly pauseMs: number;
  /**
   * One session with the back end, from connecting to its end; no two at once. It tells as often as the answer changes:
   * a source that can only be asked tells once and resolves, one that is told of changes stays until the connection ends.
   * Rejects with an error that has a `code`; what was told stays in force. Every wait in it is bounded, it holds nothing
   * open after its end, and it may be called again whatever happened before.
   */
  session(call: SourceCall): Promise<void>;
}
