/** Extensions that change what a path means, or that stand where they may not, with the verdict of each. For tests only. */
import type { VerdictCode } from '../verdict.ts';
import {
  bits,
  boolean,
  derNull,
  derTrue,
  extension,
  integer,
  octets,
  oid,
  sequence,
  tlv,
} from './der-writer.ts';
import { constraints, keyUsage, type Order, uri } from './forge.ts';
import { type HostileRow, nodeLeaf } from './hostile-leaves.ts';
import { nodeId, scopeName } from './world.ts';

const critical = (title: string, id: string, value: Buffer): HostileRow =>
  nodeLeaf(title, 'chain_invalid', () => ({ extensions: { more: extension(id, true, value) } }));
const intermediate = (title: string, code: VerdictCode, changes: Partial<Order>): HostileRow => ({
  title,
  code,
  chain: (w) => {
    const authority = w.intermediate(w.root, scopeName('nodes'), changes);
    return [w.leaf(authority, nodeId).der, authority.der];
  },
});

const policyConstraints = sequence(tlv(0x80, Buffer.of(0)));
const policies = sequence(sequence(oid('1.3.6.1.4.1.32473.2')));

export const hostileExtensions: readonly HostileRow[] = [
  critical('critical policy constraints on a leaf', '2.5.29.36', policyConstraints),
  critical('critical certificate policies on a leaf', '2.5.29.32', policies),
  critical('a critical inhibitAnyPolicy on a leaf', '2.5.29.54', integer(0)),
  critical('critical distribution points on a leaf', '2.5.29.31', sequence()),
  critical('a critical subject key identifier', '2.5.29.14', octets(Buffer.alloc(20, 1))),
  critical('a critical OCSP must-staple', '1.3.6.1.5.5.7.1.24', sequence(integer(5))),
  nodeLeaf('name constraints on a leaf, not critical', 'chain_invalid', () => ({
    extensions: {
      more: extension('2.5.29.30', false, sequence(tlv(0xa0, sequence(tlv(0x86, Buffer.from('x')))))),
    },
  })),
  intermediate('critical policy constraints on an intermediate', 'chain_invalid', {
    extensions: { more: extension('2.5.29.36', true, policyConstraints) },
  }),
  intermediate('critical policy mappings on an intermediate', 'chain_invalid', {
    extensions: {
      more: extension(
        '2.5.29.33',
        true,
        sequence(sequence(oid('1.3.6.1.4.1.32473.2'), oid('1.3.6.1.4.1.32473.3'))),
      ),
    },
  }),
  intermediate('a negative pathlen', 'chain_invalid', {
    extensions: { constraints: constraints(true, derTrue, integer(0xff)) },
  }),
  intermediate('a pathlen of 2^31', 'chain_invalid', {
    extensions: { constraints: constraints(true, derTrue, integer(0, 0x80, 0, 0, 0)) },
  }),
  intermediate('an intermediate with two basic constraints', 'chain_invalid', {
    extensions: { more: constraints(true, derTrue) },
  }),
  intermediate('an intermediate that may be used for servers only', 'bad_extended_key_usage', {
    extensions: { purposes: extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1'))) },
  }),
  nodeLeaf('two key usages', 'malformed', () => ({ extensions: { more: keyUsage(0x86) } })),
  nodeLeaf('a key usage of three octets', 'malformed', () => ({
    extensions: { usage: extension('2.5.29.15', true, bits(Buffer.of(0x80, 0, 1))) },
  })),
  nodeLeaf('a key usage that is an octet string', 'malformed', () => ({
    extensions: { usage: extension('2.5.29.15', true, octets(Buffer.of(0x80))) },
  })),
  nodeLeaf('a key usage with unused bits set', 'malformed', () => ({
    extensions: { usage: extension('2.5.29.15', true, bits(Buffer.of(0x81), 7)) },
  })),
  nodeLeaf('an empty extended key usage', 'malformed', () => ({
    extensions: { purposes: extension('2.5.29.37', false, sequence()) },
  })),
  nodeLeaf('any purpose beside codeSigning', 'bad_extended_key_usage', () => ({
    extensions: {
      purposes: extension('2.5.29.37', false, sequence(oid('2.5.29.37.0'), oid('1.3.6.1.5.5.7.3.3'))),
    },
  })),
  nodeLeaf('an extension without a value', 'malformed', () => ({
    extensions: { more: sequence(oid('1.2.3.4')) },
  })),
  nodeLeaf('a critical flag that is an integer', 'malformed', () => ({
    extensions: { usage: sequence(oid('2.5.29.15'), integer(1), octets(bits(Buffer.of(0x80), 7))) },
  })),
  nodeLeaf('forty extensions', 'malformed', () => ({
    extensions: Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`x${i}`, extension(`1.3.6.1.4.1.32473.9.${i}`, false, derNull)]),
    ),
  })),
  nodeLeaf('rights in a right that is none', 'malformed', () => ({
    extensions: {
      more: extension('1.3.6.1.4.1.32473.7451.1', false, sequence(tlv(0x0c, Buffer.from('A B')))),
    },
  })),
];

/** DER that is right in itself and wrong where it stands. */
export const hostileTypes: readonly HostileRow[] = [
  nodeLeaf('basic constraints that are a boolean', 'malformed', () => ({
    extensions: { constraints: extension('2.5.29.19', true, boolean(0xff)) },
  })),
  nodeLeaf('basic constraints with CA written out as false', 'malformed', () => ({
    extensions: { constraints: constraints(true, boolean(0)) },
  })),
  nodeLeaf('a SAN that is a SET', 'malformed', () => ({
    extensions: { names: extension('2.5.29.17', false, tlv(0x31, uri(nodeId))) },
  })),
  nodeLeaf('a SAN whose value is a BIT STRING', 'malformed', () => ({
    extensions: { names: sequence(oid('2.5.29.17'), bits(sequence(uri(nodeId)))) },
  })),
  nodeLeaf('an authority key identifier that is an integer', 'malformed', () => ({
    extensions: { more: extension('2.5.29.35', false, integer(1)) },
  })),
];
