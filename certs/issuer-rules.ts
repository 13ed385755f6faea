/**
 * What an intermediate must be, and what it may sign. An intermediate's subject says it: `O=<trust domain>, OU=nodes`
 * or `OU=operators`, or `OU=tenant, CN=<tenant id>`. So tenant A's authority cannot name a thing of tenant B, nor a
 * node, however well its signature verifies.
 */
import type { Certificate } from './certificate.ts';
import { derTags } from './der.ts';
import { extendedKeyUsageOids } from './extensions.ts';
import { type DistinguishedName, nameOids, showName } from './names.ts';
import { isTenantId, type PeerIdentity, parseSpiffeId } from './spiffe.ts';
import { refusal, type VerdictError } from './verdict.ts';

/** What an intermediate may sign. */
export type SigningScope =
  | { readonly kind: 'nodes' }
  | { readonly kind: 'operators' }
  | { readonly kind: 'tenant'; readonly tenantId: string };

/**
 * The rules of a signing certificate below our root: X.509-SVID 3.2, 4.1 and 4.3 (a CA that may sign, its SPIFFE id
 * the trust domain without a path), and one of our own (pathlen 0, written out).
 */
export function judgeIntermediate(certificate: Certificate, trustDomain: string): VerdictError | null {
  const { basicConstraints, keyUsage, extendedKeyUsage, alternativeNames } = certificate.values;
  const isCritical = (name: string) =>
    certificate.extensions.some(({ oid, critical }) => oid === name && critical);
  if (basicConstraints?.ca !== true) return refusal('chain_invalid', 'the intermediate is no CA');
  if (!isCritical('2.5.29.19'))
    return refusal('chain_invalid', "the intermediate's constraints are not critical");
  if (basicConstraints.pathLength !== 0)
    return refusal('chain_invalid', 'the intermediate does not have pathlen 0');
  if (keyUsage?.has('keyCertSign') !== true || !isCritical('2.5.29.15')) {
    return refusal('bad_key_usage', 'the intermediate lacks a critical keyCertSign (X.509-SVID 4.3)');
  }
  const purposes: readonly string[] = Object.values(extendedKeyUsageOids);
  if (extendedKeyUsage !== null && !purposes.every((purpose) => extendedKeyUsage.includes(purpose))) {
    return refusal('bad_extended_key_usage', 'the intermediate is restricted to other purposes');
  }
  const uris = alternativeNames.filter(({ kind }) => kind === 'uri');
  const parsed = uris.length === 1 ? parseSpiffeId(uris[0]!.bytes) : null;
  if (parsed?.ok !== true || parsed.id.path.length > 0) {
    return refusal('chain_invalid', "the intermediate's SAN is not a trust domain without a path");
  }
  if (parsed.id.trustDomain !== trustDomain) {
    return refusal('wrong_trust_domain', `the intermediate is of trust domain ${parsed.id.trustDomain}`);
  }
  return null;
}

/** The rules of a root: a CA that may sign intermediates, which sign leaves in turn (RFC 5280 4.2.1.9). */
export function judgeRoot(certificate: Certificate): VerdictError | null {
  const { basicConstraints, keyUsage } = certificate.values;
  if (basicConstraints?.ca !== true) return refusal('chain_invalid', 'the root is no CA');
  if (basicConstraints.pathLength === 0)
    return refusal('chain_invalid', 'the root may not sign intermediates');
  if (keyUsage !== null && !keyUsage.has('keyCertSign'))
    return refusal('bad_key_usage', 'the root lacks keyCertSign');
  return null;
}

/** Whether this intermediate may sign for this identity: each signs within its own scope, never for another. */
export function judgeScope(intermediate: Certificate, identity: PeerIdentity): VerdictError | null {
  const scope = scopeOf(intermediate.subject, identity.trustDomain);
  if (identity.kind === 'tenant') {
    if (scope?.kind === 'tenant' && scope.tenantId === identity.tenantId) return null;
    return refusal(
      'issuer_not_tenant',
      `signed by ${showName(intermediate.subject)}, not by that tenant's authority`,
    );
  }
  if (scope?.kind === (identity.kind === 'node' ? 'nodes' : 'operators')) return null;
  return refusal('issuer_not_role', `${showName(intermediate.subject)} may not sign for a ${identity.kind}`);
}

/** Reads the subject as a scope; null unless it is written exactly as ours are. */
export function scopeOf(subject: DistinguishedName, trustDomain: string): SigningScope | null {
  const plain = subject.attributes.every(
    ({ tag, shared }) => !shared && (tag === derTags.utf8String || tag === derTags.printableString),
  );
  const [organization, unit, common, ...more] = subject.attributes;
  if (!plain || more.length > 0) return null;
  if (organization?.oid !== nameOids.organization || organization.text !== trustDomain) return null;
  if (unit?.oid !== nameOids.organizationalUnit) return null;
  if (common === undefined)
    return unit.text === 'nodes' || unit.text === 'operators' ? { kind: unit.text } : null;
  if (unit.text !== 'tenant' || common.oid !== nameOids.commonName || !isTenantId(common.text)) return null;
  return { kind: 'tenant', tenantId: common.text };
}
