/**
 * Which keys and signatures are good enough, and the checking of a signature. The list is closed: EC P-256 and P-384,
 * Ed25519, RSA of 2048 bits and more; SHA-256 and longer. The mathematics is OpenSSL's, through node:crypto.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { AlgorithmIdentifier, Certificate } from './certificate.ts';
import { NotDer, readBitString, readDer, readObjectIdentifier } from './der.ts';
import { limits } from './limits.ts';
import { refusal, type VerdictError } from './verdict.ts';

type KeyKind = 'ec' | 'rsa' | 'ed25519';

const keyAlgorithms: Readonly<Record<string, KeyKind>> = {
  '1.2.840.10045.2.1': 'ec',
  '1.2.840.113549.1.1.1': 'rsa',
  '1.3.101.112': 'ed25519',
};

const curves: Readonly<Record<string, string>> = { '1.2.840.10045.3.1.7': 'P-256', '1.3.132.0.34': 'P-384' };

/** Octets of one coordinate. */
const pointOctets: Readonly<Record<string, number>> = { 'P-256': 32, 'P-384': 48 };

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

export type KeyRead =
  | { readonly ok: true; readonly key: KeyObject; readonly kind: KeyKind; readonly name: string }
  | { readonly ok: false; readonly error: VerdictError };

/** The key of a certificate if it is one of ours: `weak_key` for another kind or size, `malformed` for no key at all. */
export function readPublicKey(certificate: Pick<Certificate, 'keyAlgorithm' | 'publicKey'>): KeyRead {
  const { keyAlgorithm, publicKey } = certificate;
  const kind = keyAlgorithms[keyAlgorithm.oid];
  if (kind === undefined) return failed('weak_key', `key algorithm ${keyAlgorithm.oid} is not accepted`);
  let curve: string | undefined;
  if (kind === 'ec') {
    const named = curveOid(keyAlgorithm.parameters);
    curve = named === null ? undefined : curves[named];
    if (curve === undefined) return failed('weak_key', `curve ${named ?? 'without a name'} is not accepted`);
  }
  if (curve !== undefined && !isPoint(publicKey, pointOctets[curve]!)) {
    return failed('malformed', `the public key is no point of ${curve}`);
  }
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' });
  } catch (error) {
    return failed(
      'malformed',
      `unreadable public key: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (kind !== 'rsa') return { ok: true, key, kind, name: curve ?? 'Ed25519' };
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (modulusLength < limits.rsaModulusBitsMin || modulusLength > limits.rsaModulusBitsMax) {
    return failed('weak_key', `RSA of ${modulusLength} bits`);
  }
  if (publicExponent < BigInt(limits.rsaExponentMin) || publicExponent % 2n === 0n) {
    return failed('weak_key', `RSA with public exponent ${publicExponent}`);
  }
  return { ok: true, key, kind, name: `RSA-${modulusLength}` };
}

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
  signer: Pick<Certificate, 'keyAlgorithm' | 'publicKey'>,
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

/** False when the key is of another kind than the signature: then it cannot have made it (RFC 5280 4.1.1.2). */
export function mayHaveMade(key: AlgorithmIdentifier, signature: AlgorithmIdentifier): boolean {
  const scheme = signatureSchemes[signature.oid];
  return scheme === undefined || keyAlgorithms[key.oid] === scheme.key;
}

/** For people: `P-256`, `RSA-2048`, or the OID. */
export function keyName(certificate: Pick<Certificate, 'keyAlgorithm' | 'publicKey'>): string {
  const read = readPublicKey(certificate);
  return read.ok ? read.name : `${certificate.keyAlgorithm.oid} (${read.error.detail})`;
}

export function signatureName(algorithm: AlgorithmIdentifier): string {
  return signatureSchemes[algorithm.oid]?.name ?? algorithm.oid;
}

/**
 * SEC 1 2.3.3: both coordinates, or one and a sign. The point at infinity (one octet of zero) is refused here because
 * OpenSSL reads it, and below it anyone's signature would verify.
 */
function isPoint(spki: Uint8Array, octets: number): boolean {
  const { bytes } = readBitString(readDer(spki).children[1], 'subjectPublicKey');
  const [form] = bytes;
  if (form === 4) return bytes.length === 1 + 2 * octets;
  return (form === 2 || form === 3) && bytes.length === 1 + octets;
}

function curveOid(parameters: Uint8Array | null): string | null {
  if (parameters === null) return null;
  try {
    return readObjectIdentifier(readDer(parameters), 'curve');
  } catch (error) {
    // Parameters written out in full instead of a named curve.
    if (error instanceof NotDer) return null;
    throw error;
  }
}

function failed(code: 'weak_key' | 'malformed', detail: string): KeyRead {
  return { ok: false, error: refusal(code, detail) };
}
