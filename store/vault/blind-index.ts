/**
 * What a sealed value is found by: HMAC-SHA-256 of its normal form under a key of the tenant's own, so that equal values
 * are equal in one tenant and column, and say nothing in any other. While keys change there is one for each key.
 */
import { createHmac } from 'node:crypto';
import { limits } from '../limits.ts';
import { bound, derivedKey } from './field.ts';
import type { KeyRing, VaultKey } from './key-ring.ts';

/** `KEY:DATA`, DATA in base64url. `normal`: in its normal form already. */
export function blindIndex(key: VaultKey, tenantId: string, column: string, normal: string): string {
  const hash = createHmac('sha256', derivedKey(key.bytes, 'blind index', tenantId));
  return `${key.id}:${hash.update(bound(column, normal)).digest('base64url')}`;
}

/** Under every key that opens fields: a node that has only one of them finds the row by that one. */
export function blindIndexes(ring: KeyRing, tenantId: string, column: string, normal: string): string[] {
  return ring.keys
    .filter(({ state }) => state !== 'retired')
    .map((key) => blindIndex(key, tenantId, column, normal));
}

/**
 * An address as it is compared: without case, composed (NFC), without space around it. Null: it is none. Whether mail
 * arrives there only mail can tell, so little is judged: one name, one host, nothing that is not seen.
 */
export function normalEmail(text: string): string | null {
  const normal = text.trim().normalize('NFC').toLowerCase().normalize('NFC');
  if (normal.length > limits.emailCharsMax || /[\p{Cc}\p{Cf}\p{Cs}\p{Z}]/u.test(normal)) return null;
  return /^[^@]{1,64}@[^@.]+(\.[^@.]+)*$/.test(normal) ? normal : null;
}
