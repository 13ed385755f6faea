/**
 * An authority of an older installation as an operator brings it for one tenant: judged when it is brought, and read again
 * wherever a peer is judged by it. Also the one question that can be asked of a stranger before any authority is known: which
 * tenant its certificate says it is of. What is said proves nothing; it names whose authorities to judge by.
 */
import { createHash, createPrivateKey } from 'node:crypto';
import { judgeSignatureAlgorithm } from './algorithms.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import { keyFits } from './key-fits.ts';
import { readUriName } from './leaf-rules.ts';
import { limits } from './limits.ts';
import { judgeOlderAuthority } from './older-shape.ts';
import { chainFromPem, readPem } from './pem.ts';
import type { OlderTenantAuthority } from './policy.ts';
import { readPublicKey } from './public-keys.ts';
import { isTrustDomain, parseSpiffeId } from './spiffe.ts';
import { verifyPeer } from './verify.ts';

export interface ImportedFor {
  readonly tenantId: string;
  readonly slug: string;
  readonly trustDomain: string;
  readonly certificatesPem: string;
}

export type ImportRead =
  | { readonly ok: true; readonly authority: OlderTenantAuthority; readonly fingerprint: string }
  | { readonly ok: false; readonly detail: string };

/** What was stored once; null when it is damaged: then it vouches for nobody. */
export function readImportedAuthority(given: ImportedFor): OlderTenantAuthority | null {
  const { tenantId, slug, trustDomain, certificatesPem } = given;
  const read = certificatesOf(certificatesPem);
  return typeof read === 'string' ? null : { tenantId, slug, trustDomain, certificates: read };
}

/**
 * Whether it may be imported: certificates that may sign, strong and in time, and none of ours: what our own root signed is judged
 * by our own rules alone. `trustDomain` null: the one that the first certificate names.
 */
export function judgeImportedAuthority(
  given: Omit<ImportedFor, 'trustDomain'> & { readonly trustDomain: string | null },
  ours: { readonly roots: readonly Uint8Array[]; readonly nowMs: number },
): ImportRead {
  const read = certificatesOf(given.certificatesPem);
  if (typeof read === 'string') return { ok: false, detail: read };
  for (const [index, certificate] of read.entries()) {
    const wrong = whyNot(certificate, ours);
    if (wrong !== null) return { ok: false, detail: `certificate ${index + 1}: ${wrong}` };
  }
  const trustDomain = given.trustDomain ?? trustDomainNamed(read[0]!);
  if (trustDomain === null || !isTrustDomain(trustDomain))
    return { ok: false, detail: 'its certificate names no trust domain: say which (spiffe://THIS/...)' };
  const { tenantId, slug } = given;
  const digest = createHash('sha256');
  for (const { encoded } of read) digest.update(encoded);
  const authority = { tenantId, slug, trustDomain, certificates: read };
  return { ok: true, authority, fingerprint: digest.digest('hex') };
}

/** What is presented to its agents: a certificate that they would take, with its key. Null: it is good. */
export function judgeImportedClient(
  chainPem: string,
  privateKeyPem: string,
  authority: OlderTenantAuthority,
  nowMs: number,
): string | null {
  const chain = chainFromPem(chainPem);
  if (!chain.ok) return chain.error.detail;
  const leaf = readCertificate(chain.chain[0]!);
  if (!leaf.ok) return leaf.detail;
  const unfit = keyFits(leaf.certificate, privateKeyPem);
  if (unfit !== null) return unfit;
  const { notAfterMs, values } = leaf.certificate;
  if (notAfterMs <= nowMs) return 'the certificate is over';
  if (values.extendedKeyUsage !== null && !values.extendedKeyUsage.includes('1.3.6.1.5.5.7.3.2'))
    return 'the certificate is none of a client';
  // Who it says it is, its agents judge; here it must only be signed by the authority that was brought with it.
  const isSigned = authority.certificates.some((one) => {
    const [below, above] = [leaf.certificate.inOpenssl(), one.inOpenssl()];
    return below !== null && above !== null && below.verify(above.publicKey);
  });
  return isSigned ? null : 'the authority did not sign it';
}

/** A key as it is stored: PKCS #8, whatever form it came in. Null: it is none, or it has a passphrase. */
export function plainKeyPem(pem: string): string | null {
  try {
    return createPrivateKey(pem).export({ type: 'pkcs8', format: 'pem' }).toString();
  } catch {
    return null;
  }
}

export interface OlderClaim {
  readonly trustDomain: string;
  readonly slug: string;
}

/** Which tenant a leaf of the older shape says that it is of; null: it is of no such shape. Of the DER, leaf first. */
export function claimedTenant(chain: readonly Uint8Array[]): OlderClaim | null {
  const read = chain[0] === undefined ? null : readCertificate(chain[0]);
  const named = read?.ok === true ? readUriName(read.certificate) : null;
  if (named?.ok !== true || named.id.path.length !== 4) return null;
  const [type, slug] = named.id.path;
  if (type === 'node' || type === 'operator' || type === 'tenant') return null;
  return { trustDomain: named.id.trustDomain, slug: slug! };
}

function certificatesOf(pem: string): Certificate[] | string {
  const blocks = readPem(pem, 'CERTIFICATE');
  if (!blocks.ok) return blocks.error.detail;
  if (blocks.blocks.length === 0) return 'no PEM certificate in it';
  if (blocks.blocks.length > limits.rootsMax) return `more than ${limits.rootsMax} certificates`;
  const found: Certificate[] = [];
  for (const [index, der] of blocks.blocks.entries()) {
    const one = readCertificate(der);
    if (!one.ok) return `certificate ${index + 1}: ${one.detail}`;
    found.push(one.certificate);
  }
  return found;
}

function whyNot(
  certificate: Certificate,
  { roots, nowMs }: { roots: readonly Uint8Array[]; nowMs: number },
): string | null {
  const unfit = judgeOlderAuthority(certificate) ?? judgeSignatureAlgorithm(certificate.signatureAlgorithm);
  if (unfit !== null) return `${unfit.code}: ${unfit.detail}`;
  const key = readPublicKey(certificate);
  if (!key.ok) return `${key.error.code}: ${key.error.detail}`;
  if (nowMs > certificate.notAfterMs) return `it ended ${new Date(certificate.notAfterMs).toISOString()}`;
  const own = verifyPeer({ chain: [certificate.encoded], roots, trustDomain: '', nowMs });
  const isOurs = own.ok || own.error.code !== 'unknown_authority';
  return isOurs ? 'it is of our own authority, which needs no import' : null;
}

/** An authority's own id is its trust domain's, without a path (X.509-SVID 3.2). */
function trustDomainNamed({ values }: Certificate): string | null {
  const uri = values.alternativeNames.find(({ kind }) => kind === 'uri');
  const parsed = uri === undefined ? null : parseSpiffeId(uri.bytes);
  return parsed?.ok === true ? parsed.id.trustDomain : null;
}
