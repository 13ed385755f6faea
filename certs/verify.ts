/**
 * The verdict on a peer: from the DER that it presented to who it is, or to one code of the closed set. Pure and
 * synchronous; the instant, the roots and the revocation lists are arguments. The link, the gateway and
 * `picket certs verify` all ask here, so all three say the same.
 */
import { X509Certificate } from 'node:crypto';
import { isSignedBy, judgeSignatureAlgorithm, readPublicKey } from './algorithms.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import { extensionOids } from './extensions.ts';
import { judgeIntermediate, judgeRoot, judgeScope } from './issuer-rules.ts';
import { judgeLeaf, judgeLeafIsNoAuthority, readLeafIdentity } from './leaf-rules.ts';
import { limits } from './limits.ts';
import { type CertificationPath, findPath, keyIdentifiersDiffer } from './path.ts';
import { judgeRevocation, type RevocationList } from './revocation.ts';
import type { PeerIdentity } from './spiffe.ts';
import { refusal, type VerdictCode, type VerdictError } from './verdict.ts';

export interface PeerQuestion {
  /** DER, leaf first, as presented; with or without the root. Empty: the peer presented nothing. */
  readonly chain: readonly Uint8Array[];
  /** DER of the roots that we trust. */
  readonly roots: readonly Uint8Array[];
  readonly trustDomain: string;
  /** Unix milliseconds. */
  readonly nowMs: number;
  readonly revocationLists?: readonly RevocationList[];
}

export type PeerVerdict =
  | {
      readonly ok: true;
      readonly identity: PeerIdentity;
      /** Of the leaf, lower-case hexadecimal. */
      readonly serial: string;
      /** The earliest end in the chain, root included: past it the same question gets `expired`. */
      readonly notAfterMs: number;
    }
  | { readonly ok: false; readonly error: VerdictError };

/**
 * Judges a peer by RFC 5280 6.1, X.509-SVID 5 and our chain of trust. Never throws on what a peer can send. The order
 * is: readable, ours, strong, signed, in time, not revoked, then who it is and whether its issuer may say so; so what
 * a stranger wrote is not reported as if one of our authorities had written it.
 */
export function verifyPeer(question: PeerQuestion): PeerVerdict {
  if (question.chain.length === 0) return refused('no_certificate', 'the peer presented no certificate');
  if (question.chain.length > limits.presentedCertificatesMax) {
    return refused('chain_invalid', `${question.chain.length} certificates presented`);
  }
  if (question.roots.length > limits.rootsMax) return refused('malformed', `${question.roots.length} roots`);
  const presented = readPresented(question.chain);
  if (!presented.ok) return presented;
  const roots = readRoots(question.roots);
  if (!roots.ok) return roots;
  const found = findPath(presented.certificates, roots.certificates, question.trustDomain);
  if (!found.ok) return presented.unreadable === null ? found : { ok: false, error: presented.unreadable };
  return judgePath(found.path, question);
}

function judgePath(path: CertificationPath, question: PeerQuestion): PeerVerdict {
  const { certificates } = path;
  const leaf = certificates[0]!;
  const early =
    judgeLeafIsNoAuthority(leaf) ?? judgeLength(certificates) ?? firstRefusal(certificates, judgeStrength);
  if (early !== null) return { ok: false, error: early };
  const intermediate = certificates[1]!;
  const root = path.roots.find((candidate) => signs(candidate, intermediate));
  if (root === undefined) return { ok: false, error: notSigned(intermediate, path.roots) };
  if (!signs(intermediate, leaf)) {
    return refused('chain_invalid', "the leaf's signature is not its issuer's");
  }
  const chain = [leaf, intermediate, root];
  const lists = (question.revocationLists ?? []).slice(0, limits.revocationListsMax);
  const authentic =
    judgeStrength(root) ??
    firstRefusal(chain, (certificate) => judgeTime(certificate, question.nowMs)) ??
    judgeRevocation(intermediate, root, lists) ??
    judgeRevocation(leaf, intermediate, lists);
  if (authentic !== null) return { ok: false, error: authentic };

  const who = readLeafIdentity(leaf, question.trustDomain);
  if (!who.ok) return who;
  const unfit =
    judgeLeaf(leaf) ??
    judgeRoot(root) ??
    judgeIntermediate(intermediate, question.trustDomain) ??
    firstRefusal(chain, judgeCriticalExtensions) ??
    judgeScope(intermediate, who.identity);
  if (unfit !== null) return { ok: false, error: unfit };
  const notAfterMs = Math.min(...chain.map((certificate) => certificate.notAfterMs));
  return { ok: true, identity: who.identity, serial: leaf.serial, notAfterMs };
}

/** Our own rule: a chain has three certificates. The root signs only intermediates, they sign only leaves. */
function judgeLength(certificates: readonly Certificate[]): VerdictError | null {
  if (certificates.length === 2) return null;
  if (certificates.length < 2) return refusal('chain_invalid', 'the root itself signed the leaf');
  return refusal(
    'chain_invalid',
    `${certificates.length - 1} certificates between the root and the leaf's key`,
  );
}

function judgeStrength(certificate: Certificate): VerdictError | null {
  const weak = judgeSignatureAlgorithm(certificate.signatureAlgorithm);
  if (weak !== null) return weak;
  const key = readPublicKey(certificate);
  return key.ok ? null : key.error;
}

/** RFC 5280 4.1.2.5: from notBefore through notAfter, both inclusive. */
function judgeTime(certificate: Certificate, nowMs: number): VerdictError | null {
  if (nowMs > certificate.notAfterMs) {
    return refusal('expired', `ended ${new Date(certificate.notAfterMs).toISOString()}`);
  }
  if (nowMs < certificate.notBeforeMs - limits.notYetValidToleranceMs) {
    return refusal('not_yet_valid', `begins ${new Date(certificate.notBeforeMs).toISOString()}`);
  }
  return null;
}

const understood: readonly string[] = [
  extensionOids.basicConstraints,
  extensionOids.keyUsage,
  extensionOids.extendedKeyUsage,
  extensionOids.subjectAltName,
];

/** RFC 5280 6.1.4 (o) and 6.1.5 (f): a critical extension that is not understood ends the matter. */
function judgeCriticalExtensions(certificate: Certificate): VerdictError | null {
  const strange = certificate.extensions.find(({ oid, critical }) => critical && !understood.includes(oid));
  if (strange !== undefined)
    return refusal('chain_invalid', `critical extension ${strange.oid} is not understood`);
  // RFC 5280 4.2.1.10 wants name constraints critical; one that is not would be passed over silently.
  const named = certificate.extensions.some(({ oid }) => oid === extensionOids.nameConstraints);
  return named ? refusal('chain_invalid', 'name constraints are not supported') : null;
}

function signs(issuer: Certificate, certificate: Certificate): boolean {
  return isSignedBy(issuer, certificate.signatureAlgorithm, certificate.signed, certificate.signature);
}

/** Another authority may bear our root's name, never its key identifier without forging: that is a broken chain. */
function notSigned(certificate: Certificate, roots: readonly Certificate[]): VerdictError {
  const claimsOurKey =
    certificate.values.authorityKeyId !== null &&
    roots.some((root) => !keyIdentifiersDiffer(root, certificate));
  return claimsOurKey
    ? refusal('chain_invalid', "the intermediate's signature is not the root's")
    : refusal('unknown_authority', 'the authority bears the name of our root and is another');
}

type Presented =
  | { readonly ok: true; readonly certificates: Certificate[]; readonly unreadable: VerdictError | null }
  | { readonly ok: false; readonly error: VerdictError };

/**
 * The leaf must be readable. Of the others, one that OpenSSL cannot read would have ended the handshake; one that only
 * we refuse is set aside, and is the reason when there is no way to a root without it. One with unreadable extensions
 * is as good as absent: OpenSSL never links it to the leaf, so a link does not even see it, and a file must say the
 * same as a link.
 */
function readPresented(ders: readonly Uint8Array[]): Presented {
  const certificates: Certificate[] = [];
  let unreadable: VerdictError | null = null;
  for (const [index, der] of ders.entries()) {
    const read = readCertificate(der);
    if (read.ok) {
      certificates.push(read.certificate);
      continue;
    }
    const error = refusal('malformed', `certificate ${index + 1}: ${read.detail}`);
    if (index === 0 || !isReadByOpenssl(der)) return { ok: false, error };
    if (read.part === 'frame') unreadable ??= error;
  }
  return { ok: true, certificates, unreadable };
}

function isReadByOpenssl(der: Uint8Array): boolean {
  try {
    // It copes with bytes after the end, which TLS frames do not have.
    return new X509Certificate(der).raw.length === der.length;
  } catch {
    return false;
  }
}

/** Roots are our own files: one that cannot be read is said at once, not passed over. */
function readRoots(
  ders: readonly Uint8Array[],
):
  | { readonly ok: true; readonly certificates: Certificate[] }
  | { readonly ok: false; readonly error: VerdictError } {
  const certificates: Certificate[] = [];
  for (const [index, der] of ders.entries()) {
    const read = readCertificate(der);
    if (!read.ok) return refused('malformed', `root ${index + 1}: ${read.detail}`);
    certificates.push(read.certificate);
  }
  return { ok: true, certificates };
}

function firstRefusal(
  certificates: readonly Certificate[],
  judge: (certificate: Certificate) => VerdictError | null,
): VerdictError | null {
  for (const certificate of certificates) {
    const error = judge(certificate);
    if (error !== null) return error;
  }
  return null;
}

function refused(code: VerdictCode, detail: string): { ok: false; error: VerdictError } {
  return { ok: false, error: refusal(code, detail) };
}
