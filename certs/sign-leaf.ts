/**
 * What every leaf of ours is signed with: names, usages and times, for a key that is given. Between issue.ts and
 * enrolment/, which say for whom, and the library that signs, whose types stay in here.
 */
import type { webcrypto } from 'node:crypto';
import { derTags } from './der.ts';
import { CertsError } from './errors.ts';
import { operatorRightsOid } from './extensions.ts';
import type { KeyedCertificate, WallClock } from './keyed-certificate.ts';
import { limits } from './limits.ts';
import { importPair, nameExtensions, newSerial, signingAlgorithm, validity } from './signing.ts';
import { formatSpiffeId, type PeerIdentity } from './spiffe.ts';
import { x509 } from './x509-library.ts';

interface WantedLeaf {
  readonly identity: PeerIdentity;
  readonly lifetimeMs?: number | undefined;
}

/** Rejects with CertsError `bad_lifetime`. */
export async function signLeaf(
  issuer: KeyedCertificate,
  wanted: WantedLeaf,
  publicKey: webcrypto.CryptoKey,
  clock: WallClock,
): Promise<x509.X509Certificate> {
  const { identity, lifetimeMs = limits.leafLifetimeMsDefault } = wanted;
  if (!(lifetimeMs >= limits.leafLifetimeMsMin && lifetimeMs <= limits.leafLifetimeMsMax)) {
    throw new CertsError('bad_lifetime', `a leaf lives from 1 s to 30 days, not ${lifetimeMs} ms`);
  }
  const issuerCertificate = new x509.X509Certificate(issuer.certificatePem);
  const { KeyUsageFlags, ExtendedKeyUsage } = x509;
  const backdateMs = Math.min(limits.issueBackdateMs, limits.leafLifetimeMsMax - lifetimeMs);
  return await x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject: [
      { O: [identity.trustDomain] },
      { CN: [identity.kind === 'tenant' ? identity.id : identity.name] },
    ],
    issuer: issuerCertificate.subjectName,
    ...validity(clock.wallMs(), lifetimeMs, issuerCertificate.notAfter.getTime(), backdateMs),
    publicKey,
    signingKey: (await importPair(issuer.privateKeyPem)).privateKey,
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth], false),
      ...(await nameExtensions(formatSpiffeId(identity), publicKey, issuerCertificate)),
      ...(identity.kind === 'operator' ? [rightsExtension(identity.rights)] : []),
    ],
  });
}

/** SEQUENCE OF UTF8String; not critical, so that other tools still read the certificate. */
function rightsExtension(rights: readonly string[]): x509.Extension {
  const strings = rights.map((right) =>
    Buffer.concat([Buffer.of(derTags.utf8String, right.length), Buffer.from(right)]),
  );
  const content = Buffer.concat(strings);
  const length =
    content.length < 0x80 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff];
  if (content.length >= 0x80 && content.length < 0x100) length.splice(0, 3, 0x81, content.length);
  return new x509.Extension(operatorRightsOid, false, Buffer.concat([Buffer.of(0x30, ...length), content]));
}
