/**
 * What `picket certs inspect` and `picket certs verify` say about a file. Plain JSON values; the commands print them.
 */
import { signatureName } from './algorithms.ts';
import { trustDomainOf } from './authority-files.ts';
import { type Certificate, readCertificate } from './certificate.ts';
import type { GeneralName } from './extensions.ts';
import { nameOids, showName } from './names.ts';
import { chainFromPem, readPem } from './pem.ts';
import { noPolicy, type PeerPolicy } from './policy.ts';
import { keyName } from './public-keys.ts';
import { readRevocationLists } from './revocation.ts';
import { identityOf, isTrustDomain, type PeerIdentity, parseSpiffeId } from './spiffe.ts';
import { refusal, type VerdictError } from './verdict.ts';
import { type PeerVerdict, verifyPeer } from './verify.ts';

/** One certificate of a file. Times are RFC 3339; a certificate that cannot be read has `error` alone. */
export type CertificateSummary =
  | {
      readonly subject: string;
      readonly issuer: string;
      readonly serial: string;
      readonly not_before: string;
      readonly not_after: string;
      readonly key: string;
      readonly signature: string;
      readonly ca: boolean;
      readonly path_length: number | null;
      readonly key_usage: readonly string[] | null;
      readonly extended_key_usage: readonly string[] | null;
      readonly names: readonly string[];
      readonly identity: PeerIdentity | null;
      readonly critical_extensions: readonly string[];
    }
  | { readonly error: VerdictError };

/** Summaries of all certificates of a PEM text, in its order; keys in it are passed over and never shown. */
export function inspectPem(
  pem: string,
):
  | { readonly ok: true; readonly certificates: CertificateSummary[] }
  | { readonly ok: false; readonly error: VerdictError } {
  const chain = chainFromPem(pem);
  if (!chain.ok) return chain;
  const certificates = chain.chain.map((der): CertificateSummary => {
    const read = readCertificate(der);
    return read.ok ? summaryOf(read.certificate) : { error: refusal('malformed', read.detail) };
  });
  return { ok: true, certificates };
}

/**
 * The verdict that a link would give on the chain of a PEM file (leaf, then intermediates), against the roots of
 * another. The trust domain is the roots' own unless it is told.
 */
export function verifyPem(question: {
  readonly pem: string;
  readonly rootsPem: string;
  readonly trustDomain?: string;
  readonly revocationListsPem?: string;
  readonly policy?: PeerPolicy;
  readonly nowMs: number;
}): PeerVerdict {
  const chain = chainFromPem(question.pem);
  if (!chain.ok) return chain;
  const roots = readPem(question.rootsPem, 'CERTIFICATE');
  if (!roots.ok) return roots;
  const lists = readRevocationLists(question.revocationListsPem ?? '');
  if (!lists.ok) return lists;
  return verifyPeer({
    chain: chain.chain,
    roots: roots.blocks,
    trustDomain: question.trustDomain ?? trustDomainOfRoots(roots.blocks) ?? '',
    nowMs: question.nowMs,
    revocationLists: lists.lists,
    policy: question.policy ?? noPolicy,
  });
}

/** The trust domain that the first readable root names in its SAN, or else as its organization; null for neither. */
export function trustDomainOfRoots(roots: readonly Uint8Array[]): string | null {
  for (const der of roots) {
    const read = readCertificate(der);
    if (!read.ok) continue;
    const { attributes } = read.certificate.subject;
    const organization = attributes.find(({ oid }) => oid === nameOids.organization)?.text ?? '';
    const trustDomain =
      trustDomainOf(read.certificate) ?? (isTrustDomain(organization) ? organization : null);
    if (trustDomain !== null) return trustDomain;
  }
  return null;
}

function summaryOf(certificate: Certificate): CertificateSummary {
  const { values, extensions } = certificate;
  return {
    subject: showName(certificate.subject),
    issuer: showName(certificate.issuer),
    serial: certificate.serial,
    not_before: new Date(certificate.notBeforeMs).toISOString(),
    not_after: new Date(certificate.notAfterMs).toISOString(),
    key: keyName(certificate),
    signature: signatureName(certificate.signatureAlgorithm),
    ca: values.basicConstraints?.ca === true,
    path_length: values.basicConstraints?.pathLength ?? null,
    key_usage: values.keyUsage === null ? null : [...values.keyUsage],
    extended_key_usage: values.extendedKeyUsage,
    names: values.alternativeNames.map(showGeneralName),
    identity: identityIn(certificate),
    critical_extensions: extensions.filter(({ critical }) => critical).map(({ oid }) => oid),
  };
}

/** Bytes that are not printable ASCII are shown as escapes: what is inspected may be hostile to a terminal too. */
function showGeneralName({ kind, bytes }: GeneralName): string {
  const printable = kind === 'uri' || kind === 'dns' || kind === 'email';
  if (!printable) return `${kind}:${Buffer.from(bytes).toString('hex')}`;
  const shown = [...bytes].map((byte) =>
    byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`,
  );
  return `${kind}:${shown.join('')}`;
}

function identityIn({ values }: Certificate): PeerIdentity | null {
  const uris = values.alternativeNames.filter(({ kind }) => kind === 'uri');
  const parsed = uris.length === 1 ? parseSpiffeId(uris[0]!.bytes) : null;
  const meant = parsed?.ok === true ? identityOf(parsed.id, values.operatorRights ?? []) : null;
  return meant?.ok === true ? meant.identity : null;
}
