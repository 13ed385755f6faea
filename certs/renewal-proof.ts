/**
 * How a peer shows on an open link that it holds a renewed certificate: its new chain, and its new key's signature over
 * a secret that only the two ends of this very connection share (TLS exporter, RFC 8446 7.5; the idea is RFC 9261's).
 * So certificates rotate without dropping links, and a proof is worth nothing on another connection or sent back.
 */
import { createHash, createPrivateKey, sign } from 'node:crypto';
import { isSignedBy } from './algorithms.ts';
import { type AlgorithmIdentifier, readCertificate } from './certificate.ts';
import type { Credential } from './issue.ts';
import { readPem } from './pem.ts';
import { readPublicKey } from './public-keys.ts';

export interface RenewalProof {
  /** DER, leaf first. */
  readonly chain: readonly Uint8Array[];
  readonly signature: Uint8Array;
}

const purpose = 'picket renewal proof 1\0';
const derNull = Uint8Array.of(5, 0);

/** How the proof is signed, by the kind of the key. */
const algorithms: Readonly<Record<'ec' | 'rsa' | 'ed25519', AlgorithmIdentifier>> = {
  ec: { oid: '1.2.840.10045.4.3.2', parameters: null },
  rsa: { oid: '1.2.840.113549.1.1.11', parameters: derNull },
  ed25519: { oid: '1.3.101.112', parameters: null },
};

/** `binding` is the exporter's secret for the direction from us to the peer. Null when the credential is damaged. */
export function proveRenewal(credential: Credential, binding: Uint8Array): RenewalProof | null {
  const read = readPem(credential.chainPem, 'CERTIFICATE');
  const leaf = read.ok ? read.blocks[0] : undefined;
  if (!read.ok || leaf === undefined) return null;
  const key = createPrivateKey(credential.privateKeyPem);
  const digest = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return { chain: read.blocks, signature: sign(digest, signedBytes(leaf, binding), key) };
}

/** Whether the leaf's own key made the proof for this connection. What the leaf is worth is verifyPeer's question. */
export function isRenewalProven({ chain, signature }: RenewalProof, binding: Uint8Array): boolean {
  const read = chain[0] === undefined ? null : readCertificate(chain[0]);
  if (read?.ok !== true) return false;
  const key = readPublicKey(read.certificate);
  if (!key.ok) return false;
  const signed = signedBytes(read.certificate.encoded, binding);
  return isSignedBy(read.certificate, algorithms[key.kind], signed, signature);
}

function signedBytes(leaf: Uint8Array, binding: Uint8Array): Buffer {
  const leafHash = createHash('sha256').update(leaf).digest();
  return Buffer.concat([Buffer.from(purpose), binding, leafHash]);
}
