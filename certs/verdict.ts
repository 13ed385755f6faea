/**
 * The closed set of things that can be wrong with a peer's certificate. The same code is said on a link, in both
 * logs, and by `picket certs verify`; the detail is for people and may change.
 */

export const verdictCodes = [
  /** The peer presented none, or resumed a session, which proves nothing. */
  'no_certificate',
  /** No root that we trust signed the top of the chain. */
  'unknown_authority',
  /** A certificate of the chain has ended. */
  'expired',
  /** A certificate of the chain has not begun. */
  'not_yet_valid',
  /** The leaf lives more than 30 days. */
  'lifetime_too_long',
  /** The leaf has no URI name. */
  'no_spiffe_id',
  /** The leaf has more than one URI name. */
  'two_uri_sans',
  /** The id is not spelled as a SPIFFE id is, or has no meaning under its authority. */
  'bad_spiffe_id',
  /** The id or the intermediate is of another trust domain. */
  'wrong_trust_domain',
  /** The leaf may sign certificates. */
  'leaf_is_ca',
  /** A key usage is missing, not critical, or not the one that its place in the chain needs. */
  'bad_key_usage',
  /** The purposes are not those of both ends of a link. */
  'bad_extended_key_usage',
  /** The issuer is not that tenant's authority. */
  'issuer_not_tenant',
  /** The issuer or the policy gives the bearer no such role. */
  'issuer_not_role',
  /** The certificates do not make a chain: a signature, a length, a constraint or a critical extension. */
  'chain_invalid',
  /** A key is of a kind or size that is not on the list. */
  'weak_key',
  /** A signature algorithm is not on the list. */
  'weak_signature',
  /** A revocation list of the issuer names the certificate. */
  'revoked',
  /** It cannot be read: not DER, or not as RFC 5280 writes a certificate. */
  'malformed',
] as const;

export type VerdictCode = (typeof verdictCodes)[number];

export interface VerdictError {
  readonly code: VerdictCode;
  readonly detail: string;
}

export function refusal(code: VerdictCode, detail: string): VerdictError {
  return { code, detail };
}
