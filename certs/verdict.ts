/**
 * The closed set of things that can be wrong with a peer's certificate. The same code is said on a link, in both
 * logs, and by `picket certs verify`; the detail is for people and may change.
 */

export const verdictCodes = [
  'no_certificate',
  'unknown_authority',
  'expired',
  'not_yet_valid',
  'lifetime_too_long',
  'no_spiffe_id',
  'two_uri_sans',
  'bad_spiffe_id',
  'wrong_trust_domain',
  'leaf_is_ca',
  'bad_key_usage',
  'bad_extended_key_usage',
  'issuer_not_tenant',
  'issuer_not_role',
  'chain_invalid',
  'weak_key',
  'weak_signature',
  'revoked',
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
