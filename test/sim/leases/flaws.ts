/**
 * Faults that are put in to see whether the judges find them. Those of statements take a condition away from the model of
 * the database; the others stand between the real actors and their ports (`core.ts`). None of them is in any product.
 */
export const flaws = [
  /** A take-over does not raise the epoch. */
  'epoch_kept',
  /** A write looks at no lease. */
  'write_unchecked',
  /** A write looks at the epoch, not at whose it is. */
  'holder_unchecked',
  /** Another core takes a lease although its holder's session goes on for a while. */
  'taken_early',
  /** Who renews after its session's end has its leases again, whoever took them. */
  'renewal_takes_back',
  /** A lease that is given back stays where it was. */
  'release_kept',
  /** The asking core's own wall clock tells whether a session has ended. */
  'local_clock',
  /** The asking core's own wall clock tells what is due. */
  'local_due',
  /** A write that failed is taken for written. */
  'write_forgotten',
  /** What was accounted for is read back as more than it was. */
  'watermark_ahead',
  /** Of each write a row is lost, its watermark is not. */
  'rows_lost',
  /** Gaps of a suspension are not written. */
  'suspension_unsaid',
  /** An instant that a gap covers is stored as a result too. */
  'stored_twice',
  /** The instants that an earlier version of a schedule leaves are not looked at. */
  'version_forgotten',
  /** One tenant whose lease is locked holds the writes of all. */
  'one_for_all',
] as const;

export type Flaw = (typeof flaws)[number];
