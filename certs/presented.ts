/**
 * What a peer presented and what we trust, from DER to certificates. The leaf must be readable; of the others only what
 * a link would see counts, so that a file and a link say the same.
 */
import { X509Certificate } from 'node:crypto';
import { type Certificate, readCertificate } from './certificate.ts';
import type { CertificateMemo } from './certificate-memo.ts';
import { refusal, type VerdictError } from './verdict.ts';

export type Presented =
  | { readonly ok: true; readonly certificates: Certificate[]; readonly unreadable: VerdictError | null }
  | { readonly ok: false; readonly error: VerdictError };

/**
 * The leaf must be readable. Of the others, one that OpenSSL cannot read would have ended the handshake; one that only
 * we refuse is set aside, and is the reason when there is no way to a root without it. One with unreadable extensions
 * is as good as absent: OpenSSL never links it to the leaf, so a link does not even see it, and a file must say the
 * same as a link.
 */
export function readPresented(
  ders: readonly Uint8Array[],
  memo?: CertificateMemo,
  openedLeaf: X509Certificate | null = null,
): Presented {
  const certificates: Certificate[] = [];
  let unreadable: VerdictError | null = null;
  for (const [index, der] of ders.entries()) {
    // Of leaves each is another one.
    const isLeaf = index === 0;
    const read =
      isLeaf || memo === undefined ? readCertificate(der, isLeaf ? openedLeaf : null) : memo.read(der);
    if (read.ok) {
      certificates.push(read.certificate);
      continue;
    }
    const error = refusal('malformed', `certificate ${index + 1}: ${read.detail}`);
    if (index === 0 || !isReadByOpenssl(der)) return { ok: false, error };
    if (read.part === 'frame') unreadable ??= error;
  }
  return { ok: true, certificates, unreadable };
}

function isReadByOpenssl(der: Uint8Array): boolean {
  try {
    // It copes with bytes after the end, which TLS frames do not have.
    return new X509Certificate(der).raw.length === der.length;
  } catch {
    return false;
  }
}

/** Roots are our own files: one that cannot be read is said at once, not passed over. */
export function readRoots(
  ders: readonly Uint8Array[],
  memo?: CertificateMemo,
):
  | { readonly ok: true; readonly certificates: Certificate[] }
  | { readonly ok: false; readonly error: VerdictError } {
  const certificates: Certificate[] = [];
  for (const [index, der] of ders.entries()) {
    const read = memo === undefined ? readCertificate(der) : memo.read(der);
    if (!read.ok) return { ok: false, error: refusal('malformed', `root ${index + 1}: ${read.detail}`) };
    certificates.push(read.certificate);
  }
  return { ok: true, certificates };
}
