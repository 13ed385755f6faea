/**
 * Certificates to order, signed for real by whatever key is given, each part replaceable. The defaults make a good
 * leaf, so a test names the one thing that it breaks. For tests only.
 */
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import {
  bits,
  derNull,
  derTrue,
  extension,
  integer,
  name,
  octets,
  oid,
  sequence,
  time,
  tlv,
} from './der-writer.ts';

export const dayMs = 86_400_000;

export type SignatureForm =
  | 'ecdsa-sha256'
  | 'ecdsa-sha384'
  | 'ecdsa-sha1'
  | 'rsa-sha256'
  | 'rsa-sha1'
  | 'rsa-md5'
  | 'ed25519';

const signatureForms: Record<SignatureForm, { digest: string | null; algorithm: Buffer }> = {
  'ecdsa-sha256': { digest: 'sha256', algorithm: sequence(oid('1.2.840.10045.4.3.2')) },
  'ecdsa-sha384': { digest: 'sha384', algorithm: sequence(oid('1.2.840.10045.4.3.3')) },
  'ecdsa-sha1': { digest: 'sha1', algorithm: sequence(oid('1.2.840.10045.4.1')) },
  'rsa-sha256': { digest: 'sha256', algorithm: sequence(oid('1.2.840.113549.1.1.11'), derNull) },
  'rsa-sha1': { digest: 'sha1', algorithm: sequence(oid('1.2.840.113549.1.1.5'), derNull) },
  'rsa-md5': { digest: 'md5', algorithm: sequence(oid('1.2.840.113549.1.1.4'), derNull) },
  ed25519: { digest: null, algorithm: sequence(oid('1.3.101.112')) },
};

/** The algorithm identifier of a form, for putting the wrong one somewhere. */
export const algorithmOf = (form: SignatureForm): Buffer => signatureForms[form].algorithm;

/** Who signs: a subject and its private key. */
export interface Forged {
  readonly der: Uint8Array;
  readonly subject: Buffer;
  readonly privateKey: KeyObject;
}

export interface Order {
  readonly issuer: { readonly subject: Buffer; readonly privateKey: KeyObject };
  readonly subject?: Buffer;
  readonly privateKey?: KeyObject;
  readonly spki?: Uint8Array;
  /** The whole TLV of the serial. */
  readonly serial?: Buffer;
  readonly notBefore?: Buffer;
  readonly notAfter?: Buffer;
  /** Extensions by name; null leaves one out. */
  readonly extensions?: Readonly<Record<string, Buffer | null>>;
  /** The whole extensions field, or null for none; wins over `extensions`. */
  readonly extensionsField?: Buffer | null;
  readonly version?: Buffer | null;
  readonly form?: SignatureForm;
  /** The outer signature algorithm, when it is to differ from the signed one. */
  readonly outerAlgorithm?: Buffer;
  readonly innerAlgorithm?: Buffer;
  readonly afterKey?: readonly Buffer[];
  /** Changes the signature after it was made. */
  readonly spoil?: (signature: Buffer) => Buffer;
}

export function newEcKey(namedCurve = 'P-256'): KeyObject {
  return generateKeyPairSync('ec', { namedCurve }).privateKey;
}

export function forge(order: Order, nowMs: number): Forged {
  const privateKey = order.privateKey ?? newEcKey();
  const spki = order.spki ?? createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const { digest, algorithm } = signatureForms[order.form ?? 'ecdsa-sha256'];
  const subject = order.subject ?? name([['2.5.4.3', 'anybody']]);
  const extensions = Object.values(order.extensions ?? {}).filter((value) => value !== null);
  const field =
    order.extensionsField === undefined ? tlv(0xa3, sequence(...extensions)) : order.extensionsField;
  const inner = order.innerAlgorithm ?? algorithm;
  const version = order.version === undefined ? tlv(0xa0, integer(2)) : order.version;
  const tbs = sequence(
    ...(version === null ? [] : [version]),
    order.serial ?? tlv(0x02, Buffer.of(0x41), randomBytes(15)),
    inner,
    order.issuer.subject,
    sequence(order.notBefore ?? time(nowMs - 60_000), order.notAfter ?? time(nowMs + dayMs)),
    subject,
    spki,
    ...(order.afterKey ?? []),
    ...(field === null ? [] : [field]),
  );
  const signature = sign(digest, tbs, order.issuer.privateKey);
  const der = sequence(tbs, order.outerAlgorithm ?? inner, bits(order.spoil?.(signature) ?? signature));
  return { der: new Uint8Array(der), subject, privateKey };
}

export const uri = (text: string | Uint8Array): Buffer => tlv(0x86, Buffer.from(text as Uint8Array));
export const alternativeNames = (...names: Buffer[]): Buffer =>
  extension('2.5.29.17', false, sequence(...names));
export const constraints = (critical: boolean, ...parts: Buffer[]): Buffer =>
  extension('2.5.29.19', critical, sequence(...parts));
/** keyUsage from its first octet: 0x80 digitalSignature, 0x04 keyCertSign, 0x02 cRLSign. */
export const keyUsage = (octet: number, critical = true): Buffer =>
  extension('2.5.29.15', critical, bits(Buffer.of(octet), trailingZeros(octet)));
export const purposes = (...last: number[]): Buffer =>
  extension('2.5.29.37', false, sequence(...last.map((arc) => oid(`1.3.6.1.5.5.7.3.${arc}`))));

/** An authority key identifier that names the issuer's issuer and the issuer's serial (RFC 5280 4.2.1.1). */
export const issuerAndSerial = (issuer: Buffer, serial: Buffer): Buffer =>
  extension('2.5.29.35', false, sequence(tlv(0xa1, tlv(0xa4, issuer)), tlv(0x82, serial)));

export function leafExtensions(spiffeId: string): Record<string, Buffer | null> {
  return {
    constraints: constraints(true),
    usage: keyUsage(0x80),
    purposes: purposes(1, 2),
    names: alternativeNames(uri(spiffeId)),
  };
}

/** What a good intermediate carries; the key identifiers tie it to its issuer as the real authority's do. */
export function intermediateExtensions(
  trustDomain: string,
  key: KeyObject,
  issuerKey: KeyObject,
): Record<string, Buffer | null> {
  return {
    constraints: constraints(true, derTrue, integer(0)),
    usage: keyUsage(0x06),
    names: alternativeNames(uri(`spiffe://${trustDomain}`)),
    subjectKey: extension('2.5.29.14', false, octets(keyIdentifier(key))),
    authorityKey: extension('2.5.29.35', false, sequence(tlv(0x80, keyIdentifier(issuerKey)))),
  };
}

export function keyIdentifier(privateKey: KeyObject): Buffer {
  return createHash('sha1')
    .update(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }))
    .digest();
}

function trailingZeros(octet: number): number {
  return octet === 0 ? 0 : 31 - Math.clz32(octet & -octet);
}
