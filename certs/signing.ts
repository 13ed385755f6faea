/**
 * The pieces that every certificate of ours is made of: EC P-256 keys, serials, times, key identifiers. Between
 * authority.ts and issue.ts, which say what is signed, and WebCrypto. Keys and serials are random by nature, the one
 * use of chance in this room.
 */
import { createPublicKey, randomBytes, webcrypto } from 'node:crypto';
import type { KeyedCertificate } from './keyed-certificate.ts';
import { limits } from './limits.ts';
import { readPem, toPem } from './pem.ts';
import { x509 } from './x509-library.ts';

export const p256 = { name: 'ECDSA', namedCurve: 'P-256' } as const;
export const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;

export function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(p256, true, ['sign', 'verify']);
}

/** The pair of a PKCS #8 PEM. Rejects when it is no EC P-256 key. */
export async function importPair(privateKeyPem: string): Promise<webcrypto.CryptoKeyPair> {
  const read = readPem(privateKeyPem, 'PRIVATE KEY');
  const der = read.ok ? read.blocks[0] : undefined;
  if (der === undefined) throw new Error('no PEM private key in it');
  const spki = createPublicKey({ key: privateKeyPem, format: 'pem' }).export({ type: 'spki', format: 'der' });
  const [privateKey, publicKey] = await Promise.all([
    webcrypto.subtle.importKey('pkcs8', der, p256, true, ['sign']),
    webcrypto.subtle.importKey('spki', spki, p256, true, ['verify']),
  ]);
  return { privateKey, publicKey };
}

export async function keyed(
  certificate: x509.X509Certificate,
  keys: webcrypto.CryptoKeyPair,
): Promise<KeyedCertificate> {
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    certificatePem: toPem(new Uint8Array(certificate.rawData), 'CERTIFICATE'),
    privateKeyPem: toPem(new Uint8Array(pkcs8), 'PRIVATE KEY'),
  };
}

/** RFC 5280 4.1.2.2: positive, unique, at most 20 octets. Ours: 16 octets with 126 random bits, never a leading zero. */
export function newSerial(): string {
  const octets = randomBytes(limits.serialBytesIssued);
  octets[0] = (octets[0]! & 0x3f) | 0x40;
  return octets.toString('hex');
}

/** To the whole second, as certificates tell time. A certificate ends no later than its issuer (`issuerEndMs`). */
export function validity(
  nowMs: number,
  lifetimeMs: number,
  issuerEndMs: number,
  backdateMs: number = limits.issueBackdateMs,
): { notBefore: Date; notAfter: Date } {
  const wholeSecond = (ms: number) => new Date(Math.floor(ms / 1_000) * 1_000);
  return {
    notBefore: wholeSecond(nowMs - backdateMs),
    notAfter: wholeSecond(Math.min(nowMs + lifetimeMs, issuerEndMs)),
  };
}

/** The SPIFFE id and the key identifiers (RFC 5280 4.2.1.1, 4.2.1.2, 4.2.1.6). */
export async function nameExtensions(
  spiffeId: string,
  publicKey: webcrypto.CryptoKey,
  issuer: x509.X509Certificate | null,
): Promise<x509.Extension[]> {
  const extensions: x509.Extension[] = [
    new x509.SubjectAlternativeNameExtension([{ type: 'url', value: spiffeId }]),
    await x509.SubjectKeyIdentifierExtension.create(publicKey),
  ];
  if (issuer !== null) extensions.push(await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey));
  return extensions;
}
