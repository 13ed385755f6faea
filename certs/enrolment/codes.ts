/**
 * The closed set of things that can be wrong with an enrolment token or with a request for a certificate. Said by
 * `picket enroll` before it dials, and by the gateway to whoever sent them; the detail is for people and may change.
 */

export const enrolmentCodes = [
  /** Longer than a token is. */
  'token_too_long',
  /** It is not spelled as a token: cut short, joined with something else, or another text. */
  'token_malformed',
  /** A token of another version than this Picket reads. */
  'token_version',
  /** It was changed: its signature is not that of its contents. */
  'token_bad_signature',
  /** The time in which it could be used is over. */
  'token_expired',
  /** Larger than a request for a certificate is. */
  'request_too_large',
  /** It cannot be read: not DER, or not as RFC 2986 writes a request. */
  'request_malformed',
  /** The key is no EC key of P-256. */
  'request_weak_key',
  /** The request is not signed by the key that it brings. */
  'request_bad_signature',
  /** It asks for the right to sign certificates. */
  'request_asks_ca',
  /** It asks for another name than that of the package. */
  'request_asks_name',
  /** It asks to be of another kind than the package is. */
  'request_asks_role',
  /** It asks for a usage of the key that such a certificate does not have. */
  'request_asks_usage',
  /** It asks for something else that is not in the template. */
  'request_asks_more',
] as const;

export type EnrolmentCode = (typeof enrolmentCodes)[number];

export interface EnrolmentError {
  readonly code: EnrolmentCode;
  readonly detail: string;
}

export interface EnrolmentRefused {
  readonly ok: false;
  readonly error: EnrolmentError;
}

export function refusedEnrolment(code: EnrolmentCode, detail: string): EnrolmentRefused {
  return { ok: false, error: { code, detail } };
}
