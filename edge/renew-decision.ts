/**
 * Whether the bearer of a package's certificate gets the next one, decided from the package's row, the certificates that it
 * has, and the key that it asks for. Pure; what is granted is then written by one statement, which has the last word.
 */
import type { PackageRow } from './enrol-decision.ts';

export type RenewRefusalCode =
  /** The certificate was given by an operator's own hand: whoever gave it gives the next. */
  | 'renewal_no_package'
  /** The certificate is of another bearer than its package. */
  | 'renewal_not_its_own'
  /** The request is not signed by the key of the present certificate. */
  | 'renewal_not_proven'
  /** The request is for the key of the present certificate: make a new one. */
  | 'renewal_same_key'
  /** The package has as many certificates that have not ended as it may: wait until one ends. */
  | 'renewed_too_often';

export interface RenewRefusal {
  readonly code: RenewRefusalCode | 'package_revoked' | 'package_ended';
  readonly detail: string;
}

export interface RenewQuestionFacts {
  readonly package: (PackageRow & { readonly kind: string; readonly name: string }) | null;
  /** Of renewals, not ended. */
  readonly living: readonly { readonly keyFingerprint: string; readonly chainPem: string }[];
  readonly livingMax: number;
  /** Who presents the certificate. */
  readonly bearer: { readonly role: string; readonly id: string };
  /** The key of the present certificate, and the one of the request. */
  readonly presentKey: string;
  readonly wantedKey: string;
}

export type RenewDecision =
  | { readonly type: 'renew' }
  /** The same key again: what it was given before. */
  | { readonly type: 'again'; readonly chainPem: string }
  | { readonly type: 'refuse'; readonly refusal: RenewRefusal };

export function decideRenewal(facts: RenewQuestionFacts): RenewDecision {
  const { package: row, living, livingMax, bearer, presentKey, wantedKey } = facts;
  if (row === null) return refuse('renewal_no_package', 'no package gave this certificate');
  if (row.kind !== bearer.role || row.name !== bearer.id)
    return refuse('renewal_not_its_own', `package ${row.id} is of another bearer`);
  if (row.state === 'revoked') return refuse('package_revoked', `package ${row.id} was revoked`);
  if (row.state !== 'activated') return refuse('package_ended', `package ${row.id} is over: ask for another`);
  if (wantedKey === presentKey) return refuse('renewal_same_key', 'the request is for the key in use');
  const before = living.find(({ keyFingerprint }) => keyFingerprint === wantedKey);
  if (before !== undefined) return { type: 'again', chainPem: before.chainPem };
  if (row.delivered?.keyFingerprint === wantedKey)
    return refuse('renewal_same_key', 'the request is for the key of the first certificate');
  if (living.length >= livingMax)
    return refuse('renewed_too_often', `${living.length} certificates of package ${row.id} have not ended`);
  return { type: 'renew' };
}

function refuse(code: RenewRefusal['code'], detail: string): RenewDecision {
  return { type: 'refuse', refusal: { code, detail } };
}
