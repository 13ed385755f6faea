/**
 * The two ends of a request: the bearer makes its key and asks (the key never leaves it), the issuer signs what it has
 * judged. Between request-rules.ts and whoever carries the request.
 */
import { webcrypto } from 'node:crypto';
import { readCertificate } from '../certificate.ts';
import type { KeyedCertificate, WallClock } from '../keyed-certificate.ts';
import { limits } from '../limits.ts';
import { toPem } from '../pem.ts';
import { signLeaf } from '../sign-leaf.ts';
import { importPair, newKeys, p256, signingAlgorithm } from '../signing.ts';
import type { TenantIdentity } from '../spiffe.ts';
import { x509 } from '../x509-library.ts';
import type { CertificateRequest } from './certificate-request.ts';

/** A new EC key of P-256, as PEM (PKCS #8). */
export async function newKeyPem(): Promise<string> {
  const { privateKey } = await newKeys();
  return toPem(new Uint8Array(await webcrypto.subtle.exportKey('pkcs8', privateKey)), 'PRIVATE KEY');
}

/** A request that asks for nothing but a certificate of this key; DER. Rejects when it is no EC P-256 key. */
export async function makeCertificateRequest(privateKeyPem: string): Promise<Uint8Array> {
  const keys = await importPair(privateKeyPem);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm });
  return new Uint8Array(request.rawData);
}

export interface RequestedLeaf {
  /** Leaf, then the tenant's intermediate. */
  readonly chainPem: string;
  /** Lower-case hexadecimal. */
  readonly serial: string;
  readonly notAfterMs: number;
}

/** Signs a certificate of 24 h for the key of a request that was judged. Whether the issuer may is what verifiers judge. */
export async function issueRequested(
  issuer: KeyedCertificate,
  identity: TenantIdentity,
  { publicKey }: Pick<CertificateRequest, 'publicKey'>,
  clock: WallClock,
): Promise<RequestedLeaf> {
  const key = await webcrypto.subtle.importKey('spki', publicKey, p256, true, ['verify']);
  const wanted = { identity, lifetimeMs: limits.leafLifetimeMsDefault };
  const leaf = new Uint8Array((await signLeaf(issuer, wanted, key, clock)).rawData);
  const read = readCertificate(leaf);
  if (!read.ok) throw new Error(`what was signed cannot be read: ${read.detail}`);
  const { serial, notAfterMs } = read.certificate;
  return { chainPem: toPem(leaf, 'CERTIFICATE') + issuer.certificatePem, serial, notAfterMs };
}
