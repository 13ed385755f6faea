/**
 * The values of the extensions that we act on, read from their DER: names, constraints, usages, key identifiers, and
 * an operator's rights. An extension that is not here is known by its OID only.
 */
import {
  type DerValue,
  derTags,
  expectUniversal,
  isContext,
  NotDer,
  readBitString,
  readBoolean,
  readDer,
  readObjectIdentifier,
  readSmallInteger,
} from './der.ts';
import { limits } from './limits.ts';

export interface RawExtension {
  readonly oid: string;
  readonly critical: boolean;
  /** Content of the extnValue: DER of the extension's own type. */
  readonly value: Uint8Array;
}

/**
 * Where an operator's rights stand: a SEQUENCE OF UTF8String. 32473 is the enterprise number that IANA keeps for
 * examples (RFC 5612): the project holds no number of its own, nobody else may ship one under it, and we read the
 * extension only below our own `OU=operators`, so nobody else's meaning can reach us.
 */
export const operatorRightsOid = '1.3.6.1.4.1.32473.7451.1';

export const extensionOids = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;

export const extendedKeyUsageOids = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

/** Names of the bits of keyUsage in their order (RFC 5280 4.2.1.3). */
export const keyUsageNames = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;
export type KeyUsageName = (typeof keyUsageNames)[number];

/** Names of the choices of GeneralName by tag (RFC 5280 4.2.1.6). */
const generalNameKinds = [
  'other',
  'email',
  'dns',
  'x400',
  'directory',
  'ediParty',
  'uri',
  'ip',
  'registeredId',
] as const;
export type GeneralNameKind = (typeof generalNameKinds)[number];

export interface GeneralName {
  readonly kind: GeneralNameKind;
  /** The octets as they stand in the certificate. */
  readonly bytes: Uint8Array;
}

export interface CertificateExtensions {
  readonly alternativeNames: readonly GeneralName[];
  readonly basicConstraints: { readonly ca: boolean; readonly pathLength: number | null } | null;
  readonly keyUsage: ReadonlySet<KeyUsageName> | null;
  readonly extendedKeyUsage: readonly string[] | null;
  /** Lower-case hexadecimal. */
  readonly subjectKeyId: string | null;
  readonly authorityKeyId: string | null;
  readonly operatorRights: readonly string[] | null;
}

/** @throws NotDer */
export function readExtensionValues(extensions: readonly RawExtension[]): CertificateExtensions {
  const read = <T>(oid: string, reader: (value: DerValue) => T): T | null => {
    const found = extensions.find((extension) => extension.oid === oid);
    return found === undefined ? null : reader(readDer(found.value));
  };
  return {
    alternativeNames: read(extensionOids.subjectAltName, readAlternativeNames) ?? [],
    basicConstraints: read(extensionOids.basicConstraints, readBasicConstraints),
    keyUsage: read(extensionOids.keyUsage, readKeyUsage),
    extendedKeyUsage: read(extensionOids.extendedKeyUsage, readExtendedKeyUsage),
    subjectKeyId: read(extensionOids.subjectKeyIdentifier, (value) =>
      hex(expectUniversal(value, derTags.octetString, 'subjectKeyIdentifier').content),
    ),
    authorityKeyId: read(extensionOids.authorityKeyIdentifier, readAuthorityKeyId),
    operatorRights: read(operatorRightsOid, readOperatorRights),
  };
}

function readAlternativeNames(value: DerValue): GeneralName[] {
  const { children } = expectUniversal(value, derTags.sequence, 'subjectAltName');
  if (children.length === 0) throw new NotDer('subjectAltName is empty (RFC 5280 4.2.1.6)');
  if (children.length > limits.alternativeNamesMax)
    throw new NotDer(`subjectAltName has ${children.length} names`);
  return children.map((name) => {
    const kind = generalNameKinds[name.tag];
    if (name.tagClass !== 'context' || kind === undefined)
      throw new NotDer('subjectAltName has a name of no known type');
    const nested = kind === 'other' || kind === 'x400' || kind === 'directory' || kind === 'ediParty';
    if (name.constructed !== nested)
      throw new NotDer(`subjectAltName has a name of type ${kind} in the wrong form`);
    return { kind, bytes: name.content };
  });
}

function readBasicConstraints(value: DerValue): { ca: boolean; pathLength: number | null } {
  const parts = [...expectUniversal(value, derTags.sequence, 'basicConstraints').children];
  let ca = false;
  if (parts[0]?.tag === derTags.boolean) {
    ca = readBoolean(parts.shift(), 'cA');
    if (!ca) throw new NotDer('cA writes out its default');
  }
  const pathLength = parts.length > 0 ? readSmallInteger(parts.shift(), 'pathLenConstraint') : null;
  if (parts.length > 0) throw new NotDer('basicConstraints has parts too many');
  if (pathLength !== null && !ca) throw new NotDer('pathLenConstraint without cA (RFC 5280 4.2.1.9)');
  return { ca, pathLength };
}

function readKeyUsage(value: DerValue): ReadonlySet<KeyUsageName> {
  const { bytes, unusedBits } = readBitString(value, 'keyUsage');
  if (bytes.length === 0 || bytes.length > 2) throw new NotDer('keyUsage is not one or two octets');
  const set = keyUsageNames.filter((_name, bit) => ((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0);
  if (set.length === 0) throw new NotDer('keyUsage has no bit set (RFC 5280 4.2.1.3)');
  if ((bytes[bytes.length - 1]! & (1 << unusedBits)) === 0) {
    throw new NotDer('keyUsage writes out bits that are not set (X.690 11.2.2)');
  }
  return new Set(set);
}

function readExtendedKeyUsage(value: DerValue): string[] {
  const { children } = expectUniversal(value, derTags.sequence, 'extKeyUsage');
  if (children.length === 0) throw new NotDer('extKeyUsage is empty');
  return children.map((child) => readObjectIdentifier(child, 'extKeyUsage'));
}

function readAuthorityKeyId(value: DerValue): string | null {
  const { children } = expectUniversal(value, derTags.sequence, 'authorityKeyIdentifier');
  const first = children[0];
  return isContext(first, 0) && !first.constructed ? hex(first.content) : null;
}

const rightPattern = /^(\*|[a-z][a-z0-9_:.-]*)$/;

/** A right as an operator's certificate may hold it: `*` for all, or words like `tenant:write`. */
export function isRight(text: string): boolean {
  return text.length <= limits.operatorRightCharsMax && rightPattern.test(text);
}

function readOperatorRights(value: DerValue): string[] {
  const { children } = expectUniversal(value, derTags.sequence, 'operator rights');
  if (children.length > limits.operatorRightsMax) throw new NotDer(`${children.length} operator rights`);
  return children.map((child) => {
    const { content } = expectUniversal(child, derTags.utf8String, 'operator right');
    const right = Buffer.from(content).toString('latin1');
    if (!isRight(right)) throw new NotDer('an operator right that is no right');
    return right;
  });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
