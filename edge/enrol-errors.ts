/**
 * The closed set of refusals of an enrolment, beside those of tokens and requests themselves (`certs/enrolment/codes.ts`),
 * and the gRPC status that each is told as. The code stands first in the status's text.
 */
import { status } from '@grpc/grpc-js';

export type EnrolRefusalCode =
  /** The cluster gave out no such token, or its package is not there any more. */
  | 'token_unknown'
  /** Another key was enrolled with the token, or this one's certificate is in use: make a new package. */
  | 'token_already_used'
  /** The package was revoked. */
  | 'package_revoked'
  /** The package of this certificate ran out before it was used, or was deleted. */
  | 'package_ended'
  /** From this address come more enrolments than are taken: try again later. */
  | 'too_many_enrolments'
  /** No core answers the gateway, or its database is away: try again. */
  | 'core_away'
  /** None of the gateways that the token names can be reached. */
  | 'gateway_unreachable'
  /** Who answers there is not below the root that the token names: another cluster, or somebody between. */
  | 'wrong_gateway'
  /** What the gateway answered is no certificate of this key and package. */
  | 'bad_reply';

export interface EnrolRefusal {
  /** One of these, of tokens and requests, or what a core refused with. */
  readonly code: string;
  readonly detail: string;
}

const denied: ReadonlySet<string> = new Set<EnrolRefusalCode>([
  'token_unknown',
  'token_already_used',
  'package_revoked',
]);

/** As grpc-js takes it. What is not known here is the cluster's own trouble: to be tried again. */
export function statusOfEnrolment({ code, detail }: EnrolRefusal): { code: status; details: string } {
  const details = `${code}: ${detail}`;
  if (denied.has(code) || /^(token_expired|tenant_)/.test(code))
    return { code: status.PERMISSION_DENIED, details };
  if (/^(token|request)_/.test(code)) return { code: status.INVALID_ARGUMENT, details };
  if (code === 'too_many_enrolments') return { code: status.RESOURCE_EXHAUSTED, details };
  return { code: status.UNAVAILABLE, details };
}
