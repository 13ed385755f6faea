/**
 * One value of one row, sealed by the application: AES-256-GCM under a key of the tenant's own, derived from a key of the
 * ring, bound to the place where it belongs. A value that was changed, or moved to another row, column or tenant, does not
 * open. Pure but for the nonce; who may see what is inside is judged elsewhere.
 *
 * `v1:KEY:DATA`, DATA in base64url: 12 bytes of nonce, as many as the text has (UTF-8), 16 of tag.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { StoreError } from '../errors.ts';
import { limits } from '../limits.ts';
import type { VaultKey } from './key-ring.ts';

export interface FieldPlace {
  tenantId: string;
  table: string;
  column: string;
  /** Of the row, within its table. */
  rowId: string;
}

const version = 'v1';
const nonceBytes = 12;
const tagBytes = 16;
const form = /^v1:([a-z0-9][a-z0-9_-]{0,31}):([A-Za-z0-9_-]+)$/;

/** A key for one purpose and one tenant. The ring's key itself seals no field. */
export function derivedKey(master: Buffer, purpose: string, tenantId: string): Buffer {
  return Buffer.from(hkdfSync('sha256', master, '', bound('picket', purpose, tenantId), 32));
}

/** Texts with their lengths before them, so that no two lists of texts read alike. */
export function bound(...texts: readonly string[]): Buffer {
  return Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text, 'utf8');
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

const boundTo = (keyId: string, { tenantId, table, column, rowId }: FieldPlace) =>
  bound(version, keyId, tenantId, table, column, rowId);

/** Throws a StoreError `too_large` past `limits.fieldBytesMax`. */
export function sealField(key: VaultKey, place: FieldPlace, text: string): string {
  const plain = Buffer.from(text, 'utf8');
  if (plain.length > limits.fieldBytesMax)
    throw new StoreError('too_large', `${named(place)} has more than ${limits.fieldBytesMax} bytes`);
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', derivedKey(key.bytes, 'field', place.tenantId), nonce);
  cipher.setAAD(boundTo(key.id, place));
  const data = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return `${version}:${key.id}:${data.toString('base64url')}`;
}

/** Throws `sealed_malformed`, `sealed_refused`, and what `keyOf` throws of a key that is not there. */
export function openField(keyOf: (id: string) => VaultKey, place: FieldPlace, sealed: string): string {
  const { keyId, data } = parted(place, sealed);
  const key = keyOf(keyId);
  const decipher = createDecipheriv(
    'aes-256-gcm',
    derivedKey(key.bytes, 'field', place.tenantId),
    data.subarray(0, nonceBytes),
  );
  decipher.setAAD(boundTo(keyId, place));
  decipher.setAuthTag(data.subarray(data.length - tagBytes));
  try {
    const plain = decipher.update(data.subarray(nonceBytes, data.length - tagBytes));
    return Buffer.concat([plain, decipher.final()]).toString('utf8');
  } catch (cause) {
    throw new StoreError(
      'sealed_refused',
      `${named(place)} is not what was sealed there: it was changed, moved from another row, column or tenant, or sealed with another key of the id "${keyId}"`,
      { cause },
    );
  }
}

/** Of a sealed value; null: it is none. */
export function keyIdOf(sealed: string): string | null {
  return form.exec(sealed)?.[1] ?? null;
}

function parted(place: FieldPlace, sealed: string): { keyId: string; data: Buffer } {
  const match = sealed.length > limits.sealedCharsMax ? null : form.exec(sealed);
  const data = Buffer.from(match?.[2] ?? '', 'base64url');
  // Decoding passes over what it does not know; a second spelling of one value is none.
  const isWhole = data.length >= nonceBytes + tagBytes && data.toString('base64url') === match?.[2];
  if (match !== null && isWhole) return { keyId: match[1]!, data };
  throw new StoreError(
    'sealed_malformed',
    `${named(place)} is no sealed value: it was cut or written by something else`,
  );
}

/** Never with what is in it. */
function named({ table, column, rowId }: FieldPlace): string {
  return `${table}.${column} of ${rowId}`;
}
