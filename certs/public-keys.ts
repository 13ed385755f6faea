/**
 * The public keys that are good enough: EC P-256 and P-384, Ed25519, RSA of 2048 bits and more, each written as its RFC
 * has it. What is not written so is refused here, because OpenSSL passes over much of it. Between certificate.ts, which
 * has the octets, and algorithms.ts and verify.ts, which use the key.
 */
import type { KeyObject, X509Certificate } from 'node:crypto';
import type { Certificate } from './certificate.ts';
import {
  type DerValue,
  derTags,
  expectUniversal,
  NotDer,
  readBitString,
  readDer,
  readInteger,
  readObjectIdentifier,
} from './der.ts';
import { limits } from './limits.ts';
import { refusal, type VerdictError } from './verdict.ts';

export type KeyKind = 'ec' | 'rsa' | 'ed25519';

export const keyAlgorithms: Readonly<Record<string, KeyKind>> = {
  '1.2.840.10045.2.1': 'ec',
  '1.2.840.113549.1.1.1': 'rsa',
  '1.3.101.112': 'ed25519',
};

const curves: Readonly<Record<string, string>> = { '1.2.840.10045.3.1.7': 'P-256', '1.3.132.0.34': 'P-384' };

/** Octets of one coordinate. */
const pointOctets: Readonly<Record<string, number>> = { 'P-256': 32, 'P-384': 48 };

const derNull = Uint8Array.of(5, 0);

/** A certificate, or a request for one. */
export interface KeyCarrier extends Pick<Certificate, 'keyAlgorithm' | 'publicKey'> {
  readonly inOpenssl: () => Pick<X509Certificate, 'publicKey'> | null;
}

export type KeyRead =
  | { readonly ok: true; readonly key: KeyObject; readonly kind: KeyKind; readonly name: string }
  | { readonly ok: false; readonly error: VerdictError };

/** What stands there, before OpenSSL is asked: the key's name for people, or what is wrong with it. */
type Written =
  | { readonly ok: true; readonly name: string }
  | { readonly ok: false; readonly error: VerdictError };

/** The key of a certificate if it is one of ours: `weak_key` for another kind or size, `malformed` for no key at all. */
export function readPublicKey(carrier: KeyCarrier): KeyRead {
  const kind = keyAlgorithms[carrier.keyAlgorithm.oid];
  if (kind === undefined) {
    return failed('weak_key', `key algorithm ${carrier.keyAlgorithm.oid} is not accepted`);
  }
  const written = readWritten(kind, carrier);
  if (!written.ok) return written;
  try {
    const key = carrier.inOpenssl()?.publicKey;
    if (key !== undefined) return { ok: true, key, kind, name: written.name };
    return failed('malformed', 'OpenSSL cannot read the certificate');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return failed('malformed', `unreadable public key: ${why}`);
  }
}

/** For people: `P-256`, `RSA-2048`, or the OID. */
export function keyName(carrier: KeyCarrier): string {
  const read = readPublicKey(carrier);
  return read.ok ? read.name : `${carrier.keyAlgorithm.oid} (${read.error.detail})`;
}

function readWritten(kind: KeyKind, { keyAlgorithm, publicKey }: KeyCarrier): Written {
  const { parameters } = keyAlgorithm;
  try {
    const { bytes } = readBitString(readDer(publicKey).children[1], 'subjectPublicKey');
    if (kind === 'ec') return readPoint(bytes, parameters);
    if (kind === 'rsa') return readRsa(bytes, parameters);
    // RFC 8410 3 and 4: no parameters, and the octets of the key as they are.
    return parameters === null
      ? { ok: true, name: 'Ed25519' }
      : failed('malformed', 'an Ed25519 key with parameters');
  } catch (error) {
    if (error instanceof NotDer) return failed('malformed', `the public key: ${error.message}`);
    throw error;
  }
}

/**
 * SEC 1 2.3.3: both coordinates, or one and a sign. The point at infinity (one octet of zero) is refused here because
 * OpenSSL reads it, and below it anyone's signature would verify.
 */
function readPoint(bytes: Uint8Array, parameters: Uint8Array | null): Written {
  const named = curveOid(parameters);
  const curve = named === null ? undefined : curves[named];
  if (curve === undefined) return failed('weak_key', `curve ${named ?? 'without a name'} is not accepted`);
  const octets = pointOctets[curve]!;
  const [form] = bytes;
  const length = form === 4 ? 1 + 2 * octets : form === 2 || form === 3 ? 1 + octets : -1;
  if (bytes.length !== length) return failed('malformed', `the public key is no point of ${curve}`);
  return { ok: true, name: curve };
}

/** RFC 3279 2.3.1: parameters NULL, the key a SEQUENCE of two positive integers and nothing else. */
function readRsa(bytes: Uint8Array, parameters: Uint8Array | null): Written {
  if (parameters === null || Buffer.compare(parameters, derNull) !== 0) {
    return failed('malformed', 'an RSA key whose parameters are not NULL');
  }
  const { children } = expectUniversal(readDer(bytes), derTags.sequence, 'RSAPublicKey');
  if (children.length !== 2) throw new NotDer('RSAPublicKey has two parts');
  const modulus = readPositive(children[0], 'modulus');
  const exponent = readPositive(children[1], 'exponent');
  const bits = bitLength(modulus);
  if (bits < limits.rsaModulusBitsMin || bits > limits.rsaModulusBitsMax) {
    return failed('weak_key', `RSA of ${bits} bits`);
  }
  if (modulus % 2n === 0n) return failed('weak_key', 'RSA with an even modulus');
  const tooLong = bitLength(exponent) > limits.rsaExponentBitsMax;
  if (tooLong || exponent < BigInt(limits.rsaExponentMin) || exponent % 2n === 0n) {
    const shown = tooLong ? `of ${bitLength(exponent)} bits` : String(exponent);
    return failed('weak_key', `RSA with public exponent ${shown}`);
  }
  return { ok: true, name: `RSA-${bits}` };
}

/** @throws NotDer */
function readPositive(value: DerValue | undefined, what: string): bigint {
  const octets = readInteger(value, what);
  if (octets[0]! >= 0x80) throw new NotDer(`${what} is negative`);
  return BigInt(`0x${Buffer.from(octets).toString('hex')}`);
}

function bitLength(number: bigint): number {
  return number === 0n ? 0 : number.toString(2).length;
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

function failed(code: 'weak_key' | 'malformed', detail: string): { ok: false; error: VerdictError } {
  return { ok: false, error: refusal(code, detail) };
}
