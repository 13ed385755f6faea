/**
 * What the database keeps of sessions: lines of the journals of all nodes, which can be added and read and not changed. The
 * chain in them is judged by whoever reads.
 */
export interface ArchivedLine {
  readonly node: string;
  readonly boot: number;
  readonly seq: number;
  readonly atMs: number;
  /** Empty: of the journal itself. */
  readonly session: string;
  /** Of the event. */
  readonly type: string;
  /** Of an event `opened`. */
  readonly operator: string | null;
  readonly hash: string;
  /** As the journal has it. */
  readonly line: string;
}

export interface SessionQuery {
  readonly operator: string | null;
  readonly node: string | null;
  readonly sinceMs: number | null;
  readonly limit: number;
}

export interface ArchivedSession {
  readonly node: string;
  readonly session: string;
  /** Entry `opened` as a line. */
  readonly line: string;
  readonly lines: number;
  readonly lastAtMs: number;
  /** Entry `closed`; null: the session is open, or its node died. */
  readonly closed: string | null;
}

/** Up to where the lines of a node go, and what was removed before them when its time was over. */
export interface ArchivedChain {
  readonly node: string;
  readonly entries: number;
  readonly boot: number;
  readonly seq: number;
  readonly hash: string;
  readonly removed: { readonly boot: number; readonly seq: number; readonly hash: string } | null;
}

export interface SessionArchive {
  heads(node: string, boots: readonly number[]): Promise<{ boot: number; seq: number }[]>;
  /** All of them are there when it resolves. Rejects with `record_forked` when another line has the place of one. */
  keep(lines: readonly ArchivedLine[]): Promise<void>;
  /** The latest first. */
  sessions(query: SessionQuery): Promise<ArchivedSession[]>;
  /** Of one session, or of one node (the whole chain), behind a place, in order; at most `limit`, and of some MiB. */
  lines(
    of: { readonly session: string } | { readonly node: string },
    after: { readonly boot: number; readonly seq: number },
    limit: number,
  ): Promise<string[]>;
  chains(): Promise<ArchivedChain[]>;
  /** Removes what was kept for longer than that many days, and notes where. Answers how many entries went. */
  prune(days: number, by: string): Promise<number>;
}
