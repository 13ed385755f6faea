/** What the record of sessions refuses with. */
export type RecordedErrorCode =
  /** This node cannot write its journal (the sentence says why): nothing runs that is not written down. */
  | 'record_failed'
  /** No core has kept the line in time: what changes something does not run then; reading goes on. */
  | 'record_unreachable'
  /** Entries that a node sent are none of its own, or do not follow one another. */
  | 'record_malformed'
  /** A core has another entry in that place: one of the two copies was changed. */
  | 'record_forked';

export class RecordedError extends Error {
  readonly code: RecordedErrorCode;

  constructor(code: RecordedErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'RecordedError';
    this.code = code;
  }
}
