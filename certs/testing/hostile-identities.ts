/** Identities hidden in other places and other spellings, with the verdict of each. For tests only. */
import type { VerdictCode } from '../verdict.ts';
import { name, oid, sequence, tlv } from './der-writer.ts';
import { alternativeNames, uri } from './forge.ts';
import { type HostileRow, nodeLeaf } from './hostile-leaves.ts';
import { nodeId, operatorId, tenantId, trustDomain } from './world.ts';

const withNames = (title: string, code: VerdictCode, ...names: Buffer[]): HostileRow =>
  nodeLeaf(title, code, () => ({ extensions: { names: alternativeNames(...names) } }));
export const hostileIdentities: readonly HostileRow[] = [
  withNames('an IP address alone', 'no_spiffe_id', tlv(0x87, Buffer.of(127, 0, 0, 1))),
  withNames('the id as an e-mail address', 'no_spiffe_id', tlv(0x81, Buffer.from(nodeId))),
  withNames('the id as a registered id', 'no_spiffe_id', tlv(0x88, Buffer.from(nodeId))),
  withNames(
    'the id as an other name',
    'no_spiffe_id',
    tlv(0xa0, oid('1.2.3'), tlv(0xa0, tlv(0x0c, Buffer.from(nodeId)))),
  ),
  withNames('the id in a directory name', 'no_spiffe_id', tlv(0xa4, name([['2.5.4.3', nodeId]]))),
  withNames('a name of a type that is none', 'malformed', uri(nodeId), tlv(0x89, Buffer.from('x'))),
  withNames(
    'two ids with a DNS name between',
    'two_uri_sans',
    uri(nodeId),
    tlv(0x82, Buffer.from('a')),
    uri(operatorId),
  ),
  withNames('a node and a tenant', 'two_uri_sans', uri(nodeId), uri(tenantId)),
  withNames(
    'sixty-five names',
    'malformed',
    uri(nodeId),
    ...Array.from({ length: 64 }, () => tlv(0x82, Buffer.from('a'))),
  ),
  withNames('an id in UTF-16', 'bad_spiffe_id', uri(Buffer.from(nodeId, 'utf16le'))),
  withNames('an id behind a byte order mark', 'bad_spiffe_id', uri(`\ufeff${nodeId}`)),
  withNames(
    'an id with a soft hyphen',
    'bad_spiffe_id',
    uri(`spiffe://${trustDomain}/node/core/core\u00ad_1`),
  ),
  withNames(
    'an id with a full-width letter',
    'bad_spiffe_id',
    uri(`spiffe://${trustDomain}/node/core/\uff43ore_1`),
  ),
  withNames('an id with a text direction mark', 'bad_spiffe_id', uri(`${nodeId}\u202e`)),
  withNames(
    'an overlong UTF-8 slash',
    'bad_spiffe_id',
    uri(Buffer.from(`spiffe://${trustDomain}/node\xc0\xafcore/core_1`, 'latin1')),
  ),
  withNames('a tab in the id', 'bad_spiffe_id', uri(`spiffe://${trustDomain}/node/core/co\tre_1`)),
  withNames('a DEL in the id', 'bad_spiffe_id', uri(`${nodeId}\x7f`)),
  withNames('a comma and another id in one name', 'bad_spiffe_id', uri(`${nodeId},${operatorId}`)),
  withNames(
    'a trust domain with an IDN label',
    'wrong_trust_domain',
    uri('spiffe://xn--picket-9uf.local/node/core/core_1'),
  ),
  withNames(
    'a dot before the trust domain',
    'wrong_trust_domain',
    uri(`spiffe://.${trustDomain}/node/core/core_1`),
  ),
  withNames('an IPv6 trust domain', 'bad_spiffe_id', uri('spiffe://[::1]/node/core/core_1')),
  withNames(
    'three slashes before the path',
    'bad_spiffe_id',
    uri(`spiffe://${trustDomain}///node/core/core_1`),
  ),
  withNames('matrix parameters', 'bad_spiffe_id', uri(`${nodeId};v=1`)),
  withNames('a node name that ends in a dot and a NUL', 'bad_spiffe_id', uri(`${nodeId}.\0`)),
  withNames('an operator without a name', 'bad_spiffe_id', uri(`spiffe://${trustDomain}/operator`)),
  withNames(
    'an operator of 64 characters',
    'bad_spiffe_id',
    uri(`spiffe://${trustDomain}/operator/${'a'.repeat(64)}`),
  ),
  withNames(
    'an older shape without an imported authority',
    'bad_spiffe_id',
    uri(`spiffe://${trustDomain}/agent/acme/east/edge-7`),
  ),
  nodeLeaf('two common names and no id', 'no_spiffe_id', () => ({
    subject: name([
      ['2.5.4.3', 'core_1'],
      ['2.5.4.3', nodeId],
    ]),
    extensions: { names: null },
  })),
  nodeLeaf('a subject with an empty set', 'malformed', () => ({ subject: sequence(tlv(0x31)) })),
  nodeLeaf('a subject whose attribute is no pair', 'malformed', () => ({
    subject: sequence(tlv(0x31, sequence(oid('2.5.4.3')))),
  })),
  nodeLeaf('a subject of forty attributes', 'malformed', () => ({
    subject: name(Array.from({ length: 40 }, () => ['2.5.4.11', 'x'] as const)),
  })),
];
