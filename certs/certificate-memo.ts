/**
 * Certificates of authorities that were read before, by their bytes: of a thousand agents that come at once each shows its own
 * leaf, and all show the same few above it. What is remembered is what stands in the bytes, never a verdict.
 */
import { type CertificateRead, readCertificate } from './certificate.ts';
import { limits } from './limits.ts';

export class CertificateMemo {
  /** The latest last. */
  private readonly known = new Map<string, CertificateRead>();

  read(der: Uint8Array): CertificateRead {
    if (der.length > limits.certificateBytesMax) return readCertificate(der);
    const key = Buffer.from(der.buffer, der.byteOffset, der.length).toString('latin1');
    const before = this.known.get(key);
    this.known.delete(key);
    // A copy: what was handed in may be written over by whoever owns it.
    const read = before ?? readCertificate(Uint8Array.from(der));
    this.known.set(key, read);
    if (this.known.size > limits.memoCertificatesMax)
      this.known.delete(this.known.keys().next().value as string);
    return read;
  }

  get size(): number {
    return this.known.size;
  }
}
