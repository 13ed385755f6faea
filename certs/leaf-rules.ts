/**
 * What a leaf must be: exactly one SPIFFE id of our trust domain with a meaning among us, no power to sign, the usages
 * of both ends of a link, and a short life. X.509-SVID sections 2, 3.1, 4 and 5.2.
 */
import type { Certificate } from './certificate.ts';
import { extendedKeyUsageOids, extensionOids } from './extensions.ts';
import { limits } from './limits.ts';
import { identityOf, type PeerIdentity, parseSpiffeId, type SpiffeId } from './spiffe.ts';
import { refusal, type VerdictCode, type VerdictError } from './verdict.ts';

export type LeafIdentity =
  | { readonly ok: true; readonly identity: PeerIdentity }
  | { readonly ok: false; readonly error: VerdictError };

export type UriNameRead =
  | { readonly ok: true; readonly id: SpiffeId; readonly text: string }
  | { readonly ok: false; readonly error: VerdictError };

/** The one SPIFFE id of a leaf: exactly one URI name (X.509-SVID 2), judged on its octets. */
export function readUriName(leaf: Certificate): UriNameRead {
  const uris = leaf.values.alternativeNames.filter(({ kind }) => kind === 'uri');
  if (uris.length === 0) return refused('no_spiffe_id', 'the leaf has no URI name');
  if (uris.length > 1) return refused('two_uri_sans', `the leaf has ${uris.length} URI names`);
  const { bytes } = uris[0]!;
  const parsed = parseSpiffeId(bytes);
  if (!parsed.ok) return refused('bad_spiffe_id', parsed.detail);
  return { ok: true, id: parsed.id, text: Buffer.from(bytes).toString('latin1') };
}

/** Who the leaf says it is, in the shapes that we issue. */
export function readLeafIdentity(leaf: Certificate, trustDomain: string): LeafIdentity {
  const read = readUriName(leaf);
  if (!read.ok) return read;
  if (read.id.trustDomain !== trustDomain) {
    return refused('wrong_trust_domain', `${read.id.trustDomain} is not ${trustDomain}`);
  }
  const meant = identityOf(read.id, leaf.values.operatorRights ?? []);
  return meant.ok ? meant : refused('bad_spiffe_id', meant.detail);
}

/**
 * The rules beside the identity. The key usage is critical and has digitalSignature and no signing of others
 * (X.509-SVID 4.3); both TLS purposes are set (4.4, where we require what it recommends: every peer of ours dials and
 * listens, and a leaf without purposes would have all of them); it lives at most 30 days.
 */
export function judgeLeaf(leaf: Certificate): VerdictError | null {
  const { keyUsage, extendedKeyUsage } = leaf.values;
  const authority = judgeLeafIsNoAuthority(leaf);
  if (authority !== null) return authority;
  const usage = leaf.extensions.find(({ oid }) => oid === extensionOids.keyUsage);
  if (keyUsage === null) return refusal('bad_key_usage', 'the leaf has no key usage');
  if (usage?.critical !== true) return refusal('bad_key_usage', "the leaf's key usage is not critical");
  if (!keyUsage.has('digitalSignature')) return refusal('bad_key_usage', 'the leaf lacks digitalSignature');
  if (keyUsage.has('keyCertSign') || keyUsage.has('cRLSign')) {
    return refusal('bad_key_usage', 'the leaf may sign certificates or revocation lists');
  }
  for (const [name, oid] of Object.entries(extendedKeyUsageOids)) {
    if (extendedKeyUsage?.includes(oid) !== true)
      return refusal('bad_extended_key_usage', `the leaf lacks ${name}`);
  }
  if (leaf.notAfterMs - leaf.notBeforeMs > limits.leafLifetimeMsMax) {
    const days = ((leaf.notAfterMs - leaf.notBeforeMs) / 86_400_000).toFixed(1);
    return refusal('lifetime_too_long', `the leaf lives ${days} days`);
  }
  return null;
}

/** X.509-SVID 5.2: a certificate that may sign others speaks for nobody. */
export function judgeLeafIsNoAuthority(leaf: Certificate): VerdictError | null {
  return leaf.values.basicConstraints?.ca === true
    ? refusal('leaf_is_ca', 'the leaf is a CA certificate')
    : null;
}

function refused(code: VerdictCode, detail: string): { ok: false; error: VerdictError } {
  return { ok: false, error: refusal(code, detail) };
}
