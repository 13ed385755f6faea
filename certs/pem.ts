/**
 * PEM (RFC 7468) to DER and back, for files of certificates, keys and revocation lists. Blocks of other kinds are
 * passed over; a block whose base64 is not exactly that is an error, never a shorter block.
 */
import { limits } from './limits.ts';
import { refusal, type VerdictError } from './verdict.ts';

export type PemLabel = 'CERTIFICATE' | 'CERTIFICATE REQUEST' | 'PRIVATE KEY' | 'X509 CRL';

export type PemRead =
  | { readonly ok: true; readonly blocks: Uint8Array[] }
  | { readonly ok: false; readonly error: VerdictError };

/** Every block of one label, in the order of the file; none is no error. */
export function readPem(pem: string, label: PemLabel): PemRead {
  const bytesMax = label === 'X509 CRL' ? limits.revocationPemBytesMax : limits.pemBytesMax;
  if (pem.length > bytesMax) {
    return { ok: false, error: refusal('malformed', `a PEM file of more than ${bytesMax} bytes`) };
  }
  const begin = `-----BEGIN ${label}-----`;
  const end = `-----END ${label}-----`;
  const blocks: Uint8Array[] = [];
  for (let from = pem.indexOf(begin); from >= 0; from = pem.indexOf(begin, from)) {
    const to = pem.indexOf(end, from);
    const der = to < 0 ? null : fromBase64(pem.slice(from + begin.length, to));
    if (der === null) {
      return {
        ok: false,
        error: refusal('malformed', `PEM block ${blocks.length + 1} (${label}) is damaged`),
      };
    }
    blocks.push(der);
    from = to + end.length;
  }
  return { ok: true, blocks };
}

/** One block with 64 characters a line and a final newline. */
export function toPem(der: Uint8Array, label: PemLabel): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/**
 * The chain of a PEM file as a peer would present it: leaf, then intermediates. `no_certificate` when there is none,
 * `malformed` when a block is damaged.
 */
export function chainFromPem(
  pem: string,
):
  | { readonly ok: true; readonly chain: Uint8Array[] }
  | { readonly ok: false; readonly error: VerdictError } {
  const read = readPem(pem, 'CERTIFICATE');
  if (!read.ok) return read;
  if (read.blocks.length === 0) return { ok: false, error: refusal('no_certificate', noneIn(pem)) };
  return { ok: true, chain: read.blocks };
}

function noneIn(text: string): string {
  // A SEQUENCE of some length, and octets that are no text.
  const isDer = text.startsWith('0') && text.includes('\ufffd');
  return isDer
    ? 'no PEM certificate in it; it looks like DER, which openssl x509 -inform der makes PEM of'
    : 'no PEM certificate in it';
}

function fromBase64(text: string): Uint8Array | null {
  const compact = text.replace(/\s+/g, '');
  const der = Buffer.from(compact, 'base64');
  return compact.length > 0 && der.toString('base64') === compact ? new Uint8Array(der) : null;
}
