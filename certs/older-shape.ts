/**
 * Certificates of an older installation: `spiffe://<trust domain>/<type>/<tenant slug>/<partition>/<id>` with the common
 * name `<id>.<partition>.<tenant slug>.serviceradar`. Read only below an authority that was imported for that tenant;
 * anywhere else such an id proves nothing.
 */
import type { Certificate } from './certificate.ts';
import { derTags } from './der.ts';
import { type LeafIdentity, readUriName } from './leaf-rules.ts';
import { nameOids } from './names.ts';
import type { OlderTenantAuthority } from './policy.ts';
import { isName } from './spiffe.ts';
import { refusal, type VerdictCode, type VerdictError } from './verdict.ts';

const commonNameEnd = 'serviceradar';
/** First segments of our own three shapes, which are never a type. */
const reserved: readonly string[] = ['node', 'operator', 'tenant'];

/** The imported certificate itself signs the leaf: nothing stands between. */
export function judgeOlderLength(certificates: readonly Certificate[]): VerdictError | null {
  if (certificates.length === 1) return null;
  const between = certificates.length - 1;
  return refusal('chain_invalid', `${between} certificates between the imported authority and the leaf`);
}

/** Who the leaf is: in the tenant that the authority was imported for, whatever slug another tenant has. */
export function readOlderIdentity(leaf: Certificate, authority: OlderTenantAuthority): LeafIdentity {
  const read = readUriName(leaf);
  if (!read.ok) return read;
  const { trustDomain, path } = read.id;
  if (trustDomain !== authority.trustDomain) {
    return refused('wrong_trust_domain', `${trustDomain} is not ${authority.trustDomain}`);
  }
  const [type = '', slug = '', partition = '', id = ''] = path;
  if (path.length !== 4 || reserved.includes(type)) {
    return refused('bad_spiffe_id', 'an imported authority signs /<type>/<tenant>/<partition>/<id> alone');
  }
  if (![type, partition, id].every(isName)) return refused('bad_spiffe_id', 'a segment is too long');
  if (slug !== authority.slug) {
    return refused('issuer_not_tenant', `the authority of ${authority.slug} signed for ${slug}`);
  }
  const common = commonNameOf(leaf);
  const wanted = `${id}.${partition}.${slug}.${commonNameEnd}`;
  if (common !== wanted) {
    return refused('bad_spiffe_id', `the common name is not the ${wanted} that belongs to the id`);
  }
  const { tenantId } = authority;
  return { ok: true, identity: { kind: 'tenant', trustDomain, tenantId, role: type, id, partition } };
}

export function judgeOlderAuthority(certificate: Certificate): VerdictError | null {
  const { basicConstraints, keyUsage } = certificate.values;
  if (basicConstraints?.ca !== true) return refusal('chain_invalid', 'the imported authority is no CA');
  if (keyUsage !== null && !keyUsage.has('keyCertSign')) {
    return refusal('bad_key_usage', 'the imported authority lacks keyCertSign');
  }
  return null;
}

/** Null unless there is exactly one, a string of one octet a character or UTF-8, alone in its set. */
function commonNameOf({ subject }: Certificate): string | null {
  const names = subject.attributes.filter(({ oid }) => oid === nameOids.commonName);
  const [only] = names;
  if (only === undefined || names.length > 1 || only.shared) return null;
  return only.tag === derTags.utf8String || only.tag === derTags.printableString ? only.text : null;
}

function refused(code: VerdictCode, detail: string): LeafIdentity {
  return { ok: false, error: refusal(code, detail) };
}
