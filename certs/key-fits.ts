/** Whether a private key belongs to a certificate: asked of every pair that is loaded from disk. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { type Certificate, sameBytes } from './certificate.ts';

/** Null when it does, else what is wrong with it. */
export function keyFits(certificate: Certificate, privateKeyPem: string): string | null {
  let spki: Uint8Array;
  try {
    spki = createPublicKey(createPrivateKey(privateKeyPem)).export({ type: 'spki', format: 'der' });
  } catch (error) {
    return `unreadable key: ${error instanceof Error ? error.message : String(error)}`;
  }
  return sameBytes(spki, certificate.publicKey) ? null : 'the key is not that of its certificate';
}
