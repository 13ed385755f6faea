/**
 * Leaf certificates for nodes and operators, and the general way for any identity under any intermediate. What comes
 * out passes verify.ts when the intermediate is the right one for the identity.
 */
import type { webcrypto } from 'node:crypto';
import type { Authority } from './authority.ts';
import { derTags } from './der.ts';
import { CertsError } from './errors.ts';
import { isRight, operatorRightsOid } from './extensions.ts';
import type { KeyedCertificate, WallClock } from './keyed-certificate.ts';
import { limits } from './limits.ts';
import {
  importPair,
  keyed,
  nameExtensions,
  newKeys,
  newSerial,
  signingAlgorithm,
  validity,
} from './signing.ts';
import {
  formatSpiffeId,
  isName,
  isNodeName,
  type NodeRole,
  nodeRoles,
  type PeerIdentity,
  type TenantNodeRole,
  tenantNodeRoles,
} from './spiffe.ts';
import { x509 } from './x509-library.ts';

/** What a node or an operator holds: its chain (leaf, then intermediate), its key, and the roots that it trusts. */
export interface Credential {
  readonly chainPem: string;
  readonly privateKeyPem: string;
  readonly rootsPem: string;
}

/**
 * Issues for a node. `lifetimeMs` is 24 h unless told, at most 30 days.
 * Rejects with CertsError `bad_name` or `bad_lifetime`.
 */
export async function issueNode(
  authority: Authority,
  node: { readonly role: NodeRole; readonly name: string; readonly lifetimeMs?: number },
  clock: WallClock,
): Promise<Credential> {
  const { role, name, lifetimeMs } = node;
  if (!nodeRoles.includes(role))
    throw new CertsError('bad_name', `${JSON.stringify(role)} is not a role of a node`);
  if (!isNodeName(name)) {
    throw new CertsError(
      'bad_name',
      `${JSON.stringify(name)} is not a node's name: use a-z, 0-9, '_', '-', at most 63`,
    );
  }
  const identity: PeerIdentity = { kind: 'node', trustDomain: authority.trustDomain, role, name };
  return issueLeaf(authority.root, authority.nodes, { identity, lifetimeMs }, clock);
}

/**
 * Issues for a node of a tenant, from the tenant's own intermediate. Name and role are those that a cluster takes from a
 * tenant's node: a role of `tenantNodeRoles`, a name of at most 50 characters. Lifetime and errors as for a node.
 */
export async function issueTenantNode(
  root: { readonly certificatePem: string },
  issuer: KeyedCertificate,
  node: {
    readonly trustDomain: string;
    readonly tenantId: string;
    readonly role: TenantNodeRole;
    readonly name: string;
    readonly lifetimeMs?: number;
  },
  clock: WallClock,
): Promise<Credential> {
  const { trustDomain, tenantId, role, name, lifetimeMs } = node;
  if (!tenantNodeRoles.includes(role))
    throw new CertsError('bad_name', `${JSON.stringify(role)} is not a role of a tenant's node`);
  if (!isNodeName(name) || name.length > limits.tenantNodeNameCharsMax) {
    const most = limits.tenantNodeNameCharsMax;
    throw new CertsError(
      'bad_name',
      `${JSON.stringify(name)} is not a name of a tenant's node: use a-z, 0-9, '_', '-', at most ${most}`,
    );
  }
  const identity: PeerIdentity = { kind: 'tenant', trustDomain, tenantId, role, id: name };
  return issueLeaf(root, issuer, { identity, lifetimeMs }, clock);
}

/** Issues for an operator, with the rights in the certificate. Lifetime and errors as for a node. */
export async function issueOperator(
  authority: Authority,
  operator: { readonly name: string; readonly rights: readonly string[]; readonly lifetimeMs?: number },
  clock: WallClock,
): Promise<Credential> {
  const { name, rights, lifetimeMs } = operator;
  if (!isName(name)) throw new CertsError('bad_name', `${JSON.stringify(name)} is not an operator's name`);
  const strange = rights.find((right) => !isRight(right));
  if (strange !== undefined) throw new CertsError('bad_name', `${JSON.stringify(strange)} is not a right`);
  if (rights.length > limits.operatorRightsMax)
    throw new CertsError('bad_name', `${rights.length} rights are too many`);
  const identity: PeerIdentity = { kind: 'operator', trustDomain: authority.trustDomain, name, rights };
  return issueLeaf(authority.root, authority.operators, { identity, lifetimeMs }, clock);
}

/**
 * Issues a leaf for any identity from any intermediate; whether that intermediate may sign for it is what verifiers
 * judge. The leaf ends no later than the intermediate. Rejects with CertsError `bad_lifetime`.
 */
export async function issueLeaf(
  root: { readonly certificatePem: string },
  issuer: KeyedCertificate,
  wanted: WantedLeaf,
  clock: WallClock,
): Promise<Credential> {
  const keys = await newKeys();
  const leaf = await keyed(await signLeaf(issuer, wanted, keys.publicKey, clock), keys);
  return {
    chainPem: leaf.certificatePem + issuer.certificatePem,
    privateKeyPem: leaf.privateKeyPem,
    rootsPem: root.certificatePem,
  };
}

export interface WantedLeaf {
  readonly identity: PeerIdentity;
  readonly lifetimeMs?: number | undefined;
}

/** As `issueLeaf`, for a key that somebody else holds. */
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
