/**
 * Whether a key gets the certificate of a package, decided from the token and the package's row. Pure; what is granted is
 * then written by one statement, which has the last word when many come at once.
 */
import { timingSafeEqual } from 'node:crypto';
import { type EnrolmentToken, hashOfSecret } from '../certs/index.ts';
import type { EnrolRefusal } from './enrol-errors.ts';

/** What of a package's row decides. */
export interface PackageRow {
  readonly id: string;
  readonly state: 'issued' | 'delivered' | 'activated' | 'revoked' | 'expired' | 'deleted';
  readonly secretHash: string;
  readonly tokenSigner: string;
  readonly expiresAtMs: number;
  readonly delivered: { readonly keyFingerprint: string; readonly chainPem: string } | null;
}

export type EnrolDecision =
  | { readonly type: 'deliver' }
  /** The same key again: what it was given before. */
  | { readonly type: 'again'; readonly chainPem: string }
  | { readonly type: 'refuse'; readonly refusal: EnrolRefusal };

export function decideEnrolment(
  token: EnrolmentToken,
  row: PackageRow | null,
  keyFingerprint: string,
  nowMs: number,
): EnrolDecision {
  // One answer for all that is not ours, so that nobody learns which packages there are.
  if (row === null || !isTokenOf(token, row) || row.state === 'deleted')
    return refuse('token_unknown', 'this cluster gave out no such token: ask for a new one');
  const { state, delivered } = row;
  if (state === 'revoked') return refuse('package_revoked', `package ${row.id} was revoked: ask for another`);
  if (state === 'activated')
    return refuse('token_already_used', `package ${row.id} is in use: ask for another token`);
  if (state === 'expired' || row.expiresAtMs <= nowMs)
    return refuse('token_expired', `the token was good until ${new Date(row.expiresAtMs).toISOString()}`);
  if (delivered === null) return { type: 'deliver' };
  if (delivered.keyFingerprint === keyFingerprint) return { type: 'again', chainPem: delivered.chainPem };
  return refuse('token_already_used', `package ${row.id} was given to another key: ask for another token`);
}

/** By the secret, in the same time for any, and by the key that signed it. */
function isTokenOf(token: EnrolmentToken, row: PackageRow): boolean {
  const [given, kept] = [hashOfSecret(token.secret), row.secretHash].map((hash) => Buffer.from(hash, 'hex'));
  const isSecret = given!.length === kept!.length && timingSafeEqual(given!, kept!);
  return isSecret && token.signer === row.tokenSigner && token.expiresAtMs === row.expiresAtMs;
}

function refuse(code: string, detail: string): EnrolDecision {
  return { type: 'refuse', refusal: { code, detail } };
}
