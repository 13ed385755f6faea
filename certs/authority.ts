/**
 * Our own certificate authority: a root, an intermediate for nodes and one for operators. Leaves are issue.ts's,
 * keeping it on disk is authority-files.ts's. Everything is EC P-256 on WebCrypto and travels as PEM.
 */
import { CertsError } from './errors.ts';
import type { SigningScope } from './issuer-rules.ts';
import type { KeyedCertificate, WallClock } from './keyed-certificate.ts';
import { limits } from './limits.ts';
import { toPem } from './pem.ts';
import {
  importPair,
  keyed,
  nameExtensions,
  newKeys,
  newSerial,
  signingAlgorithm,
  validity,
} from './signing.ts';
import { isTenantId, isTrustDomain, trustDomainId } from './spiffe.ts';
import { x509 } from './x509-library.ts';

export interface Authority {
  readonly trustDomain: string;
  readonly root: KeyedCertificate;
  readonly nodes: KeyedCertificate;
  readonly operators: KeyedCertificate;
}

/** The intermediates that every authority has; those of tenants are kept with the tenants. */
export const intermediateNames = ['nodes', 'operators'] as const;
export type IntermediateName = (typeof intermediateNames)[number];

/** A new root (10 years) with its two intermediates (1 year, renewed by `renewAuthority`). @throws CertsError bad_name */
export async function createAuthority(trustDomain: string, clock: WallClock): Promise<Authority> {
  if (!isTrustDomain(trustDomain)) {
    throw new CertsError(
      'bad_name',
      `${JSON.stringify(trustDomain)} is not a trust domain: use a-z, 0-9, '.', '-', '_'`,
    );
  }
  const root = await createRoot(trustDomain, clock);
  const nodes = await createIntermediate(root, trustDomain, { kind: 'nodes' }, clock);
  const operators = await createIntermediate(root, trustDomain, { kind: 'operators' }, clock);
  return { trustDomain, root, nodes, operators };
}

/**
 * An intermediate for one scope: its subject says what it may sign, its SAN is the trust domain, pathlen 0: it signs
 * leaves alone. With `existing`, its key gets a new certificate. @throws CertsError bad_name for a tenant id
 */
export async function createIntermediate(
  root: KeyedCertificate,
  trustDomain: string,
  scope: SigningScope,
  clock: WallClock,
  existing?: KeyedCertificate,
): Promise<KeyedCertificate> {
  if (scope.kind === 'tenant' && !isTenantId(scope.tenantId)) {
    throw new CertsError('bad_name', `${JSON.stringify(scope.tenantId)} is not a tenant id (12 of a-z2-7)`);
  }
  const keys = existing === undefined ? await newKeys() : await importPair(existing.privateKeyPem);
  const issuer = new x509.X509Certificate(root.certificatePem);
  const unit: x509.JsonName = [{ O: [trustDomain] }, { OU: [scope.kind] }];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: scope.kind === 'tenant' ? [...unit, { CN: [scope.tenantId] }] : unit,
    issuer: issuer.subjectName,
    ...validity(clock.wallMs(), limits.intermediateLifetimeMs, issuer.notAfter.getTime()),
    publicKey: keys.publicKey,
    signingKey: (await importPair(root.privateKeyPem)).privateKey,
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      ...(await nameExtensions(trustDomainId(trustDomain), keys.publicKey, issuer)),
    ],
  });
  return keyed(certificate, keys);
}

/**
 * Makes new certificates, with the same keys, for intermediates that have less than 120 days left. Leaves that were
 * issued before go on being valid with either. `changed` names what is new; empty most of the time.
 */
export async function renewAuthority(
  authority: Authority,
  clock: WallClock,
): Promise<{ readonly authority: Authority; readonly changed: readonly IntermediateName[] }> {
  const { root, trustDomain } = authority;
  const renewed: Partial<Record<IntermediateName, KeyedCertificate>> = {};
  const changed: IntermediateName[] = [];
  for (const kind of intermediateNames) {
    const endMs = new x509.X509Certificate(authority[kind].certificatePem).notAfter.getTime();
    if (endMs - clock.wallMs() >= limits.intermediateRenewBeforeMs) continue;
    renewed[kind] = await createIntermediate(root, trustDomain, { kind }, clock, authority[kind]);
    changed.push(kind);
  }
  return { authority: { ...authority, ...renewed }, changed };
}

/**
 * A revocation list of one of our authorities (RFC 5280 section 5), as PEM. `serials` are hexadecimal; the list
 * replaces earlier ones, so it names every serial that is revoked. Read it with `readRevocationList`.
 */
export async function createRevocationList(
  issuer: KeyedCertificate,
  serials: readonly string[],
  clock: WallClock,
): Promise<string> {
  const nowMs = Math.floor(clock.wallMs() / 1_000) * 1_000;
  const certificate = new x509.X509Certificate(issuer.certificatePem);
  const list = await x509.X509CrlGenerator.create({
    issuer: certificate.subjectName,
    thisUpdate: new Date(nowMs),
    nextUpdate: new Date(nowMs + limits.revocationListLifetimeMs),
    entries: serials.map((serialNumber) => ({
      serialNumber,
      revocationDate: new Date(nowMs),
      reason: x509.X509CrlReason.privilegeWithdrawn,
    })),
    // RFC 5280 5.2.1 and 5.2.3 want both; the number is the second of its making, so later lists have higher ones.
    extensions: [
      await x509.AuthorityKeyIdentifierExtension.create(certificate.publicKey),
      new x509.Extension('2.5.29.20', false, derUint40(nowMs / 1_000)),
    ],
    signingAlgorithm,
    signingKey: (await importPair(issuer.privateKeyPem)).privateKey,
  });
  return toPem(new Uint8Array(list.rawData), 'X509 CRL');
}

/** An INTEGER of five octets after a zero, cut to its shortest form: enough for seconds until the year 36812. */
function derUint40(value: number): Uint8Array {
  const octets = Buffer.alloc(6);
  octets.writeUIntBE(value, 1, 5);
  let from = 0;
  while (from < 5 && octets[from] === 0 && octets[from + 1]! < 0x80) from++;
  return Buffer.concat([Buffer.of(2, 6 - from), octets.subarray(from)]);
}

async function createRoot(trustDomain: string, clock: WallClock): Promise<KeyedCertificate> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: [{ O: [trustDomain] }, { OU: ['root'] }],
    ...validity(clock.wallMs(), limits.rootLifetimeMs, Number.POSITIVE_INFINITY),
    keys,
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      ...(await nameExtensions(trustDomainId(trustDomain), keys.publicKey, null)),
    ],
  });
  return keyed(certificate, keys);
}
