/**
 * Chains of a foreign authority that the policy names: X.509-SVID and RFC 5280 as they stand, without our own binding
 * of subjects and without the rule that a root signs only intermediates. Its ids mean what the policy says they mean.
 */

import type { Certificate } from './certificate.ts';
import { extendedKeyUsageOids, extensionOids } from './extensions.ts';
import type { LeafIdentity } from './leaf-rules.ts';
import { readUriName } from './leaf-rules.ts';
import { limits } from './limits.ts';
import type { ForeignAuthority } from './policy.ts';
import { isNodeName, parseSpiffeId } from './spiffe.ts';
import { refusal, type VerdictError } from './verdict.ts';

/** At most 4 certificates, the root counted: what SPIRE writes below an upstream authority. */
export function judgeForeignLength(certificates: readonly Certificate[]): VerdictError | null {
  if (certificates.length < limits.foreignChainCertificatesMax) return null;
  return refusal('chain_invalid', `${certificates.length} certificates below the foreign root`);
}

/** The node that the leaf's id stands for: an exact id before a prefix, the longest prefix before others. */
export function readForeignIdentity(leaf: Certificate, authority: ForeignAuthority): LeafIdentity {
  const read = readUriName(leaf);
  if (!read.ok) return read;
  const { trustDomain } = authority;
  if (read.id.trustDomain !== trustDomain) {
    const error = refusal('wrong_trust_domain', `${read.id.trustDomain} is not ${trustDomain}`);
    return { ok: false, error };
  }
  const node = nodeOf(read.text, authority);
  if (node === null) {
    const error = refusal('issuer_not_role', `the policy gives ${read.text} no role of a node`);
    return { ok: false, error };
  }
  return { ok: true, identity: { kind: 'node', trustDomain, ...node } };
}

function nodeOf(id: string, { nodes }: ForeignAuthority) {
  let longest = '';
  let found = null;
  for (const mapping of nodes) {
    if ('id' in mapping) {
      if (mapping.id === id) return { role: mapping.role, name: mapping.name };
    } else if (id.startsWith(mapping.prefix) && mapping.prefix.length > longest.length) {
      const name = id.slice(mapping.prefix.length);
      longest = mapping.prefix;
      found = isNodeName(name) ? { role: mapping.role, name } : null;
    }
  }
  return found;
}

/** The signing certificates, the one above the leaf first; `root` is the anchor. RFC 5280 6.1.4 (k) to (n). */
export function judgeForeignAuthorities(
  intermediates: readonly Certificate[],
  root: Certificate,
  trustDomain: string,
): VerdictError | null {
  for (const [below, certificate] of [...intermediates, root].entries()) {
    const { basicConstraints, keyUsage } = certificate.values;
    const what = certificate === root ? 'the foreign root' : `foreign intermediate ${below + 1}`;
    if (basicConstraints?.ca !== true) return refusal('chain_invalid', `${what} is no CA`);
    const { pathLength } = basicConstraints;
    if (pathLength !== null && below > pathLength) {
      return refusal('chain_invalid', `${what} allows ${pathLength} certificates below it, not ${below}`);
    }
    if (keyUsage !== null && !keyUsage.has('keyCertSign')) {
      return refusal('bad_key_usage', `${what} lacks keyCertSign`);
    }
    if (certificate === root) continue;
    const wrong = judgeForeignIntermediate(certificate, what, trustDomain);
    if (wrong !== null) return wrong;
  }
  return null;
}

/** X.509-SVID 3.2, 4.1 and 4.3; its SPIFFE id may be missing (3.2 says should), but not be another. */
function judgeForeignIntermediate(
  certificate: Certificate,
  what: string,
  trustDomain: string,
): VerdictError | null {
  const { keyUsage, extendedKeyUsage, alternativeNames } = certificate.values;
  const isCritical = (name: string) =>
    certificate.extensions.some(({ oid, critical }) => oid === name && critical);
  if (!isCritical(extensionOids.basicConstraints)) {
    return refusal('chain_invalid', `the constraints of ${what} are not critical`);
  }
  if (keyUsage === null || !isCritical(extensionOids.keyUsage)) {
    return refusal('bad_key_usage', `${what} lacks a critical keyCertSign (X.509-SVID 4.3)`);
  }
  const purposes: readonly string[] = Object.values(extendedKeyUsageOids);
  if (extendedKeyUsage !== null && !purposes.every((purpose) => extendedKeyUsage.includes(purpose))) {
    return refusal('bad_extended_key_usage', `${what} is restricted to other purposes`);
  }
  const uris = alternativeNames.filter(({ kind }) => kind === 'uri');
  if (uris.length === 0) return null;
  const parsed = parseSpiffeId(uris[0]!.bytes);
  if (uris.length > 1 || !parsed.ok || parsed.id.path.length > 0) {
    return refusal('chain_invalid', `the SAN of ${what} is not a trust domain without a path`);
  }
  if (parsed.id.trustDomain === trustDomain) return null;
  return refusal('wrong_trust_domain', `${what} is of trust domain ${parsed.id.trustDomain}`);
}
