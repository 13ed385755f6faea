/**
 * Which rules go with which anchor: ours, a foreign authority's, or those of an authority imported for a tenant. Between
 * verify.ts, which asks the same questions in the same order of every chain, and the rooms' rules that answer them.
 */
import type { Certificate } from './certificate.ts';
import { judgeForeignAuthorities, judgeForeignLength, readForeignIdentity } from './foreign-rules.ts';
import { judgeIntermediate, judgeRoot, judgeScope } from './issuer-rules.ts';
import { type LeafIdentity, readLeafIdentity } from './leaf-rules.ts';
import { judgeOlderAuthority, judgeOlderLength, readOlderIdentity } from './older-shape.ts';
import type { ForeignAuthority, OlderTenantAuthority, PeerPolicy } from './policy.ts';
import type { PeerIdentity } from './spiffe.ts';
import { refusal, type VerdictError } from './verdict.ts';

export interface AnchorRules {
  /** `certificates`: the leaf and what stands between it and the anchor. */
  length(certificates: readonly Certificate[]): VerdictError | null;
  identity(leaf: Certificate): LeafIdentity;
  /** `intermediates`: from the one above the leaf upwards. */
  authorities(intermediates: readonly Certificate[], anchor: Certificate): VerdictError | null;
  /** Whether whoever signed the leaf may sign for this identity. */
  scope(issuer: Certificate, identity: PeerIdentity): VerdictError | null;
}

export interface Anchors {
  /** Ours first. */
  readonly certificates: readonly Certificate[];
  rulesOf(anchor: Certificate): AnchorRules;
}

/** Every certificate that a chain may end at. A certificate that is listed twice goes by its first owner. */
export function anchorsOf(roots: readonly Certificate[], policy: PeerPolicy, trustDomain: string): Anchors {
  const ours = ourRules(trustDomain);
  const others = new Map<Certificate, AnchorRules>();
  for (const authority of policy.foreign) {
    const rules = foreignRules(authority);
    for (const certificate of authority.roots) others.set(certificate, rules);
  }
  for (const authority of policy.older) {
    const rules = olderRules(authority);
    for (const certificate of authority.certificates) others.set(certificate, rules);
  }
  return {
    certificates: others.size === 0 ? roots : [...roots, ...others.keys()],
    rulesOf: (anchor) => others.get(anchor) ?? ours,
  };
}

/** Three certificates: the root signs only intermediates, they sign only leaves, each within its own scope. */
function ourRules(trustDomain: string): AnchorRules {
  return {
    length: judgeLength,
    identity: (leaf) => readLeafIdentity(leaf, trustDomain),
    authorities: ([intermediate], root) => judgeRoot(root) ?? judgeIntermediate(intermediate!, trustDomain),
    scope: judgeScope,
  };
}

function foreignRules(authority: ForeignAuthority): AnchorRules {
  return {
    length: judgeForeignLength,
    identity: (leaf) => readForeignIdentity(leaf, authority),
    authorities: (intermediates, root) => judgeForeignAuthorities(intermediates, root, authority.trustDomain),
    scope: () => null,
  };
}

function olderRules(authority: OlderTenantAuthority): AnchorRules {
  return {
    length: judgeOlderLength,
    identity: (leaf) => readOlderIdentity(leaf, authority),
    authorities: (_none, anchor) => judgeOlderAuthority(anchor),
    scope: () => null,
  };
}

/** Our own rule: a chain has three certificates. */
function judgeLength(certificates: readonly Certificate[]): VerdictError | null {
  if (certificates.length === 2) return null;
  if (certificates.length < 2) return refusal('chain_invalid', 'the root itself signed the leaf');
  return refusal(
    'chain_invalid',
    `${certificates.length - 1} certificates between the root and the leaf's key`,
  );
}
