/**
 * Hostile encodings: leaves whose DER breaks a rule of X.509 or of DER itself (serials, versions, algorithms, times,
 * extensions, keys), and bytes that are no certificate at all, with the verdict that each must get, offline and on a
 * link. For tests only; leaves that are well encoded and say what they may not are in `hostile-leaves.ts`.
 */
import { boolean, derNull, integer, oid, sequence, time, tlv } from './der-writer.ts';
import { algorithmOf, uri } from './forge.ts';
import { type HostileRow, nodeLeaf } from './hostile-leaves.ts';
import { nodeId } from './world.ts';

export const hostileEncodings: readonly HostileRow[] = [
  nodeLeaf('serial zero', 'malformed', () => ({ serial: integer(0) })),
  nodeLeaf('a negative serial', 'malformed', () => ({ serial: integer(0x80, 1) })),
  nodeLeaf('a serial of 21 octets', 'malformed', () => ({ serial: tlv(0x02, Buffer.alloc(21, 0x11)) })),
  nodeLeaf('a serial with a leading zero', 'malformed', () => ({ serial: integer(0, 1) })),
  nodeLeaf('version 1 with extensions', 'malformed', () => ({ version: null })),
  nodeLeaf('version 4', 'malformed', () => ({ version: tlv(0xa0, integer(3)) })),
  nodeLeaf('version 3 without extensions', 'no_spiffe_id', () => ({ extensionsField: null })),
  nodeLeaf('a unique identifier of the issuer', 'malformed', () => ({
    afterKey: [tlv(0x81, Buffer.of(0, 1))],
  })),
  nodeLeaf('two signature algorithms that differ', 'malformed', () => ({
    outerAlgorithm: algorithmOf('ecdsa-sha384'),
  })),
  nodeLeaf('ECDSA with NULL parameters', 'malformed', () => ({
    innerAlgorithm: sequence(oid('1.2.840.10045.4.3.2'), derNull),
  })),
  nodeLeaf('a time without seconds', 'malformed', () => ({
    notBefore: tlv(0x17, Buffer.from('2601010000Z')),
  })),
  nodeLeaf('a time with an offset', 'malformed', () => ({
    notBefore: tlv(0x17, Buffer.from('260101000000+0100')),
  })),
  nodeLeaf('the thirtieth of February', 'malformed', () => ({
    notBefore: tlv(0x17, Buffer.from('260230000000Z')),
  })),
  nodeLeaf('a GeneralizedTime before 2050', 'malformed', ({ nowMs }) => ({
    notBefore: time(nowMs - 60_000, 'generalized'),
  })),
  nodeLeaf('critical written out as false', 'malformed', () => ({
    extensions: { names: sequence(oid('2.5.29.17'), boolean(0), tlv(0x04, sequence(uri(nodeId)))) },
  })),
  nodeLeaf('a list of no extensions', 'malformed', () => ({ extensionsField: tlv(0xa3, sequence()) })),
  nodeLeaf('a subject that is not UTF-8', 'malformed', () => ({
    subject: sequence(tlv(0x31, sequence(oid('2.5.4.3'), tlv(0x0c, Buffer.of(0xff, 0xfe))))),
  })),
  nodeLeaf('a public key that is no point of the curve', 'malformed', () => ({
    spki: sequence(
      sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')),
      tlv(0x03, Buffer.of(0, 4), Buffer.alloc(64, 7)),
    ),
  })),
  {
    title: 'a byte after the end',
    code: 'malformed',
    chain: (world) => [Buffer.concat([world.leaf(world.nodes, nodeId).der, Buffer.of(0)]), world.nodes.der],
  },
  {
    title: 'the last byte missing',
    code: 'malformed',
    chain: (world) => [world.leaf(world.nodes, nodeId).der.subarray(0, -1), world.nodes.der],
  },
  {
    title: 'a length that is not the shortest',
    code: 'malformed',
    chain: (world) => {
      const { der } = world.leaf(world.nodes, nodeId);
      return [Buffer.concat([Buffer.of(0x30, 0x83, 0), der.subarray(2)]), world.nodes.der];
    },
  },
  {
    title: 'an indefinite length',
    code: 'malformed',
    chain: (world) => {
      const { der } = world.leaf(world.nodes, nodeId);
      return [Buffer.concat([Buffer.of(0x30, 0x80), der.subarray(4), Buffer.of(0, 0)]), world.nodes.der];
    },
  },
  { title: 'no bytes', code: 'malformed', chain: (world) => [new Uint8Array(), world.nodes.der] },
  { title: 'text', code: 'malformed', chain: (world) => [Buffer.from(nodeId), world.nodes.der] },
  { title: 'a megabyte of nested sequences', code: 'malformed', chain: () => [Buffer.alloc(1 << 20, 0x30)] },
  { title: 'deep nesting', code: 'malformed', chain: () => [nested(400)] },
];

function nested(depth: number): Buffer {
  let value: Buffer = derNull;
  for (let i = 0; i < depth; i++) value = sequence(value);
  return value;
}
