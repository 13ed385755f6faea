/**
 * A tenant's own intermediate, in the authority's folder under `tenants/`: made when the first certificate of the tenant
 * is issued, renewed with the same key when it is near its end. It signs for that tenant and for nobody else.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isSignedBy } from './algorithms.ts';
import { type Authority, createIntermediate } from './authority.ts';
import { readKeyed, writeKeyed } from './authority-files.ts';
import { readCertificate } from './certificate.ts';
import { makeFolder } from './durable-files.ts';
import { judgeIntermediate, scopeOf } from './issuer-rules.ts';
import type { KeyedCertificate, WallClock } from './keyed-certificate.ts';
import { limits } from './limits.ts';
import { readPem } from './pem.ts';

/** Where the intermediates of tenants are, each called by the tenant's id. */
export function tenantAuthorities(folder: string): string {
  return join(folder, 'tenants');
}

/**
 * Reads the tenant's intermediate, or makes it. The caller holds the authority's lock.
 * @throws CertsError bad_name for a tenant id, else as `readAuthority`
 */
export async function openTenantAuthority(
  folder: string,
  authority: Authority,
  tenantId: string,
  clock: WallClock,
): Promise<KeyedCertificate> {
  const { root, trustDomain } = authority;
  const scope = { kind: 'tenant', tenantId } as const;
  const place = tenantAuthorities(folder);
  const isThere = await stat(join(place, `${tenantId}.pem`)).catch(() => null);
  let present: KeyedCertificate | undefined;
  if (isThere !== null) {
    const { keyed, certificate } = await readKeyed(place, tenantId);
    if (certificate.notAfterMs - clock.wallMs() >= limits.intermediateRenewBeforeMs) return keyed;
    present = keyed;
  }
  const made = await createIntermediate(root, trustDomain, scope, clock, present);
  await makeFolder(place);
  await writeKeyed(place, tenantId, made);
  return made;
}

/**
 * Milliseconds that it has left to sign for this tenant below one of these roots; null when what it signed would be refused:
 * it is another tenant's, another cluster's, or over.
 */
export function tenantAuthorityLeftMs(
  certificatePem: string,
  tenantId: string,
  trust: { readonly roots: readonly Uint8Array[]; readonly trustDomain: string; readonly nowMs: number },
): number | null {
  const pem = readPem(certificatePem, 'CERTIFICATE');
  const read = pem.ok && pem.blocks.length === 1 ? readCertificate(pem.blocks[0]!) : null;
  if (read === null || !read.ok) return null;
  const { certificate } = read;
  const { signatureAlgorithm, signed, signature } = certificate;
  const isOurs = trust.roots.some((der) => {
    const root = readCertificate(der);
    return root.ok && isSignedBy(root.certificate, signatureAlgorithm, signed, signature);
  });
  const scope = scopeOf(certificate.subject, trust.trustDomain);
  if (!isOurs || scope?.kind !== 'tenant' || scope.tenantId !== tenantId) return null;
  if (judgeIntermediate(certificate, trust.trustDomain) !== null) return null;
  const leftMs = certificate.notAfterMs - trust.nowMs;
  return leftMs > 0 ? leftMs : null;
}
