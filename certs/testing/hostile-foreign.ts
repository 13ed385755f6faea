/**
 * Peers of the authorities beside ours, good and hostile, with the verdict that each must get under the test world's
 * policy, offline and on a link. For tests only.
 */
import type { VerdictCode } from '../verdict.ts';
import { derTrue, extension, integer, name, sequence, time, tlv } from './der-writer.ts';
import {
  type ForeignWorld,
  olderCommonName,
  olderDomain,
  olderId,
  spireCore,
  spireDomain,
  spirePoller,
} from './foreign-world.ts';
import { alternativeNames, constraints, dayMs, keyUsage, newEcKey, purposes, uri } from './forge.ts';
import { nodeId, operatorId, tenantA, tenantId, trustDomain, type World } from './world.ts';

export interface ForeignRow {
  readonly title: string;
  readonly code: VerdictCode | 'ok';
  /** Of a good one: what it is taken for. */
  readonly identity?: unknown;
  readonly chain: (world: World, foreign: ForeignWorld) => Uint8Array[];
}

const poller = { kind: 'node', trustDomain: spireDomain, role: 'poller', name: 'poller_9' };
const older = (title: string, code: VerdictCode, id: string, commonName = olderCommonName): ForeignRow => ({
  title,
  code,
  chain: (_w, f) => [f.older(f.olderAuthority, id, commonName).der],
});
const svid = (title: string, code: VerdictCode, id: string): ForeignRow => ({
  title,
  code,
  chain: (_w, f) => [f.svid(f.root, id).der],
});

export const goodForeign: readonly ForeignRow[] = [
  {
    title: 'a node that SPIRE signed with its own root',
    code: 'ok',
    identity: poller,
    chain: (_w, f) => [f.svid(f.root, spirePoller).der],
  },
  {
    title: 'the same with the root beside it',
    code: 'ok',
    identity: poller,
    chain: (_w, f) => [f.svid(f.root, spirePoller).der, f.root.der],
  },
  {
    title: 'a node of a chain of four under an upstream root',
    code: 'ok',
    identity: poller,
    chain: (_w, f) => [f.svid(f.spire, spirePoller).der, f.spire.der, f.middle.der],
  },
  {
    title: 'a node that the policy names by its whole id',
    code: 'ok',
    identity: { kind: 'node', trustDomain: spireDomain, role: 'core', name: 'core_7' },
    chain: (_w, f) => [f.svid(f.root, spireCore).der],
  },
  {
    title: 'a node that the shorter of two prefixes names',
    code: 'ok',
    identity: { kind: 'node', trustDomain: spireDomain, role: 'agent', name: 'agent_1' },
    chain: (_w, f) => [f.svid(f.root, `spiffe://${spireDomain}/picket/agent_1`).der],
  },
  {
    title: 'an older agent under the authority imported for its tenant',
    code: 'ok',
    identity: {
      kind: 'tenant',
      trustDomain: olderDomain,
      tenantId: tenantA,
      role: 'agent',
      id: 'edge-7',
      partition: 'east',
    },
    chain: (_w, f) => [f.older(f.olderAuthority).der, f.olderAuthority.der],
  },
  {
    title: 'a node of ours, whatever else the policy names',
    code: 'ok',
    identity: { kind: 'node', trustDomain, role: 'core', name: 'core_1' },
    chain: (w) => [w.leaf(w.nodes, nodeId).der, w.nodes.der],
  },
];

export const hostileForeign: readonly ForeignRow[] = [
  svid("SPIRE's root for a node of ours by our own id", 'wrong_trust_domain', nodeId),
  svid("SPIRE's root for a tenant of ours", 'wrong_trust_domain', tenantId),
  svid("SPIRE's root for an operator of ours", 'wrong_trust_domain', operatorId),
  svid("our path in SPIRE's trust domain", 'issuer_not_role', `spiffe://${spireDomain}/node/core/core_1`),
  svid(
    "a tenant's path in SPIRE's trust domain",
    'issuer_not_role',
    `spiffe://${spireDomain}/tenant/${tenantA}/agent/x`,
  ),
  svid('an id that the policy does not name', 'issuer_not_role', `spiffe://${spireDomain}/ns/prod/sa/web`),
  svid('an id that only begins as a named one', 'issuer_not_role', `${spireCore}2`),
  svid('a whole id with a segment more', 'issuer_not_role', `${spireCore}/x`),
  svid('two segments below a prefix', 'issuer_not_role', `${spirePoller}/x`),
  svid(
    'a name below a prefix that no node can have',
    'issuer_not_role',
    `spiffe://${spireDomain}/picket/poller/Poller_9`,
  ),
  svid('the prefix itself', 'bad_spiffe_id', `spiffe://${spireDomain}/picket/poller/`),
  svid('a percent-encoded name below a prefix', 'bad_spiffe_id', `spiffe://${spireDomain}/picket/poller/%70`),
  svid("SPIRE's trust domain in upper case", 'bad_spiffe_id', 'spiffe://Example.org/picket/poller/poller_9'),
  svid('a third trust domain', 'wrong_trust_domain', 'spiffe://example.com/picket/poller/poller_9'),
  {
    title: 'a foreign chain of five',
    code: 'chain_invalid',
    chain: (_w, f) => {
      const more = f.authority(f.spire, name([['2.5.4.3', 'more']]));
      return [f.svid(more, spirePoller).der, more.der, f.spire.der, f.middle.der];
    },
  },
  {
    title: 'a foreign intermediate deeper than its issuer allows',
    code: 'chain_invalid',
    chain: (_w, f) => {
      const flat = f.authority(f.upstream, name([['2.5.4.3', 'flat']]), {
        extensions: { constraints: constraints(true, derTrue, integer(0)) },
      });
      const below = f.authority(flat, name([['2.5.4.3', 'below']]));
      return [f.svid(below, spirePoller).der, below.der, flat.der];
    },
  },
  {
    title: 'a foreign leaf that signed a leaf',
    code: 'unknown_authority',
    chain: (_w, f) => {
      const signer = f.svid(f.root, spireCore);
      return [f.svid(signer, spirePoller).der, signer.der];
    },
  },
  {
    title: "a stranger's root that bears SPIRE's name",
    code: 'unknown_authority',
    chain: (_w, f) => {
      const stranger = f.authority(null, f.root.subject);
      return [f.svid(stranger, spirePoller).der, stranger.der];
    },
  },
  {
    title: "a stranger's key under SPIRE's name and key identifier",
    code: 'chain_invalid',
    chain: (_w, f) => {
      const keyId = f.svid(f.root, spirePoller, { issuer: { ...f.root, privateKey: newEcKey() } });
      return [keyId.der];
    },
  },
  {
    title: 'a foreign intermediate of another trust domain',
    code: 'wrong_trust_domain',
    chain: (_w, f) => {
      const other = f.authority(f.upstream, name([['2.5.4.3', 'other']]), {
        extensions: { names: alternativeNames(uri('spiffe://other.org')) },
      });
      return [f.svid(other, spirePoller).der, other.der];
    },
  },
  {
    title: 'a foreign intermediate with name constraints',
    code: 'chain_invalid',
    chain: (_w, f) => {
      const bound = f.authority(f.upstream, name([['2.5.4.3', 'bound']]), {
        extensions: {
          bounds: extension('2.5.29.30', true, sequence(tlv(0xa0, sequence(tlv(0x86, Buffer.from('x')))))),
        },
      });
      return [f.svid(bound, spirePoller).der, bound.der];
    },
  },
  {
    title: 'a foreign intermediate without key usage',
    code: 'bad_key_usage',
    chain: (_w, f) => {
      const mute = f.authority(f.upstream, name([['2.5.4.3', 'mute']]), { extensions: { usage: null } });
      return [f.svid(mute, spirePoller).der, mute.der];
    },
  },
  ...(
    [
      [
        '31 days of a foreign leaf',
        'lifetime_too_long',
        (nowMs: number) => ({ notAfter: time(nowMs + 31 * dayMs) }),
      ],
      ['a foreign leaf that ended', 'expired', (nowMs: number) => ({ notAfter: time(nowMs - 1_000) })],
      [
        'a foreign leaf that is a CA',
        'leaf_is_ca',
        () => ({ extensions: { constraints: constraints(true, derTrue) } }),
      ],
      ['a foreign leaf that may sign', 'bad_key_usage', () => ({ extensions: { usage: keyUsage(0x84) } })],
      [
        'a foreign leaf for servers only',
        'bad_extended_key_usage',
        () => ({ extensions: { purposes: purposes(1) } }),
      ],
      ['a foreign leaf signed with SHA-1', 'weak_signature', () => ({ form: 'ecdsa-sha1' as const })],
      ['a foreign leaf of secp256k1', 'weak_key', () => ({ privateKey: newEcKey('secp256k1') })],
      [
        'a foreign leaf with two ids',
        'two_uri_sans',
        () => ({ extensions: { names: alternativeNames(uri(spirePoller), uri(spireCore)) } }),
      ],
    ] as const
  ).map(
    ([title, code, changes]): ForeignRow => ({
      title,
      code,
      chain: (w, f) => [f.svid(f.root, spirePoller, changes(w.nowMs)).der],
    }),
  ),
  {
    title: "our root under SPIRE's id",
    code: 'wrong_trust_domain',
    chain: (w) => [w.leaf(w.nodes, spirePoller).der, w.nodes.der],
  },
];

export const hostileOlder: readonly ForeignRow[] = [
  older(
    'an older agent of another tenant',
    'issuer_not_tenant',
    olderId.replace('acme', 'other'),
    'edge-7.east.other.serviceradar',
  ),
  older(
    'an older agent of a tenant whose slug is cut short',
    'issuer_not_tenant',
    olderId.replace('acme', 'acm'),
    'edge-7.east.acm.serviceradar',
  ),
  older(
    'an older agent of a tenant whose slug goes on',
    'issuer_not_tenant',
    olderId.replace('acme', 'acmes'),
    'edge-7.east.acmes.serviceradar',
  ),
  older(
    'an older agent of a slug in upper case',
    'issuer_not_tenant',
    olderId.replace('acme', 'ACME'),
    'edge-7.east.ACME.serviceradar',
  ),
  older(
    'an older agent with the id of another in its common name',
    'bad_spiffe_id',
    olderId,
    'edge-8.east.acme.serviceradar',
  ),
  older(
    'an older agent with another partition in its common name',
    'bad_spiffe_id',
    olderId,
    'edge-7.west.acme.serviceradar',
  ),
  older('an older agent whose common name goes on', 'bad_spiffe_id', olderId, `${olderCommonName}.example`),
  older('an older agent whose common name has a NUL', 'bad_spiffe_id', olderId, `${olderCommonName}\0`),
  older(
    'an older agent whose common name is in upper case',
    'bad_spiffe_id',
    olderId,
    olderCommonName.toUpperCase(),
  ),
  older('an older agent without a common name of use', 'bad_spiffe_id', olderId, ''),
  older('an older shape with a segment too few', 'bad_spiffe_id', olderId.replace('/east', '')),
  older('an older shape with a segment more', 'bad_spiffe_id', `${olderId}/x`),
  older('a node of ours from an imported authority', 'wrong_trust_domain', nodeId),
  older(
    'a node in the trust domain of an imported authority',
    'bad_spiffe_id',
    `spiffe://${olderDomain}/node/core/core_1`,
  ),
  older(
    'a type that is one of our own words',
    'bad_spiffe_id',
    `spiffe://${olderDomain}/node/acme/east/core_1`,
    'core_1.east.acme.serviceradar',
  ),
  older(
    'an operator in the trust domain of an imported authority',
    'bad_spiffe_id',
    `spiffe://${olderDomain}/operator/admin`,
  ),
  older(
    'a tenant in our newer shape from an imported authority',
    'bad_spiffe_id',
    `spiffe://${olderDomain}/tenant/${tenantA}/agent/x`,
  ),
  older(
    'an older agent of another trust domain',
    'wrong_trust_domain',
    olderId.replace(olderDomain, 'other.local'),
  ),
  {
    title: 'two common names, one of them right',
    code: 'bad_spiffe_id',
    chain: (_w, f) => {
      const subject = name([
        ['2.5.4.3', olderCommonName],
        ['2.5.4.3', 'x'],
      ]);
      return [f.older(f.olderAuthority, olderId, '', { subject }).der];
    },
  },
  {
    title: 'a common name in a BMPString',
    code: 'bad_spiffe_id',
    chain: (_w, f) => {
      const wide = Buffer.from(olderCommonName, 'utf16le').swap16().toString('latin1');
      return [f.older(f.olderAuthority, olderId, '', { subject: name([['2.5.4.3', wide, 0x1e]]) }).der];
    },
  },
  {
    title: "an older agent under another tenant's imported authority",
    code: 'issuer_not_tenant',
    chain: (_w, f) => [f.older(f.otherOlderAuthority).der],
  },
  {
    title: 'an older agent under our own authority of that tenant',
    code: 'wrong_trust_domain',
    chain: (w, f) => [f.older(w.tenant).der, w.tenant.der],
  },
  {
    title: 'the older shape in our trust domain under our own authority of that tenant',
    code: 'bad_spiffe_id',
    chain: (w, f) => [f.older(w.tenant, olderId.replace(olderDomain, trustDomain)).der, w.tenant.der],
  },
  {
    title: 'the older shape under our authority for nodes',
    code: 'bad_spiffe_id',
    chain: (w, f) => [f.older(w.nodes, olderId.replace(olderDomain, trustDomain)).der, w.nodes.der],
  },
  {
    title: "the older shape under SPIRE's root",
    code: 'wrong_trust_domain',
    chain: (_w, f) => [f.older(f.root).der],
  },
  {
    title: 'an older agent with an authority between',
    code: 'chain_invalid',
    chain: (_w, f) => {
      const between = f.authority(f.olderAuthority, name([['2.5.4.3', 'between']]), {
        extensions: { names: null },
      });
      return [f.older(between).der, between.der];
    },
  },
  {
    title: 'an older agent of 31 days',
    code: 'lifetime_too_long',
    chain: (w, f) => [
      f.older(f.olderAuthority, olderId, olderCommonName, { notAfter: time(w.nowMs + 31 * dayMs) }).der,
    ],
  },
  {
    title: 'a mere stranger under an authority that nobody imported',
    code: 'unknown_authority',
    chain: (_w, f) => {
      const stranger = f.authority(null, f.olderAuthority.subject, { extensions: { names: null } });
      return [f.older(stranger).der, stranger.der];
    },
  },
];
