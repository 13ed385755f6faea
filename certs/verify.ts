/**
 * The verdict on a peer: from the DER that it presented to who it is, or to one code of the closed set. Pure and
 * synchronous; the instant, the roots, the policy and the revocation lists are arguments. The link, the gateway and
 * `picket certs verify` all ask here, so all three say the same.
 */
import type { X509Certificate } from 'node:crypto';
import { judgeSignatureAlgorithm } from './algorithms.ts';
import { type Anchors, anchorsOf } from './anchor-rules.ts';
import type { Certificate } from './certificate.ts';
import type { CertificateMemo } from './certificate-memo.ts';
import { extensionOids } from './extensions.ts';
import { judgeLeaf, judgeLeafIsNoAuthority, readUriName } from './leaf-rules.ts';
import { limits } from './limits.ts';
import { type CertificationPath, findPath, isLinked, keyIdentifiersDiffer } from './path.ts';
import { noPolicy, type PeerPolicy } from './policy.ts';
import { readPresented, readRoots } from './presented.ts';
import { readPublicKey } from './public-keys.ts';
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
  /** Authorities beside ours. None unless told. */
  readonly policy?: PeerPolicy;
  /** For whoever judges many peers: the certificates above their leaves are read once. */
  readonly memo?: CertificateMemo;
  /** The leaf as OpenSSL has read it already (`presentedToServer`), which costs as much as judging it. */
  readonly openedLeaf?: X509Certificate | null;
}

export type PeerVerdict =
  | {
      readonly ok: true;
      readonly identity: PeerIdentity;
      /** As it stands in the leaf. A foreign one is not the name that the policy gives to its bearer. */
      readonly spiffeId: string;
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
  const { chain, trustDomain, policy = noPolicy } = question;
  if (chain.length === 0) return refused('no_certificate', 'the peer presented no certificate');
  // One that is too long by itself is malformed, which is said below.
  const bytes = chain.reduce((sum, { length }) => sum + Math.min(length, limits.certificateBytesMax), 0);
  if (chain.length > limits.presentedCertificatesMax || bytes > limits.presentedBytesMax) {
    return refused('chain_invalid', `${chain.length} certificates of ${bytes} bytes presented`);
  }
  if (question.roots.length > limits.rootsMax) return refused('malformed', `${question.roots.length} roots`);
  const presented = readPresented(chain, question.memo, question.openedLeaf);
  if (!presented.ok) return presented;
  const roots = readRoots(question.roots, question.memo);
  if (!roots.ok) return roots;
  const anchors = anchorsOf(roots.certificates, policy, trustDomain);
  const found = findPath(presented.certificates, anchors.certificates, trustDomain);
  if (!found.ok) return presented.unreadable === null ? found : { ok: false, error: presented.unreadable };
  return judgePath(found.path, anchors, question);
}

function judgePath(path: CertificationPath, anchors: Anchors, question: PeerQuestion): PeerVerdict {
  const { certificates } = path;
  const leaf = certificates[0]!;
  const top = certificates.at(-1)!;
  const signer = path.roots.find((candidate) => top.isSignedBy(candidate));
  const rules = anchors.rulesOf(signer ?? path.roots[0]!);
  const early =
    judgeLeafIsNoAuthority(leaf) ?? rules.length(certificates) ?? firstRefusal(certificates, judgeStrength);
  if (early !== null) return { ok: false, error: early };
  if (signer === undefined) return { ok: false, error: notSigned(top, certificates.length, path.roots) };
  const chain = [...certificates, signer];
  const authentic =
    judgeSignatures(chain) ??
    judgeStrength(signer) ??
    firstRefusal(chain, (certificate) => judgeTime(certificate, question.nowMs)) ??
    judgeRevocations(chain, (question.revocationLists ?? []).slice(0, limits.revocationListsMax));
  if (authentic !== null) return { ok: false, error: authentic };

  const who = rules.identity(leaf);
  if (!who.ok) return who;
  const unfit =
    judgeLeaf(leaf) ??
    rules.authorities(certificates.slice(1), signer) ??
    judgeLinked(top, signer) ??
    firstRefusal(chain, judgeCriticalExtensions) ??
    rules.scope(chain[1]!, who.identity);
  if (unfit !== null) return { ok: false, error: unfit };
  const named = readUriName(leaf);
  const notAfterMs = Math.min(...chain.map((certificate) => certificate.notAfterMs));
  const spiffeId = named.ok ? named.text : '';
  return { ok: true, identity: who.identity, spiffeId, serial: leaf.serial, notAfterMs };
}

function judgeStrength(certificate: Certificate): VerdictError | null {
  const weak = judgeSignatureAlgorithm(certificate.signatureAlgorithm);
  if (weak !== null) return weak;
  const key = readPublicKey(certificate);
  return key.ok ? null : key.error;
}

/** Each signed by the one above it; the last is the anchor, whose signature on the one below it was found good. */
function judgeSignatures(chain: readonly Certificate[]): VerdictError | null {
  for (let at = chain.length - 3; at >= 0; at--) {
    if (chain[at]!.isSignedBy(chain[at + 1]!)) continue;
    const whose = at === 0 ? "the leaf's" : `that of certificate ${at + 1}`;
    return refusal('chain_invalid', `${whose} signature is not its issuer's`);
  }
  return null;
}

/** RFC 5280 4.2.1.1: the key identifier is that of whoever signed it. The way below the anchor was found by it. */
function judgeLinked(top: Certificate, anchor: Certificate): VerdictError | null {
  if (isLinked(anchor, top)) return null;
  return refusal(
    'chain_invalid',
    'what the root signed names another issuer, or has an unreadable extension',
  );
}

/** RFC 5280 4.1.2.5: from notBefore through notAfter, both inclusive. */
function judgeTime(certificate: Certificate, nowMs: number): VerdictError | null {
  // A clock that is wrong looks like a certificate that is: both times are told, so that one can see which.
  const time = (ms: number) => new Date(ms).toISOString();
  if (nowMs > certificate.notAfterMs) {
    return refusal('expired', `ended ${time(certificate.notAfterMs)}, judged at ${time(nowMs)}`);
  }
  if (nowMs < certificate.notBeforeMs - limits.notYetValidToleranceMs) {
    return refusal('not_yet_valid', `begins ${time(certificate.notBeforeMs)}, judged at ${time(nowMs)}`);
  }
  return null;
}

function judgeRevocations(
  chain: readonly Certificate[],
  lists: readonly RevocationList[],
): VerdictError | null {
  for (let at = chain.length - 2; at >= 0; at--) {
    const revoked = judgeRevocation(chain[at]!, chain[at + 1]!, lists);
    if (revoked !== null) return revoked;
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

/** Another authority may bear our root's name, never its key identifier without forging: that is a broken chain. */
function notSigned(top: Certificate, length: number, roots: readonly Certificate[]): VerdictError {
  const named = roots.find((root) => !keyIdentifiersDiffer(root, top));
  if (top.values.authorityKeyId === null || named === undefined) {
    return refusal('unknown_authority', 'the authority bears the name of our root and is another');
  }
  // A key that is not on the list has signed nothing that counts.
  const weak = readPublicKey(named);
  if (!weak.ok) return weak.error;
  const whose = length === 1 ? "the leaf's" : "the intermediate's";
  return refusal('chain_invalid', `${whose} signature is not the root's`);
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
