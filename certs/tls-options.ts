/**
 * How our links use TLS: version 1.3 only, both sides present certificates, OpenSSL's own judgement not asked (it lets
 * in what verify.ts refuses), and no resumption. Whoever uses these must take `presentedChain` (a server that has thousands
 * of peers, `presentedToServer`), refuse a reused session, and ask `verifyPeer` before the first byte of the peer is believed.
 */
import { constants, type X509Certificate } from 'node:crypto';
import type { ConnectionOptions, DetailedPeerCertificate, TLSSocket, TlsOptions } from 'node:tls';
import type { Credential } from './issue.ts';
import { limits } from './limits.ts';
import { readPem } from './pem.ts';

/**
 * For `tls.createServer` and `SecureContext` reloads. A resumed session carries no certificate of its own (RFC 8446
 * 4.6.1, 2.2), so the server gives out no tickets and keeps no sessions.
 */
export function serverTlsOptions(credential: Credential): TlsOptions {
  return {
    ...ownSide(credential),
    requestCert: true,
    rejectUnauthorized: false,
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

/** For `tls.connect`. Pass host, port and a fresh socket beside these; never a `session`. */
export function clientTlsOptions(credential: Credential): ConnectionOptions {
  return {
    ...ownSide(credential),
    rejectUnauthorized: false,
    // The peer's name is in its SPIFFE id, not in a DNS name; verifyPeer reads it.
    checkServerIdentity: () => undefined,
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

function ownSide(credential: Credential) {
  return {
    cert: credential.chainPem,
    key: credential.privateKeyPem,
    // Named to the peer as the authorities that we take; without it Node would load all of the public web's.
    ca: credential.rootsPem,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
  } as const;
}

/**
 * The DER of what the peer presented, leaf first; empty when it presented nothing. Node links the certificates by
 * issuer and ends at a root that points to itself, so the walk is bounded and stops where it has been before.
 */
export function presentedChain(socket: TLSSocket): Uint8Array[] {
  return chainFrom(socket.getPeerCertificate(true) ?? undefined);
}

/** What a client presented, with its leaf as OpenSSL has read it; `leaf` null: it presented nothing. */
export interface PresentedToServer {
  /** DER, in the order in which they were presented, leaf first. */
  readonly chain: Uint8Array[];
  readonly leaf: X509Certificate | null;
}

/**
 * As `presentedChain`, for a socket of a server, at half its cost; to be asked once, before anything else of the peer's
 * certificates is: Node takes the chain off OpenSSL's hands. Certificates that nothing links are in it as they are in a file.
 */
export function presentedToServer(socket: TLSSocket): PresentedToServer {
  const leaf = socket.getPeerX509Certificate() ?? null;
  const chain: Uint8Array[] = [];
  let certificate = leaf ?? undefined;
  // One more than is judged, so that too many are too many.
  while (certificate !== undefined && chain.length <= limits.presentedCertificatesMax) {
    chain.push(certificate.raw);
    certificate = certificate.issuerCertificate;
  }
  return { chain, leaf };
}

/** The same of a certificate as Node hands it to `checkServerIdentity`. */
export function chainFrom(leaf: Partial<DetailedPeerCertificate> | undefined): Uint8Array[] {
  const chain: Uint8Array[] = [];
  const seen = new Set<string>();
  let certificate = leaf;
  while (certificate?.raw !== undefined && chain.length <= limits.pathCertificatesMax) {
    const fingerprint = certificate.fingerprint256 ?? certificate.raw.toString('base64');
    if (seen.has(fingerprint)) break;
    seen.add(fingerprint);
    chain.push(new Uint8Array(certificate.raw));
    certificate = certificate.issuerCertificate;
  }
  return chain;
}

/** True when the handshake resumed an earlier session. None of our links may; see `serverTlsOptions`. */
export function isReusedSession(socket: TLSSocket): boolean {
  return socket.isSessionReused();
}

/** DER of the roots of a credential, for `verifyPeer`. Empty when the PEM is damaged: then nobody is trusted. */
export function rootsOf(credential: Credential): Uint8Array[] {
  const read = readPem(credential.rootsPem, 'CERTIFICATE');
  return read.ok ? read.blocks : [];
}
