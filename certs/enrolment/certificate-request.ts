/**
 * A request for a certificate (PKCS #10, RFC 2986) as plain data, read from its DER. Says what stands there and that the
 * key in it signed it; whether what it asks for is granted is request-rules.ts's question.
 */
import { createPublicKey } from 'node:crypto';
import { isSignedBy, judgeSignatureAlgorithm } from '../algorithms.ts';
import { type AlgorithmIdentifier, readAlgorithm, readExtensionList, sameBytes } from '../certificate.ts';
import {
  type DerValue,
  derTags,
  expectUniversal,
  isContext,
  NotDer,
  readBitString,
  readDer,
  readObjectIdentifier,
  readSmallInteger,
} from '../der.ts';
import { type CertificateExtensions, type RawExtension, readExtensionValues } from '../extensions.ts';
import { limits } from '../limits.ts';
import { type DistinguishedName, readName } from '../names.ts';
import { type KeyCarrier, readPublicKey } from '../public-keys.ts';
import { type EnrolmentRefused, refusedEnrolment } from './codes.ts';

export interface CertificateRequest {
  readonly subject: DistinguishedName;
  /** SubjectPublicKeyInfo, as DER: an EC key of P-256. */
  readonly publicKey: Uint8Array;
  readonly extensions: readonly RawExtension[];
  readonly values: CertificateExtensions;
  /** Of attributes that ask for something else than extensions. */
  readonly otherAttributes: readonly string[];
}

export type CertificateRequestRead =
  | { readonly ok: true; readonly request: CertificateRequest }
  | EnrolmentRefused;

/** RFC 2985 5.4.2. */
const extensionRequestOid = '1.2.840.113549.1.9.14';
/** Some leave out the attributes when there are none. */
const noValues = readExtensionValues([]);

interface Frame extends CertificateRequest {
  readonly keyAlgorithm: AlgorithmIdentifier;
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  readonly signatureAlgorithm: AlgorithmIdentifier;
}

/** Reads one request and checks its key and signature. Never throws on any input. */
export function readCertificateRequest(der: Uint8Array): CertificateRequestRead {
  if (der.length > limits.requestBytesMax)
    return refusedEnrolment('request_too_large', `${der.length} bytes, of at most ${limits.requestBytesMax}`);
  let frame: Frame;
  try {
    frame = frameOf(readDer(der, limits.requestDerValuesMax));
  } catch (error) {
    if (error instanceof NotDer) return refusedEnrolment('request_malformed', error.message);
    throw error;
  }
  const carrier: KeyCarrier = { ...frame, inOpenssl: () => keyOf(frame.publicKey) };
  const key = readPublicKey(carrier);
  if (!key.ok && key.error.code === 'malformed')
    return refusedEnrolment('request_malformed', key.error.detail);
  if (!key.ok || key.name !== 'P-256') {
    return refusedEnrolment('request_weak_key', key.ok ? `a key of kind ${key.name}` : key.error.detail);
  }
  const plain = key.key.export({ type: 'spki', format: 'der' });
  if (!sameBytes(plain, frame.publicKey))
    return refusedEnrolment('request_malformed', 'the key is not written with both coordinates');
  const algorithm = judgeSignatureAlgorithm(frame.signatureAlgorithm);
  if (algorithm !== null) return refusedEnrolment('request_bad_signature', algorithm.detail);
  if (!isSignedBy(carrier, frame.signatureAlgorithm, frame.signed, frame.signature))
    return refusedEnrolment('request_bad_signature', 'the key in the request did not sign it');
  const { subject, publicKey, extensions, values, otherAttributes } = frame;
  return { ok: true, request: { subject, publicKey, extensions, values, otherAttributes } };
}

function keyOf(spki: Uint8Array) {
  return { publicKey: createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }) };
}

function frameOf(outer: DerValue): Frame {
  expectUniversal(outer, derTags.sequence, 'request');
  if (outer.children.length !== 3) throw new NotDer('a request has three parts');
  const info = expectUniversal(outer.children[0], derTags.sequence, 'certificationRequestInfo');
  const [version, subject, keyInfo, attributes, ...rest] = info.children;
  if (readSmallInteger(version, 'version') !== 0) throw new NotDer('the request is not of version 1');
  const key = expectUniversal(keyInfo, derTags.sequence, 'subjectPublicKeyInfo');
  if (key.children.length !== 2) throw new NotDer('subjectPublicKeyInfo has two parts');
  if (rest.length > 0) throw new NotDer('the request has a field that nobody uses');
  const signature = readBitString(outer.children[2], 'signature');
  if (signature.unusedBits !== 0) throw new NotDer('signature is not whole octets');
  return {
    ...readAttributes(attributes),
    subject: readName(subject, 'subject'),
    publicKey: key.encoded,
    keyAlgorithm: readAlgorithm(key.children[0], 'key algorithm'),
    signed: info.encoded,
    signature: signature.bytes,
    signatureAlgorithm: readAlgorithm(outer.children[1], 'signatureAlgorithm'),
  };
}

function readAttributes(
  field: DerValue | undefined,
): Pick<CertificateRequest, 'extensions' | 'values' | 'otherAttributes'> {
  if (field === undefined) return { extensions: [], values: noValues, otherAttributes: [] };
  if (!isContext(field, 0) || !field.constructed)
    throw new NotDer('attributes are missing or of another tag');
  let extensions: RawExtension[] | null = null;
  const otherAttributes: string[] = [];
  for (const attribute of field.children) {
    const parts = expectUniversal(attribute, derTags.sequence, 'attribute').children;
    const oid = readObjectIdentifier(parts[0], 'attribute');
    if (parts.length !== 2) throw new NotDer(`attribute ${oid} has two parts`);
    const values = expectUniversal(parts[1], derTags.set, `values of ${oid}`).children;
    if (oid !== extensionRequestOid) otherAttributes.push(oid);
    else if (extensions !== null || values.length !== 1) throw new NotDer('extensions are asked for twice');
    else extensions = readExtensionList(values[0]);
  }
  const found = extensions ?? [];
  return { extensions: found, values: readExtensionValues(found), otherAttributes };
}
