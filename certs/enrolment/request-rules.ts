/**
 * What a request for a certificate may ask for: nothing, or what the package gives anyway. The identity comes from the
 * package, never from the request, so a request that asks for more is refused and not merely cut: whoever wrote it
 * expects something that it would not get.
 */
import { extendedKeyUsageOids, extensionOids, type KeyUsageName } from '../extensions.ts';
import { nameOids } from '../names.ts';
import { formatSpiffeId, parseSpiffeId, type TenantIdentity } from '../spiffe.ts';
import {
  type CertificateRequest,
  type CertificateRequestRead,
  readCertificateRequest,
} from './certificate-request.ts';
import { type EnrolmentCode, type EnrolmentError, refusedEnrolment } from './codes.ts';

const allowedExtensions: ReadonlySet<string> = new Set([
  extensionOids.subjectAltName,
  extensionOids.basicConstraints,
  extensionOids.keyUsage,
  extensionOids.extendedKeyUsage,
]);
const allowedPurposes: ReadonlySet<string> = new Set(Object.values(extendedKeyUsageOids));
const signingUsages: readonly KeyUsageName[] = ['keyCertSign', 'cRLSign'];

/** Reads a request and judges it against the certificate that `identity` would get. Never throws on any input. */
export function judgeCertificateRequest(der: Uint8Array, identity: TenantIdentity): CertificateRequestRead {
  const read = readCertificateRequest(der);
  if (!read.ok) return read;
  const { request } = read;
  const refused =
    judgeAuthority(request) ??
    judgeSubject(request, identity) ??
    judgeNames(request, identity) ??
    judgeUsages(request) ??
    judgeRest(request);
  return refused === null ? read : { ok: false, error: refused };
}

function judgeAuthority({ values }: CertificateRequest): EnrolmentError | null {
  if (values.basicConstraints?.ca === true) return asked('request_asks_ca', 'it asks to be an authority');
  const usage = signingUsages.find((one) => values.keyUsage?.has(one));
  return usage === undefined ? null : asked('request_asks_ca', `it asks for ${usage}`);
}

/** None, or the name of the bearer, with or without our trust domain as the organization. */
function judgeSubject({ subject }: CertificateRequest, identity: TenantIdentity): EnrolmentError | null {
  const strange = subject.attributes.find(
    ({ oid, text }) =>
      !(oid === nameOids.commonName && text === identity.id) &&
      !(oid === nameOids.organization && text === identity.trustDomain),
  );
  if (strange === undefined) return null;
  return asked('request_asks_name', `its subject has ${strange.oid} ${JSON.stringify(strange.text)}`);
}

function judgeNames({ values }: CertificateRequest, identity: TenantIdentity): EnrolmentError | null {
  const own = formatSpiffeId(identity);
  for (const { kind, bytes } of values.alternativeNames) {
    const text = Buffer.from(bytes).toString('latin1');
    if (kind === 'uri' && text === own) continue;
    const shown = `${kind} ${JSON.stringify(text.slice(0, 200))}`;
    const isOther = kind === 'uri' && isOtherRole(bytes, identity);
    return asked(isOther ? 'request_asks_role' : 'request_asks_name', `it asks for ${shown}, not ${own}`);
  }
  return null;
}

/** Of our trust domain and another kind of bearer than the package's, whatever it is called. */
function isOtherRole(bytes: Uint8Array, identity: TenantIdentity): boolean {
  const parsed = parseSpiffeId(bytes);
  if (!parsed.ok || parsed.id.trustDomain !== identity.trustDomain) return false;
  const [kind, tenant, role] = parsed.id.path;
  if (kind !== 'tenant') return true;
  return tenant === identity.tenantId && role !== identity.role;
}

function judgeUsages({ values }: CertificateRequest): EnrolmentError | null {
  const usage = [...(values.keyUsage ?? [])].find((one) => one !== 'digitalSignature');
  if (usage !== undefined) return asked('request_asks_usage', `it asks for ${usage}`);
  const purpose = values.extendedKeyUsage?.find((oid) => !allowedPurposes.has(oid));
  return purpose === undefined ? null : asked('request_asks_usage', `it asks for the purpose ${purpose}`);
}

function judgeRest({ extensions, otherAttributes }: CertificateRequest): EnrolmentError | null {
  const [other] = [
    ...extensions.map(({ oid }) => oid).filter((oid) => !allowedExtensions.has(oid)),
    ...otherAttributes,
  ];
  return other === undefined ? null : asked('request_asks_more', `it asks for ${other}`);
}

function asked(code: EnrolmentCode, detail: string): EnrolmentError {
  return refusedEnrolment(code, detail).error;
}
