/**
 * Who keeps the other copy of a node's journal: on a node that has the database that, on any other a core. Between the
 * journal, which brings its entries, and what is behind.
 */
export interface RecordKeeper {
  /** The highest sequence that is kept of each of these boots of this node; nothing of a boot of which none is. */
  heads(boots: readonly number[]): Promise<readonly { readonly boot: number; readonly seq: number }[]>;
  /**
   * Entries as lines, each behind the one before it. Resolves when all of them are kept; getting one again is no harm.
   * Rejects with `record_malformed` or `record_forked` for what will never be taken, and with anything else for now.
   */
  keep(lines: readonly string[]): Promise<void>;
}
