/**
 * The closed set of the runtime's errors. A refused call rejects with one of these; a programmer's error is an
 * assertion that crashes the actor instead.
 */

export type RuntimeErrorCode =
  /** The sender's own incarnation has ended: nothing that it does has an effect any more. */
  | 'actor_dead'
  /** The receiver is not there: it ended, never was, or belongs to an earlier boot of its node. */
  | 'no_actor'
  /** The receiver's mailbox is at its bound. */
  | 'mailbox_full'
  /** No answer came within the deadline. */
  | 'call_timeout'
  /** The definition of the receiver has no such method. */
  | 'no_such_method'
  /** The receiver's handler threw; its message is in `detail`. */
  | 'handler_failed'
  /** `init` threw or the actor ended while it ran. */
  | 'start_failed'
  /** The node of the receiver is not reachable, or its link ended while the call was under way. */
  | 'node_down'
  /** The link to the receiver's node is over its high-water mark. */
  | 'link_busy'
  /** What was sent cannot travel: see the codec's closed set of values. */
  | 'cannot_encode'
  /** Another living actor has the name. */
  | 'name_taken'
  /** A child specification is not one, or is there twice. */
  | 'bad_child_spec'
  /** The actor system has ended. */
  | 'system_stopped';

/** What the reader of a flight record says no with. */
export type RecordErrorCode =
  /** The file is no record of Picket. */
  | 'record_foreign'
  /** The record was made by a later Picket, in a form that this one does not know. */
  | 'record_newer'
  /** The record, or one of its machines, has a form that this Picket no longer steps. */
  | 'record_older'
  /** The file ends before the record does. */
  | 'record_truncated'
  /** The record was changed after it was taken, or is not as a recorder writes it. */
  | 'record_damaged'
  /** A line is longer than any that a recorder writes. */
  | 'record_too_large'
  /** A machine decided otherwise than was recorded. */
  | 'record_mismatch';

export class RecordError extends Error {
  readonly code: RecordErrorCode;

  constructor(code: RecordErrorCode, detail: string, cause?: unknown) {
    super(detail, cause === undefined ? undefined : { cause });
    this.name = 'RecordError';
    this.code = code;
  }
}

/** `code` is stable; `detail` is for people. */
export class RuntimeError extends Error {
  readonly code: RuntimeErrorCode;
  readonly detail: string;

  constructor(code: RuntimeErrorCode, detail: string, cause?: unknown) {
    super(`${code}: ${detail}`, cause === undefined ? undefined : { cause });
    this.name = 'RuntimeError';
    this.code = code;
    this.detail = detail;
  }
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

/** The text of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
