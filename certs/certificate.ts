/**
 * A certificate as plain data, read from its DER (RFC 5280 section 4.1). Says what stands there; whether that is good
 * is verify.ts's question. Refuses what no honest issuer writes: trailing bytes, an extension twice, fields of the
 * wrong type, two different signature algorithms.
 */
import { X509Certificate } from 'node:crypto';
import { signatureAskedOnce } from './algorithms.ts';
import {
  type DerValue,
  derTags,
  expectUniversal,
  isContext,
  NotDer,
  readBitString,
  readBoolean,
  readDer,
  readInteger,
  readObjectIdentifier,
  readSmallInteger,
  readTime,
} from './der.ts';
import {
  type CertificateExtensions,
  extensionOids,
  type RawExtension,
  readExtensionValues,
} from './extensions.ts';
import { limits } from './limits.ts';
import { type DistinguishedName, readName } from './names.ts';
import type { KeyCarrier } from './public-keys.ts';

export interface AlgorithmIdentifier {
  readonly oid: string;
  /** DER of the parameters, or null when there are none. */
  readonly parameters: Uint8Array | null;
}

export interface Certificate {
  readonly encoded: Uint8Array;
  /** The octets that are signed (TBSCertificate). */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  readonly signatureAlgorithm: AlgorithmIdentifier;
  readonly version: 1 | 2 | 3;
  /** Lower-case hexadecimal, at most 20 octets, positive. */
  readonly serial: string;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly notBeforeMs: number;
  /** Inclusive (RFC 5280 4.1.2.5). */
  readonly notAfterMs: number;
  /** SubjectPublicKeyInfo, as DER. */
  readonly publicKey: Uint8Array;
  readonly keyAlgorithm: AlgorithmIdentifier;
  readonly extensions: readonly RawExtension[];
  readonly values: CertificateExtensions;
  /** The same as OpenSSL has it, for its key and its links; null when it cannot read it. Read once, when asked. */
  readonly inOpenssl: () => X509Certificate | null;
  /** Whether this one made the signature. Of each signer it is found out once. */
  readonly isSignedBy: (signer: KeyCarrier) => boolean;
}

/** `part` says where it went wrong: in the frame that everything stands in, or only within the extensions. */
export type CertificateRead =
  | { readonly ok: true; readonly certificate: Certificate }
  | { readonly ok: false; readonly part: 'frame' | 'extensions'; readonly detail: string };

/**
 * Reads one certificate. Never throws on any input; `detail` says the first thing that is wrong. `opened`: what OpenSSL has
 * read from these very octets already, as TLS has; of others it is passed over.
 */
export function readCertificate(der: Uint8Array, opened: X509Certificate | null = null): CertificateRead {
  if (der.length > limits.certificateBytesMax) {
    return {
      ok: false,
      part: 'frame',
      detail: `${der.length} bytes, more than ${limits.certificateBytesMax}`,
    };
  }
  let part: 'frame' | 'extensions' = 'frame';
  try {
    const frame = readFrame(readDer(der));
    part = 'extensions';
    const extensions = readExtensions(frame.rest, frame.fields.version);
    const values = readExtensionValues(extensions);
    requireName(frame.fields.subject, extensions);
    const { encoded, signed, signature, signatureAlgorithm } = frame.fields;
    const isSame = opened !== null && sameBytes(opened.raw, encoded);
    const inOpenssl = isSame ? () => opened : openedOnce(encoded);
    const isSignedBy = signatureAskedOnce(signatureAlgorithm, signed, signature);
    return { ok: true, certificate: { ...frame.fields, extensions, values, inOpenssl, isSignedBy } };
  } catch (error) {
    if (error instanceof NotDer) return { ok: false, part, detail: error.message };
    throw error;
  }
}

/** Everything but the extensions, which are left in `rest`. */
function readFrame(outer: DerValue): {
  fields: Omit<Certificate, 'extensions' | 'values' | 'inOpenssl' | 'isSignedBy'>;
  rest: DerValue[];
} {
  expectUniversal(outer, derTags.sequence, 'certificate');
  if (outer.children.length !== 3) throw new NotDer('a certificate has three parts');
  const tbs = expectUniversal(outer.children[0], derTags.sequence, 'tbsCertificate');
  const signatureAlgorithm = readAlgorithm(outer.children[1], 'signatureAlgorithm');
  const signature = readBitString(outer.children[2], 'signature');
  if (signature.unusedBits !== 0) throw new NotDer('signature is not whole octets');

  const fields = [...tbs.children];
  const version = readVersion(fields);
  const [serial, algorithm, issuer, validity, subject, keyInfo, ...rest] = fields;
  readAlgorithm(algorithm, 'signature algorithm');
  if (!sameBytes(algorithm!.encoded, outer.children[1]!.encoded)) {
    throw new NotDer('the signature algorithm is not the one that was signed (RFC 5280 4.1.1.2)');
  }
  const times = expectUniversal(validity, derTags.sequence, 'validity');
  if (times.children.length !== 2) throw new NotDer('validity has two times');
  const notBeforeMs = readTime(times.children[0], 'notBefore');
  const notAfterMs = readTime(times.children[1], 'notAfter');
  if (notAfterMs < notBeforeMs) throw new NotDer('notAfter lies before notBefore');
  const key = expectUniversal(keyInfo, derTags.sequence, 'subjectPublicKeyInfo');
  if (key.children.length !== 2) throw new NotDer('subjectPublicKeyInfo has two parts');
  readBitString(key.children[1], 'subjectPublicKey');

  const readFields = {
    encoded: outer.encoded,
    signed: tbs.encoded,
    signature: signature.bytes,
    signatureAlgorithm,
    version,
    serial: readSerial(serial),
    issuer: readIssuer(issuer),
    subject: readName(subject, 'subject'),
    notBeforeMs,
    notAfterMs,
    publicKey: key.encoded,
    keyAlgorithm: readAlgorithm(key.children[0], 'key algorithm'),
  };
  return { fields: readFields, rest };
}

/** Reading a certificate costs OpenSSL 3 more than checking a signature by it, and a verdict asks several times. */
function openedOnce(encoded: Uint8Array): () => X509Certificate | null {
  let opened: X509Certificate | null | undefined;
  return () => {
    if (opened === undefined) {
      try {
        opened = new X509Certificate(encoded);
      } catch {
        opened = null;
      }
    }
    return opened;
  };
}

/** Takes the version off the front of the fields. Version 1 is the default, so DER does not write it. */
function readVersion(fields: DerValue[]): 1 | 2 | 3 {
  if (!isContext(fields[0], 0)) return 1;
  const field = fields.shift()!;
  if (!field.constructed || field.children.length !== 1) throw new NotDer('version is not one integer');
  const version = readSmallInteger(field.children[0], 'version');
  if (version === 1) return 2;
  if (version === 2) return 3;
  throw new NotDer(`version ${version} is not one of v2 and v3`);
}

/** RFC 5280 4.1.2.4: an issuer has a name. */
function readIssuer(value: DerValue | undefined): DistinguishedName {
  const issuer = readName(value, 'issuer');
  if (issuer.attributes.length === 0) throw new NotDer('the issuer has no name (RFC 5280 4.1.2.4)');
  return issuer;
}

/** RFC 5280 4.2.1.6: without a subject the alternative names are all that there is, and critical. */
function requireName(subject: DistinguishedName, extensions: readonly RawExtension[]): void {
  if (subject.attributes.length > 0) return;
  const names = extensions.find(({ oid }) => oid === extensionOids.subjectAltName);
  if (names !== undefined && !names.critical)
    throw new NotDer('no subject, and the alternative names are not critical');
}

/** RFC 5280 4.1.2.2: positive, at most 20 octets. Also the user certificate of a revocation entry. */
export function readSerial(value: DerValue | undefined): string {
  const octets = readInteger(value, 'serial');
  if (octets.length > limits.serialBytesMax) throw new NotDer(`serial of ${octets.length} octets`);
  if (octets[0]! >= 0x80 || octets.every((octet) => octet === 0)) throw new NotDer('serial is not positive');
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('hex');
}

export function readAlgorithm(value: DerValue | undefined, what: string): AlgorithmIdentifier {
  const { children } = expectUniversal(value, derTags.sequence, what);
  if (children.length < 1 || children.length > 2) throw new NotDer(`${what} has one or two parts`);
  return { oid: readObjectIdentifier(children[0], what), parameters: children[1]?.encoded ?? null };
}

/** The extensions field: `[3]` alone may follow the key; unique identifiers are not for us (RFC 5280 4.1.2.8). */
function readExtensions(rest: readonly DerValue[], version: number): RawExtension[] {
  if (rest.length === 0) return [];
  const field = rest[0];
  if (rest.length > 1 || !isContext(field, 3) || !field.constructed)
    throw new NotDer('a field that nobody uses');
  if (version !== 3) throw new NotDer(`extensions in a version ${version} certificate`);
  if (field.children.length !== 1) throw new NotDer('extensions are not one sequence');
  return readExtensionList(field.children[0]);
}

/** A SEQUENCE OF Extension, each at most once (RFC 5280 4.2). */
export function readExtensionList(value: DerValue | undefined): RawExtension[] {
  const list = expectUniversal(value, derTags.sequence, 'extensions').children;
  if (list.length === 0) throw new NotDer('an empty list of extensions');
  if (list.length > limits.extensionsMax) throw new NotDer(`${list.length} extensions`);
  const extensions = list.map(readExtension);
  if (new Set(extensions.map(({ oid }) => oid)).size !== extensions.length)
    throw new NotDer('an extension twice');
  return extensions;
}

function readExtension(value: DerValue): RawExtension {
  const parts = [...expectUniversal(value, derTags.sequence, 'extension').children];
  const oid = readObjectIdentifier(parts.shift(), 'extension');
  let critical = false;
  if (parts.length === 2) {
    critical = readBoolean(parts.shift(), `critical of ${oid}`);
    if (!critical) throw new NotDer(`critical of ${oid} writes out its default`);
  }
  if (parts.length !== 1) throw new NotDer(`extension ${oid} has parts too many or too few`);
  return { oid, critical, value: expectUniversal(parts[0], derTags.octetString, `value of ${oid}`).content };
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
