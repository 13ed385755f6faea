/**
 * Leaf certificates for nodes and operators, and the general way for any identity under any intermediate. What comes
 * out passes verify.ts when the intermediate is the right one for the identity.
 */
import type { Authority } from './authority.ts';

import { CertsError } from './errors.ts';
import { isRight } from './extensions.ts';
import type { KeyedCertificate, WallClock } from './keyed-certificate.ts';
import { limits } from './limits.ts';
import { signLeaf } from './sign-leaf.ts';
import { keyed, newKeys } from './signing.ts';
import {
  certifiedRoleOf,
  isName,
  isNodeName,
  type NodeRole,
  nodeRoles,
  type PeerIdentity,
  type TenantNodeRole,
  tenantNodeRoles,
} from './spiffe.ts';

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
  const certified = certifiedRoleOf(role);
  const identity: PeerIdentity = { kind: 'tenant', trustDomain, tenantId, role: certified, id: name };
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
  wanted: { readonly identity: PeerIdentity; readonly lifetimeMs?: number | undefined },
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
