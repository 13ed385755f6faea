/**
 * Certificates that name another issuer than they have, that have no name, or that OpenSSL would not tie to their issuer
 * for an extension that it cannot read: a file must not be taken where a link is refused. For tests only.
 */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { VerdictCode } from '../verdict.ts';
import { bits, derNull, extension, integer, name, oid, sequence, tlv } from './der-writer.ts';
import { issuerAndSerial, newEcKey, type Order } from './forge.ts';
import { type HostileRow, nodeLeaf } from './hostile-leaves.ts';
import { under } from './hostile-scopes.ts';
import { nodeId, scopeName, type World } from './world.ts';

const tied = (title: string, changes: (world: World) => Record<string, Buffer>): HostileRow =>
  nodeLeaf(title, 'chain_invalid', (world) => ({ extensions: changes(world) }));
const intermediate = (
  title: string,
  code: VerdictCode,
  changes: (world: World) => Partial<Order>,
): HostileRow => under(title, code, nodeId, (w) => w.intermediate(w.root, scopeName('nodes'), changes(w)));

/** Extensions that nobody needs here and that OpenSSL reads: one that it cannot read spoils the certificate. */
const unreadable = [
  ['distribution points', '2.5.29.31'],
  ['a Netscape type', '2.16.840.1.113730.1.1'],
  ['address blocks', '1.3.6.1.5.5.7.1.7'],
  ['system numbers', '1.3.6.1.5.5.7.1.8'],
] as const;

export const hostileLinks: readonly HostileRow[] = [
  tied("another serial than its issuer's in the key identifier", ({ root }) => ({
    authorityKey: issuerAndSerial(root.subject, Buffer.of(0x55, 1)),
  })),
  tied("another name than its issuer's issuer in the key identifier", () => ({
    authorityKey: issuerAndSerial(name([['2.5.4.3', 'another']]), Buffer.of(0x55, 1)),
  })),
  tied('a proxy certificate that is not critical', () => ({
    more: extension('1.3.6.1.5.5.7.1.14', false, sequence(sequence(oid('1.3.6.1.5.5.7.21.1')))),
  })),
  ...unreadable.map(([what, id]) =>
    tied(`${what} that are an integer`, () => ({ more: extension(id, false, integer(1)) })),
  ),
  ...unreadable.map(([what, id]) =>
    intermediate(`${what} that are an integer in the intermediate`, 'chain_invalid', () => ({
      extensions: { more: extension(id, false, integer(1)) },
    })),
  ),
  intermediate("an intermediate with another key identifier than the root's", 'chain_invalid', () => ({
    extensions: { authorityKey: extension('2.5.29.35', false, sequence(tlv(0x80, Buffer.alloc(20, 7)))) },
  })),
  nodeLeaf('no subject beside names that are not critical', 'malformed', () => ({ subject: name([]) })),
  {
    title: 'an issuer without a name',
    code: 'malformed',
    chain: (w) => [w.leaf({ ...w.nodes, subject: name([]) }, nodeId).der, w.nodes.der],
  },
  under('an intermediate without a name', 'malformed', nodeId, (w) => w.intermediate(w.root, name([]))),
  under('an issuer in another string type', 'unknown_authority', nodeId, (w) => ({
    ...w.nodes,
    subject: name([
      ['2.5.4.10', 'PICKET.local', 0x13],
      ['2.5.4.11', 'NODES', 0x13],
    ]),
  })),
  nodeLeaf('a key usage with zeros at its end', 'malformed', () => ({
    extensions: { usage: extension('2.5.29.15', true, bits(Buffer.of(0x80))) },
  })),
  nodeLeaf('a key usage with an octet of zeros at its end', 'malformed', () => ({
    extensions: { usage: extension('2.5.29.15', true, bits(Buffer.of(0x80, 0))) },
  })),
  nodeLeaf('an extension whose value is NULL where a sequence is due', 'malformed', () => ({
    extensions: { purposes: extension('2.5.29.37', false, derNull) },
  })),
];

const rsaRoot = (bitsOfKey: number, publicExponent = 65_537): KeyObject =>
  generateKeyPairSync('rsa', { modulusLength: bitsOfKey, publicExponent }).privateKey;

/** Roots of ours whose own key is not on the list; the chain below is good. */
export const weakRoots: readonly {
  readonly title: string;
  readonly key: () => KeyObject;
  readonly rsa: boolean;
}[] = [
  { title: 'RSA of 1024 bits', key: () => rsaRoot(1_024), rsa: true },
  { title: 'RSA with exponent 3', key: () => rsaRoot(2_048, 3), rsa: true },
  { title: 'EC P-521', key: () => newEcKey('P-521'), rsa: false },
  { title: 'EC secp256k1', key: () => newEcKey('secp256k1'), rsa: false },
];
