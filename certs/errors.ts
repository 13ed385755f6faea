/**
 * What can go wrong while making, keeping or loading our own authority and credentials. A closed set with stable
 * codes. What is wrong with a peer's certificate is not an error but a verdict: see verdict.ts.
 */

export type CertsErrorCode =
  /** A name, role, right or trust domain that a SPIFFE id of ours cannot hold. */
  | 'bad_name'
  /** Shorter or longer than a certificate may live. */
  | 'bad_lifetime'
  /** A file that must be there is not; the message names it and the remedy. */
  | 'missing_file'
  /** A file on disk is not what it must be; the message names it and the remedy. */
  | 'corrupt_file'
  /** A file that holds a key can be read by others than its owner. */
  | 'unsafe_permissions'
  /** The peer policy, or a file that it names, is not what it should be; the message says where. */
  | 'bad_policy'
  /** There is an authority or another bearer's credential in that place, and nothing was written. */
  | 'already_exists'
  /** What was to be revoked is not a serial number. */
  | 'bad_serial'
  /** This authority did not sign it, or it is the root: it cannot be revoked here. */
  | 'not_ours'
  /** The revocation list of one authority is full. */
  | 'too_many_revoked'
  /** More intermediates were replaced within a month than revocation lists can be kept for. */
  | 'too_many_retired'
  /** The file system refused; `cause` is its error. */
  | 'io_failed';

export class CertsError extends Error {
  readonly code: CertsErrorCode;
  /** The file that the error is about, when it is about one. */
  readonly path: string | null;

  constructor(code: CertsErrorCode, message: string, about: { path?: string; cause?: unknown } = {}) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.name = 'CertsError';
    this.code = code;
    this.path = about.path ?? null;
  }
}
