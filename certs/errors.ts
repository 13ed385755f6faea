/**
 * What can go wrong while making, keeping or loading our own authority and credentials. A closed set with stable
 * codes. What is wrong with a peer's certificate is not an error but a verdict: see verdict.ts.
 */

/**
 * - `bad_name`: a name, role, right or trust domain that a SPIFFE id of ours cannot hold.
 * - `bad_lifetime`: shorter or longer than a certificate may live (limits.ts).
 * - `missing_file`, `corrupt_file`, `unsafe_permissions`: state on disk; `path` names the file, the message the remedy.
 * - `bad_policy`: the peer policy, or a file that it names, is not what it should be; the message says where.
 * - `already_exists`: there is an authority in that folder and nothing was written.
 * - `io_failed`: the file system refused; `cause` is its error.
 */
export type CertsErrorCode =
  | 'bad_name'
  | 'bad_lifetime'
  | 'missing_file'
  | 'corrupt_file'
  | 'unsafe_permissions'
  | 'bad_policy'
  | 'already_exists'
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
