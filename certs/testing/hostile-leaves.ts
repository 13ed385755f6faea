/**
 * Hostile leaves, each with one rule broken, under real authorities of the test world, and the verdict that each must
 * get, offline and on a link. For tests only.
 */
import { generateKeyPairSync } from 'node:crypto';
import type { VerdictCode } from '../verdict.ts';
import {
  boolean,
  derNull,
  derTrue,
  extension,
  integer,
  name,
  oid,
  sequence,
  time,
  tlv,
} from './der-writer.ts';
import type { Order } from './forge.ts';
import {
  alternativeNames,
  constraints,
  dayMs,
  keyUsage,
  leafExtensions,
  newEcKey,
  purposes,
  uri,
} from './forge.ts';
import { nodeId, tenantA, trustDomain, type World } from './world.ts';

export interface HostileRow {
  readonly title: string;
  readonly code: VerdictCode;
  readonly chain: (world: World) => Uint8Array[];
}

export const nodeLeaf = (
  title: string,
  code: VerdictCode,
  changes: (world: World) => Partial<Order>,
): HostileRow => ({
  title,
  code,
  chain: (world) => [world.leaf(world.nodes, nodeId, changes(world)).der, world.nodes.der],
});

const idLeaf = (title: string, code: VerdictCode, id: string | Uint8Array): HostileRow =>
  nodeLeaf(title, code, () => ({ extensions: { names: alternativeNames(uri(id)) } }));

const domain = `spiffe://${trustDomain}`;

export const hostileIds: readonly HostileRow[] = [
  idLeaf('a NUL inside the URI', 'bad_spiffe_id', `${nodeId}\0.evil.example`),
  idLeaf('a NUL at the end of the URI', 'bad_spiffe_id', `${nodeId}\0`),
  idLeaf('a percent-encoded slash', 'bad_spiffe_id', `${domain}/node/core%2Fcore_1`),
  idLeaf('a percent-encoded letter', 'bad_spiffe_id', `${domain}/node/core/%63ore_1`),
  idLeaf('an upper-case trust domain', 'bad_spiffe_id', 'spiffe://Picket.local/node/core/core_1'),
  idLeaf('an upper-case scheme', 'bad_spiffe_id', 'SPIFFE://picket.local/node/core/core_1'),
  idLeaf('another scheme', 'bad_spiffe_id', 'https://picket.local/node/core/core_1'),
  idLeaf('a scheme with one slash', 'bad_spiffe_id', 'spiffe:/picket.local/node/core/core_1'),
  idLeaf('a Cyrillic letter in the trust domain', 'bad_spiffe_id', 'spiffe://рicket.local/node/core/core_1'),
  idLeaf('a Cyrillic letter in the name', 'bad_spiffe_id', `${domain}/node/core/сore_1`),
  idLeaf(
    'a Latin-1 octet in the name',
    'bad_spiffe_id',
    Buffer.from(`${domain}/node/core/core\xe9`, 'latin1'),
  ),
  idLeaf(
    'a dot at the end of the trust domain',
    'wrong_trust_domain',
    'spiffe://picket.local./node/core/core_1',
  ),
  idLeaf('a dot at the end of the name', 'bad_spiffe_id', `${nodeId}.`),
  idLeaf('a slash at the end', 'bad_spiffe_id', `${nodeId}/`),
  idLeaf('an empty segment', 'bad_spiffe_id', `${domain}/node//core_1`),
  idLeaf('a segment of one dot', 'bad_spiffe_id', `${domain}/./node/core/core_1`),
  idLeaf('a segment of two dots', 'bad_spiffe_id', `${domain}/node/x/../core/core_1`),
  idLeaf('a port', 'bad_spiffe_id', 'spiffe://picket.local:443/node/core/core_1'),
  idLeaf('a user', 'bad_spiffe_id', 'spiffe://root@picket.local/node/core/core_1'),
  idLeaf('a query', 'bad_spiffe_id', `${nodeId}?role=core`),
  idLeaf('a fragment', 'bad_spiffe_id', `${nodeId}#core`),
  idLeaf('a space before it', 'bad_spiffe_id', ` ${nodeId}`),
  idLeaf('a line break after it', 'bad_spiffe_id', `${nodeId}\n`),
  idLeaf('a backslash', 'bad_spiffe_id', `${domain}/node\\core\\core_1`),
  idLeaf('no trust domain', 'bad_spiffe_id', 'spiffe:///node/core/core_1'),
  idLeaf('nothing in the URI', 'bad_spiffe_id', ''),
  idLeaf('a trust domain without a path', 'bad_spiffe_id', domain),
  idLeaf('more than 2048 bytes', 'bad_spiffe_id', `${domain}/${'a/'.repeat(1_100)}a`),
  idLeaf('a trust domain of 256 bytes', 'bad_spiffe_id', `spiffe://${'a'.repeat(256)}/node/core/core_1`),
  idLeaf('a role that is none', 'bad_spiffe_id', `${domain}/node/root/core_1`),
  idLeaf('a role in upper case', 'bad_spiffe_id', `${domain}/node/Core/core_1`),
  idLeaf('a name in upper case', 'bad_spiffe_id', `${domain}/node/core/Core_1`),
  idLeaf('a name of 64 characters', 'bad_spiffe_id', `${domain}/node/core/${'a'.repeat(64)}`),
  idLeaf('a segment too many', 'bad_spiffe_id', `${nodeId}/x`),
  idLeaf('a kind that is none of ours', 'bad_spiffe_id', `${domain}/workload/core/core_1`),
  idLeaf('a tenant id of 11 characters', 'bad_spiffe_id', `${domain}/tenant/${tenantA.slice(0, 11)}/agent/x`),
  idLeaf('a tenant id of 13 characters', 'bad_spiffe_id', `${domain}/tenant/${tenantA}a/agent/x`),
  idLeaf('a tenant id that begins with a digit', 'bad_spiffe_id', `${domain}/tenant/2bcdefghijkl/agent/x`),
  idLeaf('a tenant id with a digit that is none', 'bad_spiffe_id', `${domain}/tenant/abcdefghijk1/agent/x`),
  idLeaf('another trust domain', 'wrong_trust_domain', 'spiffe://picket.locale/node/core/core_1'),
  idLeaf(
    'a trust domain that ends as ours',
    'wrong_trust_domain',
    'spiffe://evil.picket.local/node/core/core_1',
  ),
];

const other = leafExtensions('spiffe://picket.local/node/core/core_2');

export const hostileNames: readonly HostileRow[] = [
  nodeLeaf('no subjectAltName', 'no_spiffe_id', () => ({ extensions: { names: null } })),
  nodeLeaf('a DNS name only', 'no_spiffe_id', () => ({
    extensions: { names: alternativeNames(tlv(0x82, Buffer.from('core_1.picket.local'))) },
  })),
  nodeLeaf('the id as a DNS name', 'no_spiffe_id', () => ({
    extensions: { names: alternativeNames(tlv(0x82, Buffer.from(nodeId))) },
  })),
  nodeLeaf('the id joined into a DNS name, as text listings show it', 'no_spiffe_id', () => ({
    extensions: { names: alternativeNames(tlv(0x82, Buffer.from(`x, URI:${nodeId}`))) },
  })),
  nodeLeaf('the id in the common name only', 'no_spiffe_id', () => ({
    subject: name([['2.5.4.3', nodeId]]),
    extensions: { names: null },
  })),
  nodeLeaf('two SPIFFE ids', 'two_uri_sans', () => ({
    extensions: { names: alternativeNames(uri(nodeId), uri(`${domain}/node/web/web_1`)) },
  })),
  nodeLeaf('the same SPIFFE id twice', 'two_uri_sans', () => ({
    extensions: { names: alternativeNames(uri(nodeId), uri(nodeId)) },
  })),
  nodeLeaf('a SPIFFE id and another URI', 'two_uri_sans', () => ({
    extensions: { names: alternativeNames(uri(nodeId), uri('https://picket.local/')) },
  })),
  nodeLeaf('two subjectAltName extensions', 'malformed', () => ({ extensions: { more: other.names! } })),
  nodeLeaf('an empty subjectAltName', 'malformed', () => ({ extensions: { names: alternativeNames() } })),
  nodeLeaf('the URI as a UTF8String', 'malformed', () => ({
    extensions: { names: alternativeNames(tlv(0x0c, Buffer.from(nodeId))) },
  })),
  nodeLeaf('the URI in constructed form', 'malformed', () => ({
    extensions: { names: alternativeNames(tlv(0xa6, tlv(0x16, Buffer.from(nodeId)))) },
  })),
  nodeLeaf('bytes after the names', 'malformed', () => ({
    extensions: { names: extension('2.5.29.17', false, sequence(uri(nodeId)), derNull) },
  })),
];

export const hostileLeaves: readonly HostileRow[] = [
  nodeLeaf('CA true', 'leaf_is_ca', () => ({ extensions: { constraints: constraints(true, derTrue) } })),
  nodeLeaf('CA true with pathlen 0', 'leaf_is_ca', () => ({
    extensions: { constraints: constraints(true, derTrue, integer(0)), usage: keyUsage(0x84) },
  })),
  nodeLeaf('CA as 0x01 instead of 0xff', 'malformed', () => ({
    extensions: { constraints: constraints(true, boolean(1)) },
  })),
  nodeLeaf('a pathlen without CA', 'malformed', () => ({
    extensions: { constraints: constraints(true, integer(0)) },
  })),
  nodeLeaf('no key usage', 'bad_key_usage', () => ({ extensions: { usage: null } })),
  nodeLeaf('a key usage that is not critical', 'bad_key_usage', () => ({
    extensions: { usage: keyUsage(0x80, false) },
  })),
  nodeLeaf('keyEncipherment only', 'bad_key_usage', () => ({ extensions: { usage: keyUsage(0x20) } })),
  nodeLeaf('keyCertSign on a leaf', 'bad_key_usage', () => ({ extensions: { usage: keyUsage(0x84) } })),
  nodeLeaf('cRLSign on a leaf', 'bad_key_usage', () => ({ extensions: { usage: keyUsage(0x82) } })),
  nodeLeaf('a key usage of no bits', 'malformed', () => ({ extensions: { usage: keyUsage(0) } })),
  nodeLeaf('no extended key usage', 'bad_extended_key_usage', () => ({ extensions: { purposes: null } })),
  nodeLeaf('serverAuth only', 'bad_extended_key_usage', () => ({ extensions: { purposes: purposes(1) } })),
  nodeLeaf('clientAuth only', 'bad_extended_key_usage', () => ({ extensions: { purposes: purposes(2) } })),
  nodeLeaf('codeSigning only', 'bad_extended_key_usage', () => ({ extensions: { purposes: purposes(3) } })),
  nodeLeaf('anyExtendedKeyUsage only', 'bad_extended_key_usage', () => ({
    extensions: { purposes: extension('2.5.29.37', false, sequence(oid('2.5.29.37.0'))) },
  })),
  nodeLeaf('a life of 31 days', 'lifetime_too_long', ({ nowMs }) => ({ notAfter: time(nowMs + 31 * dayMs) })),
  nodeLeaf('a life of 30 days and a second', 'lifetime_too_long', ({ nowMs }) => ({
    notBefore: time(nowMs - 60_000),
    notAfter: time(nowMs - 60_000 + 30 * dayMs + 1_000),
  })),
  nodeLeaf('a life without end', 'lifetime_too_long', () => ({
    notAfter: tlv(0x18, Buffer.from('99991231235959Z')),
  })),
  nodeLeaf('ended a second ago', 'expired', ({ nowMs }) => ({ notAfter: time(nowMs - 1_000) })),
  nodeLeaf('begins in ten minutes', 'not_yet_valid', ({ nowMs }) => ({ notBefore: time(nowMs + 600_000) })),
  nodeLeaf('ends before it begins', 'malformed', ({ nowMs }) => ({
    notBefore: time(nowMs + 1_000),
    notAfter: time(nowMs - 1_000),
  })),
  nodeLeaf('a critical extension that nobody knows', 'chain_invalid', () => ({
    extensions: { strange: extension('1.3.6.1.4.1.32473.1', true, derNull) },
  })),
  nodeLeaf('RSA of 1024 bits', 'weak_key', () => ({
    privateKey: generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey,
  })),
  nodeLeaf('RSA with exponent 3', 'weak_key', () => ({
    privateKey: generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).privateKey,
  })),
  nodeLeaf('EC secp256k1', 'weak_key', () => ({ privateKey: newEcKey('secp256k1') })),
  nodeLeaf('EC P-224', 'weak_key', () => ({ privateKey: newEcKey('secp224r1') })),
  nodeLeaf('EC P-521, which is not on the list', 'weak_key', () => ({ privateKey: newEcKey('secp521r1') })),
  nodeLeaf('Ed448, which is not on the list', 'weak_key', () => ({
    privateKey: generateKeyPairSync('ed448').privateKey,
  })),
  nodeLeaf('signed with SHA-1', 'weak_signature', () => ({ form: 'ecdsa-sha1' })),
  nodeLeaf('one bit of the signature changed', 'chain_invalid', () => ({ spoil: flipLast })),
  nodeLeaf('an empty signature', 'chain_invalid', () => ({ spoil: () => Buffer.alloc(0) })),
];

function flipLast(signature: Buffer): Buffer {
  signature[signature.length - 1]! ^= 1;
  return signature;
}
