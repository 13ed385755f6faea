/**
 * Which signatures are good enough, and the checking of one. The list is closed: ECDSA and RSA with SHA-256 and longer,
 * and Ed25519, by a key that public-keys.ts takes. The mathematics is OpenSSL's, through node:crypto.
 */
import { verify } from 'node:crypto';
import type { AlgorithmIdentifier } from './certificate.ts';
import { type KeyCarrier, type KeyKind, keyAlgorithms, readPublicKey } from './public-keys.ts';
import { refusal, type VerdictError } from './verdict.ts';

interface SignatureScheme {
  readonly name: string;
  readonly key: KeyKind;
  /** Digest for node:crypto; null where the scheme has its own. */
  readonly digest: 'sha256' | 'sha384' | 'sha512' | null;
}

/** RFC 5758 3.2, RFC 4055 5, RFC 8410 3. */
const signatureSchemes: Readonly<Record<string, SignatureScheme>> = {
  '1.2.840.10045.4.3.2': { name: 'ecdsa-with-SHA256', key: 'ec', digest: 'sha256' },
  '1.2.840.10045.4.3.3': { name: 'ecdsa-with-SHA384', key: 'ec', digest: 'sha384' },
  '1.2.840.10045.4.3.4': { name: 'ecdsa-with-SHA512', key: 'ec', digest: 'sha512' },
  '1.2.840.113549.1.1.11': { name: 'sha256WithRSAEncryption', key: 'rsa', digest: 'sha256' },
  '1.2.840.113549.1.1.12': { name: 'sha384WithRSAEncryption', key: 'rsa', digest: 'sha384' },
  '1.2.840.113549.1.1.13': { name: 'sha512WithRSAEncryption', key: 'rsa', digest: 'sha512' },
  '1.3.101.112': { name: 'Ed25519', key: 'ed25519', digest: null },
};

const derNull = Uint8Array.of(5, 0);

/** `weak_signature` when the algorithm is not in the list above, by whatever key it was made. */
export function judgeSignatureAlgorithm(algorithm: AlgorithmIdentifier): VerdictError | null {
  const scheme = signatureSchemes[algorithm.oid];
  if (scheme === undefined) {
    return refusal('weak_signature', `signature algorithm ${algorithm.oid} is not accepted`);
  }
  const wanted = scheme.key === 'rsa' ? derNull : null;
  const { parameters } = algorithm;
  const fits =
    wanted === null ? parameters === null : parameters !== null && Buffer.compare(wanted, parameters) === 0;
  return fits ? null : refusal('malformed', `${scheme.name} with the wrong parameters`);
}

/** Whether `signer` made `signature` over `signed`. False, never an exception, for anything that does not fit. */
export function isSignedBy(
  signer: KeyCarrier,
  algorithm: AlgorithmIdentifier,
  signed: Uint8Array,
  signature: Uint8Array,
): boolean {
  const scheme = signatureSchemes[algorithm.oid];
  const read = readPublicKey(signer);
  if (scheme === undefined || !read.ok || read.kind !== scheme.key) return false;
  try {
    return verify(scheme.digest, signed, { key: read.key, dsaEncoding: 'der' }, signature);
  } catch {
    // OpenSSL throws on some signatures that are no encoding at all; they prove nothing either way.
    return false;
  }
}

/**
 * `isSignedBy` of one text that is asked about again and again, by the same few signers: what was found stays found, for it
 * follows from the octets alone. A signer is known by its object; neither may be changed afterwards.
 */
export function signatureAskedOnce(
  algorithm: AlgorithmIdentifier,
  signed: Uint8Array,
  signature: Uint8Array,
): (signer: KeyCarrier) => boolean {
  const found = new WeakMap<KeyCarrier, boolean>();
  return (signer) => {
    const before = found.get(signer);
    if (before !== undefined) return before;
    const isGood = isSignedBy(signer, algorithm, signed, signature);
    found.set(signer, isGood);
    return isGood;
  };
}

/** False when the key is of another kind than the signature: then it cannot have made it (RFC 5280 4.1.1.2). */
export function mayHaveMade(key: AlgorithmIdentifier, signature: AlgorithmIdentifier): boolean {
  const scheme = signatureSchemes[signature.oid];
  return scheme === undefined || keyAlgorithms[key.oid] === scheme.key;
}

export function signatureName(algorithm: AlgorithmIdentifier): string {
  return signatureSchemes[algorithm.oid]?.name ?? algorithm.oid;
}
