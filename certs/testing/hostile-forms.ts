/** BER where DER is due and values outside their range, keys at the edges, with the verdict of each. For tests only. */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { VerdictCode } from '../verdict.ts';
import { bits, derNull, integer, oid, sequence, time, tlv } from './der-writer.ts';
import { constraints, dayMs } from './forge.ts';
import { type HostileRow, nodeLeaf } from './hostile-leaves.ts';
import { nodeId } from './world.ts';

export const hostileForms: readonly HostileRow[] = [
  nodeLeaf('a UTCTime with fractional seconds', 'malformed', () => ({
    notAfter: tlv(0x17, Buffer.from('300101000000.5Z')),
  })),
  nodeLeaf('a GeneralizedTime with fractional seconds', 'malformed', () => ({
    notAfter: tlv(0x18, Buffer.from('20510101000000.5Z')),
  })),
  nodeLeaf('a GeneralizedTime without a zone', 'malformed', () => ({
    notAfter: tlv(0x18, Buffer.from('20510101000000')),
  })),
  nodeLeaf('a UTCTime in local time', 'malformed', () => ({
    notBefore: tlv(0x17, Buffer.from('260101000000')),
  })),
  nodeLeaf('the sixty-first second', 'malformed', () => ({
    notBefore: tlv(0x17, Buffer.from('260101000061Z')),
  })),
  nodeLeaf('the twenty-fifth hour', 'malformed', () => ({
    notBefore: tlv(0x17, Buffer.from('260101250000Z')),
  })),
  nodeLeaf('a time of a NULL', 'malformed', () => ({ notBefore: derNull })),
  nodeLeaf('a notAfter before 2050 as GeneralizedTime', 'malformed', ({ nowMs }) => ({
    notAfter: time(nowMs + dayMs, 'generalized'),
  })),
  nodeLeaf('a serial of no octets', 'malformed', () => ({ serial: tlv(0x02) })),
  nodeLeaf('a serial of minus one', 'malformed', () => ({ serial: integer(0xff) })),
  nodeLeaf('a serial of a megabit', 'malformed', () => ({ serial: tlv(0x02, Buffer.alloc(12_000, 0x41)) })),
  nodeLeaf('version 1 written out', 'malformed', () => ({ version: tlv(0xa0, integer(0)) })),
  nodeLeaf('version 2 with extensions', 'malformed', () => ({ version: tlv(0xa0, integer(1)) })),
  nodeLeaf('two lists of extensions', 'malformed', () => ({
    afterKey: [tlv(0xa3, sequence(constraints(true)))],
  })),
  nodeLeaf('a signature of a bit too few', 'malformed', () => ({
    outerAlgorithm: sequence(oid('1.2.840.10045.4.3.2'), derNull),
  })),
  nodeLeaf('MD5 under an EC issuer', 'weak_signature', () => ({
    innerAlgorithm: sequence(oid('1.2.840.113549.1.1.4'), derNull),
  })),
  nodeLeaf('an algorithm that nobody knows', 'weak_signature', () => ({
    innerAlgorithm: sequence(oid('1.3.6.1.4.1.32473.3')),
  })),
  nodeLeaf('RSASSA-PSS, which is not on the list', 'weak_signature', () => ({
    innerAlgorithm: sequence(oid('1.2.840.113549.1.1.10'), sequence()),
  })),
  reencoded('lengths in two octets where one does', (der) => longLengths(der)),
  reencoded('a SEQUENCE as a SET', (der) => Buffer.concat([Buffer.of(0x31), der.subarray(1)])),
  reencoded('a certificate inside a certificate', (der) => sequence(der)),
  reencoded('a certificate twice in one', (der) => Buffer.concat([der, der])),
  reencoded('zeros after the certificate', (der) => Buffer.concat([der, Buffer.alloc(16)])),
  reencoded('a PEM in the place of DER', (der) =>
    Buffer.from(`-----BEGIN CERTIFICATE-----\n${der.toString('base64')}`),
  ),
  reencoded('an outer length that is too long', (der) => {
    const long = Buffer.from(der);
    long.writeUInt16BE(long.readUInt16BE(2) + 1, 2);
    return long;
  }),
  reencoded('an outer length of 2^32', (der) =>
    Buffer.concat([Buffer.of(0x30, 0x84, 0xff, 0xff, 0xff, 0xff), der.subarray(4)]),
  ),
];

function reencoded(title: string, change: (der: Buffer) => Buffer): HostileRow {
  return {
    title,
    code: 'malformed',
    chain: (w) => [new Uint8Array(change(Buffer.from(w.leaf(w.nodes, nodeId).der))), w.nodes.der],
  };
}

/** The same value with the length of the signed part in one octet more than it needs. */
function longLengths(der: Buffer): Buffer {
  const rest = der.subarray(4);
  const signedBytes = rest.readUInt16BE(2);
  const head = Buffer.of(0x30, 0x83, 0, signedBytes >> 8, signedBytes & 0xff);
  return sequence(head, rest.subarray(4));
}

const f4 = integer(1, 0, 1);
const rsaKey = (parameters: Buffer, key: Buffer): Buffer =>
  sequence(sequence(oid('1.2.840.113549.1.1.1'), parameters), bits(key));
const rsaSpki = (modulus: Buffer, exponent: Buffer): Buffer =>
  rsaKey(derNull, sequence(tlv(0x02, Buffer.of(0), modulus), tlv(0x02, exponent)));
const fullModulus = (bytes: number): Buffer => Buffer.alloc(bytes, 0xc5);
const spki = (title: string, code: VerdictCode, made: () => Uint8Array): HostileRow =>
  nodeLeaf(title, code, () => ({ spki: made() }));

export const hostileKeys: readonly HostileRow[] = [
  spki('RSA with exponent 1', 'weak_key', () => rsaSpki(fullModulus(256), Buffer.of(1))),
  spki('RSA with an even exponent', 'weak_key', () => rsaSpki(fullModulus(256), Buffer.of(1, 0, 0))),
  spki('RSA with an exponent of 2041 bits', 'weak_key', () =>
    rsaSpki(fullModulus(256), Buffer.concat([Buffer.of(1), Buffer.alloc(254), Buffer.of(1)])),
  ),
  spki('RSA with an even modulus', 'weak_key', () => rsaSpki(Buffer.alloc(256, 0xc4), Buffer.of(1, 0, 1))),
  spki('RSA with a negative modulus', 'malformed', () =>
    rsaKey(derNull, sequence(tlv(0x02, fullModulus(256)), f4)),
  ),
  spki('RSA with a modulus that has leading octets', 'malformed', () =>
    rsaKey(derNull, sequence(tlv(0x02, Buffer.of(0, 0), fullModulus(256)), f4)),
  ),
  spki('RSA with bytes after the key', 'malformed', () =>
    rsaKey(derNull, Buffer.concat([sequence(tlv(0x02, Buffer.of(0), fullModulus(256)), f4), derNull])),
  ),
  spki('RSA with a third number', 'malformed', () =>
    rsaKey(derNull, sequence(tlv(0x02, Buffer.of(0), fullModulus(256)), f4, f4)),
  ),
  spki('RSA without parameters', 'malformed', () =>
    rsaKey(Buffer.alloc(0), sequence(tlv(0x02, Buffer.of(0), fullModulus(256)), f4)),
  ),
  spki('RSA with the parameters of another algorithm', 'malformed', () =>
    rsaKey(oid('1.2.840.10045.3.1.7'), sequence(tlv(0x02, Buffer.of(0), fullModulus(256)), f4)),
  ),
  spki('Ed25519 with parameters', 'malformed', () =>
    sequence(sequence(oid('1.3.101.112'), derNull), bits(Buffer.alloc(32, 7))),
  ),
  spki('a point in hybrid form', 'malformed', () =>
    sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), bits(Buffer.alloc(65, 6))),
  ),
  spki('RSA of 512 bits', 'weak_key', () => rsaSpki(fullModulus(64), Buffer.of(1, 0, 1))),
  spki('RSA of 2040 bits', 'weak_key', () => rsaSpki(fullModulus(255), Buffer.of(1, 0, 1))),
  spki('RSA of 16384 bits', 'weak_key', () => rsaSpki(fullModulus(2_048), Buffer.of(1, 0, 1))),
  spki('X25519, which signs nothing', 'weak_key', () => publicOf(generateKeyPairSync('x25519').privateKey)),
  spki('DSA', 'weak_key', () =>
    publicOf(generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 }).privateKey),
  ),
  spki('RSASSA-PSS, a key for one scheme', 'weak_key', () =>
    publicOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey),
  ),
  spki('a curve that is written out', 'weak_key', () =>
    generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' }).publicKey.export({
      type: 'spki',
      format: 'der',
    }),
  ),
  spki('an EC key without a curve', 'weak_key', () =>
    sequence(sequence(oid('1.2.840.10045.2.1')), bits(Buffer.alloc(65, 4))),
  ),
  spki('an Ed25519 key of 31 octets', 'malformed', () =>
    sequence(sequence(oid('1.3.101.112')), bits(Buffer.alloc(31, 7))),
  ),
  spki('a key of no bits', 'malformed', () =>
    sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), bits(Buffer.alloc(0))),
  ),
  spki('the point at infinity', 'malformed', () =>
    sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), bits(Buffer.of(0))),
  ),
];

function publicOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}
