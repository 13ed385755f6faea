/**
 * Where sessions of the shell are written down: the port between a session and what keeps its record, a journal beside the
 * node or the database. Nothing runs before its line is kept; what was kept cannot be changed unnoticed.
 */

/** Times are of the wall clock, in ms since 1970. */
export type SessionEvent =
  | {
      readonly type: 'opened';
      readonly operator: string;
      /** The SPIFFE id that the certificate proves, and its serial. */
      readonly identity: string;
      /** Where the operator's connection came from, `host:port`. */
      readonly from: string;
      readonly tenant: string | null;
      readonly mayWrite: boolean;
      readonly columns: number;
      readonly rows: number;
    }
  | { readonly type: 'line'; readonly run: number; readonly text: string; readonly access: string }
  | { readonly type: 'output'; readonly run: number; readonly text: string }
  /** Output past the bound of one line was shown and not kept; so many characters. */
  | { readonly type: 'output_cut'; readonly run: number; readonly characters: number }
  /** `code`: `ok`, `cancelled`, or that of the error. */
  | { readonly type: 'ended'; readonly run: number; readonly code: string }
  /** So many lines came faster than they may: they did not run, and what they said is not kept. */
  | { readonly type: 'lines_refused'; readonly lines: number }
  | { readonly type: 'resized'; readonly columns: number; readonly rows: number }
  | { readonly type: 'closed'; readonly reason: string };

export interface SessionRecord {
  /**
   * Resolves when the event is kept: on this node's disk, and for `line` of a command that changes something also by a core.
   * Rejects with `record_failed` (disk) or `record_unreachable` (no core took it); nothing is to run then.
   */
  write(event: SessionEvent, atMs: number): Promise<void>;
  /** After `closed` nothing more is written. */
  end(): Promise<void>;
}

export interface SessionRecords {
  /** A new session on this node; `id` is unique in the cluster. */
  open(id: string): Promise<SessionRecord>;
}
