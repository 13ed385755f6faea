/**
 * A tenant's own intermediate, in the authority's folder: made when the first certificate of the tenant is issued, replaced by
 * one with another key when somebody wants that or when it is near its end. It signs for that tenant and for nobody else. What it
 * signed stays good after it was replaced, because bearers present their own intermediate, until it is retired.
 */
import { isSignedBy } from './algorithms.ts';
import { type Authority, createIntermediate } from './authority.ts';
import { readCertificate } from './certificate.ts';
import { judgeIntermediate, scopeOf } from './issuer-rules.ts';
import type { KeyedCertificate, WallClock } from './keyed-certificate.ts';
import { limits } from './limits.ts';
import { readPem } from './pem.ts';
import { judgeRevocation, type RevocationList } from './revocation.ts';
import { revoke } from './rotation.ts';
import {
  forgetOldRetired,
  forgetRetired,
  keepRetired,
  placeTenantPair,
  readTenantPair,
  retiredPairs,
} from './tenant-keys.ts';

/**
 * Reads the tenant's intermediate, or makes it; near its end, makes another. The caller holds the authority's lock.
 * @throws CertsError bad_name for a tenant id, else as `readAuthority`
 */
export async function openTenantAuthority(
  folder: string,
  authority: Authority,
  tenantId: string,
  clock: WallClock,
): Promise<KeyedCertificate> {
  const present = await readTenantPair(folder, tenantId);
  const leftMs = present === null ? 0 : present.certificate.notAfterMs - clock.wallMs();
  if (present !== null && leftMs >= limits.intermediateRenewBeforeMs) return present.keyed;
  return await rotateTenantAuthority(folder, authority, tenantId, clock, null);
}

/**
 * Has a new key with a certificate of its own sign for the tenant from now on, and keeps the pair that did until now, for
 * revocations. `signing`: the certificate with which the cluster signs, where that is known: when it was replaced here already
 * and the cluster was not told before a crash, what replaced it is the answer. The caller holds the authority's lock.
 * @throws CertsError as `openTenantAuthority`
 */
export async function rotateTenantAuthority(
  folder: string,
  { root, trustDomain }: Authority,
  tenantId: string,
  clock: WallClock,
  signing: string | null,
): Promise<KeyedCertificate> {
  const nowMs = clock.wallMs();
  await forgetOldRetired(folder, nowMs);
  const present = await readTenantPair(folder, tenantId);
  if (present !== null && signing !== null && present.keyed.certificatePem !== signing) {
    const replaced = await retiredPairs(folder, tenantId);
    if (replaced.some(({ keyed }) => keyed.certificatePem === signing)) return present.keyed;
  }
  if (present !== null) await keepRetired(folder, present, tenantId, nowMs);
  const made = await createIntermediate(root, trustDomain, { kind: 'tenant', tenantId }, clock);
  await placeTenantPair(folder, tenantId, made);
  return made;
}

/**
 * Ends one that was replaced: the root revokes its certificate, with all that it signed, and its key is destroyed here. May be
 * repeated. The caller holds the authority's lock. @throws CertsError as `revoke`
 */
export async function retireTenantAuthority(
  folder: string,
  tenantId: string,
  certificatePem: string,
  clock: WallClock,
): Promise<void> {
  const { serial } = await revoke(folder, { pem: certificatePem }, clock);
  await forgetRetired(folder, tenantId, serial);
}

export interface TenantTrust {
  readonly roots: readonly Uint8Array[];
  readonly trustDomain: string;
  readonly nowMs: number;
  readonly revocationLists?: readonly RevocationList[];
}

/**
 * Milliseconds that it has left to sign for this tenant below one of these roots; null when what it signed would be refused:
 * it is another tenant's, another cluster's, revoked, or over.
 */
export function tenantAuthorityLeftMs(
  certificatePem: string,
  tenantId: string,
  { roots, trustDomain, nowMs, revocationLists = [] }: TenantTrust,
): number | null {
  const pem = readPem(certificatePem, 'CERTIFICATE');
  const read = pem.ok && pem.blocks.length === 1 ? readCertificate(pem.blocks[0]!) : null;
  if (read === null || !read.ok) return null;
  const { certificate } = read;
  const { signatureAlgorithm, signed, signature } = certificate;
  const root = roots
    .map((der) => readCertificate(der))
    .find((one) => one.ok && isSignedBy(one.certificate, signatureAlgorithm, signed, signature));
  const scope = scopeOf(certificate.subject, trustDomain);
  if (root?.ok !== true || scope?.kind !== 'tenant' || scope.tenantId !== tenantId) return null;
  if (judgeIntermediate(certificate, trustDomain) !== null) return null;
  if (judgeRevocation(certificate, root.certificate, revocationLists) !== null) return null;
  const leftMs = certificate.notAfterMs - nowMs;
  return leftMs > 0 ? leftMs : null;
}
