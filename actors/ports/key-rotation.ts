/**
 * Sealing anew what is sealed with older keys, as the coordinator sees it. Implemented by `store/`; fails with a
 * `StoreError` when the database is away or this node's key ring cannot be used.
 */
export interface RotationTurn {
  /** The key that everything is brought under. */
  key: string;
  /** Rows that were sealed anew in this turn, and rows of which something does not open. */
  resealed: number;
  unreadable: number;
  /** Of the first that does not open: where it is, and why. Null: all did. */
  error: string | null;
  /** Nothing of an older key is left that opens. */
  done: boolean;
}

export interface KeyRotation {
  /**
   * Goes through all tenants once and answers how it went; null when nothing is due. Whatever a kill leaves, the next turn
   * goes on from, under the same or a higher epoch. `isStill` is asked before each batch: a coordinator that is no more
   * stops there.
   */
  runDue(epoch: number, isStill: () => boolean): Promise<RotationTurn | null>;
}
