/** Requests for certificates that ask for whatever a test wants, signed or not by their key. For tests only. */
import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { extensionOids } from '../extensions.ts';
import { nameOids } from '../names.ts';
import { bits, boolean, derTrue, extension, integer, name, oid, sequence, tlv } from './der-writer.ts';

export interface Asked {
  readonly commonName?: string;
  /** URIs of the subjectAltName. */
  readonly names?: readonly string[];
  /** Also a DNS name. */
  readonly dns?: string;
  readonly ca?: boolean;
  /** First octet of keyUsage. */
  readonly usageBits?: number;
  /** OIDs of extendedKeyUsage. */
  readonly purposes?: readonly string[];
  /** OID of another extension. */
  readonly other?: string;
  /** A challengePassword. */
  readonly challenge?: boolean;
  /** Signs in the place of the key of the request. */
  readonly signer?: KeyObject;
}

export function forgeRequest(key: KeyObject, asked: Asked = {}): Buffer {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const info = sequence(
    integer(0),
    name(asked.commonName === undefined ? [] : [[nameOids.commonName, asked.commonName]]),
    spki,
    tlv(0xa0, ...attributesOf(asked)),
  );
  const signer = asked.signer ?? key;
  const isEc = signer.asymmetricKeyType === 'ec';
  const algorithm = isEc
    ? sequence(oid('1.2.840.10045.4.3.2'))
    : sequence(oid('1.2.840.113549.1.1.11'), Buffer.of(5, 0));
  return sequence(info, algorithm, bits(sign('sha256', info, signer)));
}

function attributesOf(asked: Asked): Buffer[] {
  const uris = (asked.names ?? []).map((uri) => tlv(0x86, Buffer.from(uri)));
  const names = [...uris, ...(asked.dns === undefined ? [] : [tlv(0x82, Buffer.from(asked.dns))])];
  const extensions = [
    ...(names.length === 0 ? [] : [extension(extensionOids.subjectAltName, false, sequence(...names))]),
    ...(asked.ca === undefined
      ? []
      : [extension(extensionOids.basicConstraints, true, sequence(...(asked.ca ? [derTrue] : [])))]),
    ...(asked.usageBits === undefined
      ? []
      : [extension(extensionOids.keyUsage, true, usage(asked.usageBits))]),
    ...(asked.purposes === undefined
      ? []
      : [extension(extensionOids.extendedKeyUsage, false, sequence(...asked.purposes.map(oid)))]),
    ...(asked.other === undefined ? [] : [extension(asked.other, false, boolean(0xff))]),
  ];
  const attributes =
    extensions.length === 0 ? [] : [attribute('1.2.840.113549.1.9.14', sequence(...extensions))];
  if (asked.challenge) attributes.push(attribute('1.2.840.113549.1.9.7', tlv(0x0c, Buffer.from('word'))));
  return attributes;
}

function attribute(type: string, value: Buffer): Buffer {
  return sequence(oid(type), tlv(0x31, value));
}

/** Without the bits that are not set at its end (X.690 11.2.2). */
function usage(octet: number): Buffer {
  let unused = 0;
  while (((octet >> unused) & 1) === 0) unused += 1;
  return bits(Buffer.of(octet), unused);
}
