/**
 * From what a peer presented to the way up to a root of ours: which certificate issued which, by name, key identifier
 * and the right to sign, as RFC 5280 6.1 and OpenSSL's X509_check_issued have it. Signatures come later. TLS lets a
 * peer send certificates in any order and more than needed (RFC 8446 4.4.2); what is on nobody's way is not looked at.
 */
import { judgeSignatureAlgorithm, mayHaveMade } from './algorithms.ts';
import { type Certificate, sameBytes } from './certificate.ts';
import { limits } from './limits.ts';
import { nameOids } from './names.ts';
import { refusal, type VerdictError } from './verdict.ts';

/** The leaf, then its issuers as far as they were presented, without the root; and every anchor that may be above. */
export interface CertificationPath {
  readonly certificates: readonly Certificate[];
  readonly roots: readonly Certificate[];
}

export type PathFound =
  | { readonly ok: true; readonly path: CertificationPath }
  | { readonly ok: false; readonly error: VerdictError };

/**
 * `presented` is leaf first and not empty. Bounded by its length: a certificate is used at most once. The way ends at
 * the first anchor that signs its top or is its top, though more was presented above it: an imported authority is an
 * anchor without being a root.
 */
export function findPath(
  presented: readonly Certificate[],
  roots: readonly Certificate[],
  trustDomain: string,
): PathFound {
  const leaf = presented[0]!;
  const certificates = [leaf];
  const unused = presented.slice(1);
  let top = leaf;
  for (;;) {
    const same = roots.find((root) => sameBytes(root.encoded, top.encoded));
    if (same !== undefined) {
      if (certificates.length > 1) certificates.pop();
      return { ok: true, path: { certificates, roots: [same] } };
    }
    const signers = roots.filter((root) => hasIssued(root, top));
    if (signers.length > 0) return { ok: true, path: { certificates, roots: signers } };
    if (isSelfSigned(top)) break;
    const at = unused.findIndex((candidate) => mayHaveIssued(candidate, top));
    if (at < 0) break;
    top = unused.splice(at, 1)[0]!;
    certificates.push(top);
    if (certificates.length > limits.pathCertificatesMax) {
      return {
        ok: false,
        error: refusal('chain_invalid', `a way of more than ${limits.pathCertificatesMax}`),
      };
    }
  }
  const above = roots.filter((root) => sameBytes(root.subject.encoded, top.issuer.encoded));
  if (above.length > 0 && !isSelfSigned(top)) return { ok: true, path: { certificates, roots: above } };
  return { ok: false, error: unanchored(certificates, top, above.length > 0, trustDomain) };
}

/**
 * Why the way ends before a root. A leaf that calls an authority of our trust domain its issuer, without that
 * authority's certificate beside it, belongs to a broken chain; everything else belongs to somebody else.
 */
function unanchored(
  certificates: readonly Certificate[],
  top: Certificate,
  namedAsRoot: boolean,
  trustDomain: string,
): VerdictError {
  if (isSelfSigned(top)) {
    const alike = namedAsRoot ? ', though it bears the name of one' : '';
    return refusal(
      'unknown_authority',
      `the self-signed certificate at the top is none of our roots${alike}`,
    );
  }
  const ours = top.issuer.attributes.some(
    ({ oid, text }) => oid === nameOids.organization && text === trustDomain,
  );
  if (ours && certificates.length === 1) {
    // OpenSSL links no issuer to a signature that the issuer's key cannot have made, so a link sees the leaf alone.
    const weak = judgeSignatureAlgorithm(top.signatureAlgorithm);
    if (weak !== null) return weak;
    return refusal('chain_invalid', 'no certificate that may have signed the leaf was presented with it');
  }
  return refusal('unknown_authority', 'no root of ours issued the certificate at the top of the chain');
}

/** RFC 5280 4.2.1.1 and 4.2.1.3: the names meet, the key identifiers do not contradict, and the key may sign. */
function mayHaveIssued(candidate: Certificate, certificate: Certificate): boolean {
  if (!sameBytes(candidate.subject.encoded, certificate.issuer.encoded)) return false;
  if (keyIdentifiersDiffer(candidate, certificate)) return false;
  if (!mayHaveMade(candidate.keyAlgorithm, certificate.signatureAlgorithm)) return false;
  if (candidate.values.keyUsage?.has('keyCertSign') === false) return false;
  return isLinked(candidate, certificate);
}

/**
 * Whether OpenSSL would link the two, by everything but the signature: also by the issuer and serial in an authority key
 * identifier, and not at all when an extension that it knows cannot be read. What a link hands us was put together so.
 */
export function isLinked(issuer: Certificate, certificate: Certificate): boolean {
  const [below, above] = [certificate.inOpenssl(), issuer.inOpenssl()];
  return below !== null && above !== null && below.checkIssued(above);
}

/** True when both name a key and the names differ: then it is another authority's certificate under the same name. */
export function keyIdentifiersDiffer(issuer: Certificate, certificate: Certificate): boolean {
  const { subjectKeyId } = issuer.values;
  const { authorityKeyId } = certificate.values;
  return subjectKeyId !== null && authorityKeyId !== null && subjectKeyId !== authorityKeyId;
}

/** By its key, not only by its name: a leaf may bear the name of the leaf that signed it (RFC 5280 3.2). */
function isSelfSigned(certificate: Certificate): boolean {
  return hasIssued(certificate, certificate);
}

function hasIssued(issuer: Certificate, certificate: Certificate): boolean {
  return sameBytes(issuer.subject.encoded, certificate.issuer.encoded) && certificate.isSignedBy(issuer);
}
