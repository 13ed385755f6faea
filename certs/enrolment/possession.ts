/**
 * That whoever asks for the next certificate has the key of the present one: a signature over the request by that key. So a
 * gateway, which only carries both, can ask for nobody. Between the bearer and the issuer.
 */
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { readCertificate } from '../certificate.ts';
import { chainFromPem } from '../pem.ts';

/** What is signed begins so: a signature for another purpose is none for this one. */
const purpose = Buffer.from('picket-renewal-1\0');

/** Throws when it is no private key. */
export function provePossession(privateKeyPem: string, request: Uint8Array): Uint8Array {
  return new Uint8Array(sign('sha256', Buffer.concat([purpose, request]), createPrivateKey(privateKeyPem)));
}

/** Whether the key of the chain's leaf signed the request. Never throws on any input. */
export function isPossessor(chainPem: string, request: Uint8Array, proof: Uint8Array): boolean {
  const chain = chainFromPem(chainPem);
  const leaf = chain.ok ? readCertificate(chain.chain[0]!) : null;
  if (leaf?.ok !== true) return false;
  try {
    const key = createPublicKey({
      key: Buffer.from(leaf.certificate.publicKey),
      format: 'der',
      type: 'spki',
    });
    return verify('sha256', Buffer.concat([purpose, request]), key, proof);
  } catch {
    return false;
  }
}
