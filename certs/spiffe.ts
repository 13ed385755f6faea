/**
 * SPIFFE ids: text to identity and back. Judged on the bytes as they stand in the certificate, before any URI library
 * could normalise them. Knows the three shapes that we issue; certificates and authorities are verify.ts's business.
 */
import { limits } from './limits.ts';

export type NodeRole = 'core' | 'web' | 'poller' | 'agent';
export const nodeRoles: readonly NodeRole[] = ['core', 'web', 'poller', 'agent'];

/** What a tenant may run of its own in our cluster. */
export type TenantNodeRole = 'poller' | 'agent';
export const tenantNodeRoles: readonly TenantNodeRole[] = ['poller', 'agent'];
/**
 * The role in the certificate of each, which says that its bearer is a node. `agent` and `collector` are programs in a
 * customer's network: they enrol by themselves and dial a gateway, and no certificate of theirs may do for a node.
 */
const certifiedRoles: Readonly<Record<TenantNodeRole, string>> = { poller: 'poller', agent: 'node-agent' };

export function certifiedRoleOf(role: TenantNodeRole): string {
  return certifiedRoles[role];
}

/** What a node with that role in its tenant's certificate does; null: its bearer is no node. */
export function tenantNodeRoleOf(certified: string): TenantNodeRole | null {
  return tenantNodeRoles.find((role) => certifiedRoles[role] === certified) ?? null;
}

/** A cluster member: `spiffe://<trust domain>/node/<role>/<name>`. */
export interface NodeIdentity {
  readonly kind: 'node';
  readonly trustDomain: string;
  readonly role: NodeRole;
  readonly name: string;
}

/** Something that belongs to a customer: `spiffe://<trust domain>/tenant/<tenant id>/<role>/<id>`. */
export interface TenantIdentity {
  readonly kind: 'tenant';
  readonly trustDomain: string;
  readonly tenantId: string;
  readonly role: string;
  readonly id: string;
  /** Only where an older certificate names it; for ours the package holds it. */
  readonly partition?: string;
}

/** A person or program at the command line: `spiffe://<trust domain>/operator/<name>`, rights from an extension. */
export interface OperatorIdentity {
  readonly kind: 'operator';
  readonly trustDomain: string;
  readonly name: string;
  readonly rights: readonly string[];
}

/** What a certificate proves about its bearer. */
export type PeerIdentity = NodeIdentity | TenantIdentity | OperatorIdentity;

export interface SpiffeId {
  readonly trustDomain: string;
  /** Path segments without the slashes; empty for the id of a trust domain itself. */
  readonly path: readonly string[];
}

export type SpiffeParse = { readonly ok: true; readonly id: SpiffeId } | Unparsed;
export type IdentityParse = { readonly ok: true; readonly identity: PeerIdentity } | Unparsed;
interface Unparsed {
  readonly ok: false;
  readonly detail: string;
}

const scheme = 'spiffe://';
const trustDomainPattern = /^[a-z0-9._-]+$/;
const segmentPattern = /^[a-zA-Z0-9._-]+$/;
const nodeNamePattern = /^[a-z0-9_-]+$/;
const tenantIdPattern = /^[a-z][a-z2-7]{11}$/;

/**
 * Reads a SPIFFE id by SPIFFE-ID sections 2 to 2.3: scheme `spiffe`, a trust domain of `[a-z0-9._-]` (at most 255),
 * segments of `[a-zA-Z0-9._-]` that are neither empty nor `.` nor `..`, no user, port, query or fragment, at most
 * 2048 bytes. Percent-encoding and upper-case schemes or trust domains are refused, not normalised.
 */
export function parseSpiffeId(text: Uint8Array | string): SpiffeParse {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
  if (bytes.length > limits.spiffeIdBytesMax) {
    return unparsed(`${bytes.length} bytes, more than ${limits.spiffeIdBytesMax}`);
  }
  const strange = bytes.findIndex((byte) => byte <= 0x20 || byte >= 0x7f);
  if (strange >= 0) {
    return unparsed(`byte 0x${bytes[strange]!.toString(16).padStart(2, '0')} at offset ${strange}`);
  }
  const id = Buffer.from(bytes).toString('latin1');
  if (!id.startsWith(scheme)) return unparsed('does not begin with spiffe://');
  const [trustDomain = '', ...path] = id.slice(scheme.length).split('/');
  if (!isTrustDomain(trustDomain))
    return unparsed(`trust domain ${JSON.stringify(trustDomain)} is not valid`);
  for (const segment of path) {
    if (!isSegment(segment)) return unparsed(`path segment ${JSON.stringify(segment)} is not valid`);
  }
  return { ok: true, id: { trustDomain, path } };
}

/**
 * Gives an id the meaning it has among us. `rights` are those of an operator's extension; other kinds ignore them.
 * An id of none of the three shapes is not ours and proves nothing.
 */
export function identityOf(id: SpiffeId, rights: readonly string[] = []): IdentityParse {
  const { trustDomain, path } = id;
  const [kind, first = '', second = '', third = ''] = path;
  if (kind === 'node' && path.length === 3) {
    const role = nodeRoles.find((known) => known === first);
    if (role === undefined) return unparsed(`${JSON.stringify(first)} is not a role of a node`);
    if (!isNodeName(second)) return unparsed(`${JSON.stringify(second)} is not a node's name`);
    return { ok: true, identity: { kind: 'node', trustDomain, role, name: second } };
  }
  if (kind === 'tenant' && path.length === 4) {
    if (!isTenantId(first)) return unparsed(`${JSON.stringify(first)} is not a tenant id`);
    if (!isName(second) || !isName(third)) return unparsed('role or id of the tenant is too long');
    return { ok: true, identity: { kind: 'tenant', trustDomain, tenantId: first, role: second, id: third } };
  }
  if (kind === 'operator' && path.length === 2) {
    if (!isName(first)) return unparsed("the operator's name is too long");
    return { ok: true, identity: { kind: 'operator', trustDomain, name: first, rights } };
  }
  return unparsed('the path is none of /node/<role>/<name>, /tenant/<id>/<role>/<id>, /operator/<name>');
}

/** The SPIFFE id of an identity. The inverse of `parseSpiffeId` and `identityOf`; rights are not part of it. */
export function formatSpiffeId(identity: PeerIdentity): string {
  const authority = trustDomainId(identity.trustDomain);
  if (identity.kind === 'node') return `${authority}/node/${identity.role}/${identity.name}`;
  if (identity.kind === 'operator') return `${authority}/operator/${identity.name}`;
  return `${authority}/tenant/${identity.tenantId}/${identity.role}/${identity.id}`;
}

/** The id of a trust domain itself, which its signing certificates carry (SPIFFE-ID 3.1: no path). */
export function trustDomainId(trustDomain: string): string {
  return `${scheme}${trustDomain}`;
}

export function isTrustDomain(text: string): boolean {
  return text.length <= limits.trustDomainBytesMax && trustDomainPattern.test(text);
}

/** A node's name: `a-z`, `0-9`, `_`, `-`, one to 63. */
export function isNodeName(text: string): boolean {
  return text.length <= limits.nodeNameCharsMax && nodeNamePattern.test(text);
}

/** A tenant's id: 12 of `a-z2-7`, the first a letter. */
export function isTenantId(text: string): boolean {
  return tenantIdPattern.test(text);
}

/** A segment of at most 63 characters: an operator's name, or what a tenant calls the bearer of its certificate. */
export function isName(text: string): boolean {
  return text.length <= limits.segmentCharsMax && isSegment(text);
}

function isSegment(text: string): boolean {
  return segmentPattern.test(text) && text !== '.' && text !== '..';
}

function unparsed(detail: string): Unparsed {
  return { ok: false, detail };
}
