/**
 * Ids and the SQL names made of them. The only place where an id becomes an identifier in a statement: what passes
 * `assertTenantId` is 12 of `a-z2-7`, so the names need no quoting and cannot carry anything else.
 */
import { randomBytes } from 'node:crypto';
import { StoreError } from './errors.ts';

const tenantIdPattern = /^[a-z][a-z2-7]{11}$/;
const slugPattern = /^[a-z][a-z0-9-]{1,39}$/;
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** The platform's own names carry this tenant label, so no customer may have it. */
const reservedSlugs: ReadonlySet<string> = new Set(['platform']);

export function isTenantId(text: string): boolean {
  return tenantIdPattern.test(text);
}

export function assertTenantId(text: string): void {
  if (!isTenantId(text)) throw new StoreError('invalid_input', `not a tenant id: ${JSON.stringify(text)}`);
}

/** Null when the slug may be taken; otherwise why not, for a person. */
export function slugProblem(slug: string): string | null {
  if (!slugPattern.test(slug)) {
    return 'a slug is 2 to 40 of a-z, 0-9 and "-", and starts with a letter';
  }
  return reservedSlugs.has(slug) ? `"${slug}" is kept for the platform itself` : null;
}

/** The tenant's schema and its database role have the same name. */
export function tenantRole(tenantId: string): string {
  assertTenantId(tenantId);
  return `tenant_${tenantId}`;
}

/** 60 random bits; the first character is a letter. */
export function newTenantId(): string {
  const bytes = randomBytes(12);
  return alphabet[bytes[0]! % 26]! + letters(bytes.subarray(1));
}

/** `chk_` and 80 random bits: unique across tenants without asking anyone. */
export function newCheckId(): string {
  return `chk_${letters(randomBytes(16))}`;
}

/** For an id of something that nothing is known of. */
export function randomId(): Uint8Array {
  return randomBytes(16);
}

/** Unique within their tenant; as many bits, so across tenants too. */
export function newUserId(): string {
  return `usr_${letters(randomBytes(16))}`;
}

export function newIntegrationId(): string {
  return `int_${letters(randomBytes(16))}`;
}

/** As enrolment tokens spell it. */
export function newPackageId(): string {
  return `pkg_${letters(randomBytes(16))}`;
}

export function newSourceId(): string {
  return `src_${letters(randomBytes(16))}`;
}

export function newSweepId(): string {
  return `swp_${letters(randomBytes(16))}`;
}

export function newRunId(): string {
  return `run_${letters(randomBytes(16))}`;
}

/** Of an authority that was imported for a tenant. */
export function newImportedId(): string {
  return `ca_${letters(randomBytes(16))}`;
}

function letters(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += alphabet[byte & 31]!;
  return text;
}
