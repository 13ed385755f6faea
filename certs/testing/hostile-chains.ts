/**
 * Hostile chains: the leaf is well made, and something above it is not what it says. For tests only.
 */
import { generateKeyPairSync } from 'node:crypto';
import type { VerdictCode } from '../verdict.ts';
import { derNull, derTrue, extension, integer, name, oid, sequence, time } from './der-writer.ts';
import type { Order } from './forge.ts';
import { alternativeNames, constraints, dayMs, keyUsage, newEcKey, purposes, uri } from './forge.ts';
import type { HostileRow } from './hostile-leaves.ts';
import { under } from './hostile-scopes.ts';
import { nodeId, scopeName, trustDomain, type World } from './world.ts';

/** The intermediate for nodes with something changed. */
const nodes = (title: string, code: VerdictCode, changes: (world: World) => Partial<Order>): HostileRow =>
  under(title, code, nodeId, (w) => w.intermediate(w.root, scopeName('nodes'), changes(w)));

export const hostileIntermediates: readonly HostileRow[] = [
  nodes('an intermediate without pathlen', 'chain_invalid', () => ({
    extensions: { constraints: constraints(true, derTrue) },
  })),
  nodes('an intermediate with pathlen 1', 'chain_invalid', () => ({
    extensions: { constraints: constraints(true, derTrue, integer(1)) },
  })),
  nodes('an intermediate that is no CA', 'chain_invalid', () => ({
    extensions: { constraints: constraints(true) },
  })),
  nodes('an intermediate without basic constraints', 'chain_invalid', () => ({
    extensions: { constraints: null },
  })),
  nodes('an intermediate whose constraints are not critical', 'chain_invalid', () => ({
    extensions: { constraints: constraints(false, derTrue, integer(0)) },
  })),
  nodes('an intermediate without key usage', 'bad_key_usage', () => ({ extensions: { usage: null } })),
  nodes('an intermediate whose key usage is not critical', 'bad_key_usage', () => ({
    extensions: { usage: keyUsage(0x06, false) },
  })),
  nodes('an intermediate that may not sign', 'chain_invalid', () => ({
    extensions: { usage: keyUsage(0x80) },
  })),
  nodes('an intermediate for code signing', 'bad_extended_key_usage', () => ({
    extensions: { purposes: purposes(3) },
  })),
  nodes('an intermediate without a SAN', 'chain_invalid', () => ({ extensions: { names: null } })),
  nodes('an intermediate whose SAN has a path', 'chain_invalid', () => ({
    extensions: { names: alternativeNames(uri(nodeId)) },
  })),
  nodes('an intermediate whose SAN ends with a slash', 'chain_invalid', () => ({
    extensions: { names: alternativeNames(uri(`spiffe://${trustDomain}/`)) },
  })),
  nodes('an intermediate of another trust domain', 'wrong_trust_domain', () => ({
    extensions: { names: alternativeNames(uri('spiffe://other.local')) },
  })),
  nodes('an intermediate with two SANs', 'chain_invalid', () => ({
    extensions: { names: alternativeNames(uri(`spiffe://${trustDomain}`), uri('spiffe://other.local')) },
  })),
  nodes('an intermediate with name constraints', 'chain_invalid', () => ({
    extensions: { limits: extension('2.5.29.30', true, sequence()) },
  })),
  nodes('an intermediate with a critical extension that nobody knows', 'chain_invalid', () => ({
    extensions: { strange: extension('1.3.6.1.4.1.32473.1', true, derNull) },
  })),
  nodes('an intermediate with an extension twice, which is as good as absent', 'chain_invalid', () => ({
    extensions: { more: constraints(true, derTrue, integer(0)) },
  })),
  nodes('an intermediate that ended', 'expired', ({ nowMs }) => ({ notAfter: time(nowMs - 1_000) })),
  nodes('an intermediate that has not begun', 'not_yet_valid', ({ nowMs }) => ({
    notBefore: time(nowMs + dayMs),
  })),
  nodes('an intermediate signed with SHA-1', 'weak_signature', () => ({ form: 'ecdsa-sha1' })),
  {
    title: 'an intermediate with RSA of 1024 bits',
    code: 'weak_key',
    chain: (w) => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
      const authority = w.intermediate(w.root, scopeName('nodes'), { privateKey });
      return [w.leaf(authority, nodeId, { form: 'rsa-sha256' }).der, authority.der];
    },
  },
  {
    title: 'an intermediate of RSA below which a leaf says that ECDSA signed it',
    code: 'chain_invalid',
    chain: (w) => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const authority = w.intermediate(w.root, scopeName('nodes'), { privateKey });
      return [w.leaf(authority, nodeId, { form: 'ecdsa-sha256' }).der, authority.der];
    },
  },
  {
    title: 'a leaf signed with RSA and SHA-1',
    code: 'weak_signature',
    chain: (w) => {
      const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const authority = w.intermediate(w.root, scopeName('nodes'), { privateKey });
      return [w.leaf(authority, nodeId, { form: 'rsa-sha1' }).der, authority.der];
    },
  },
  nodes('an intermediate with serial zero', 'malformed', () => ({ serial: integer(0) })),
  nodes('an intermediate whose signature was changed', 'chain_invalid', () => ({
    spoil: (signature) => {
      signature[signature.length - 1]! ^= 1;
      return signature;
    },
  })),
];

export const hostileChains: readonly HostileRow[] = [
  { title: 'no certificate', code: 'no_certificate', chain: () => [] },
  under("a stranger's authority that bears our names", 'unknown_authority', nodeId, (w) => w.strangerNodes),
  {
    title: "a stranger's whole chain with its root",
    code: 'unknown_authority',
    chain: (w) => [w.leaf(w.strangerNodes, nodeId).der, w.strangerNodes.der, w.strangerRoot.der],
  },
  {
    title: "a stranger's chain with our root beside it",
    code: 'unknown_authority',
    chain: (w) => [w.leaf(w.strangerNodes, nodeId).der, w.strangerNodes.der, w.root.der],
  },
  {
    title: 'a self-signed leaf',
    code: 'unknown_authority',
    chain: (w) => {
      const privateKey = newEcKey();
      const subject = name([['2.5.4.3', 'core_1']]);
      return [w.leaf({ der: new Uint8Array(), subject, privateKey }, nodeId, { subject, privateKey }).der];
    },
  },
  {
    title: 'a leaf of an authority that nobody knows, alone',
    code: 'unknown_authority',
    chain: (w) => [w.leaf(w.rootOf({ subject: name([['2.5.4.3', 'some authority']]) }), nodeId).der],
  },
  {
    title: 'a leaf without its intermediate',
    code: 'chain_invalid',
    chain: (w) => [w.leaf(w.nodes, nodeId).der],
  },
  {
    title: "a leaf with another authority's intermediate",
    code: 'chain_invalid',
    chain: (w) => [w.leaf(w.nodes, nodeId).der, w.operators.der],
  },
  {
    title: "a leaf signed by a stranger's key in our intermediate's name",
    code: 'chain_invalid',
    chain: (w) => [w.leaf({ ...w.nodes, privateKey: newEcKey() }, nodeId).der, w.nodes.der],
  },
  under('a leaf that the root signed itself', 'chain_invalid', nodeId, (w) => w.root),
  {
    title: 'an intermediate that signed an intermediate',
    code: 'chain_invalid',
    chain: (w) => {
      const second = w.intermediate(
        w.nodes,
        name([
          ['2.5.4.10', trustDomain],
          ['2.5.4.11', 'nodes'],
          ['2.5.4.3', '2'],
        ]),
      );
      return [w.leaf(second, nodeId).der, second.der, w.nodes.der];
    },
  },
  {
    title: "a tenant's authority that signed an authority for nodes",
    code: 'chain_invalid',
    chain: (w) => {
      const second = w.intermediate(w.tenant, scopeName('nodes'));
      return [w.leaf(second, nodeId).der, second.der, w.tenant.der];
    },
  },
  {
    title: 'a leaf that signed a leaf',
    code: 'chain_invalid',
    chain: (w) => {
      const signer = w.leaf(w.nodes, nodeId);
      return [w.leaf(signer, `spiffe://${trustDomain}/node/core/core_2`).der, signer.der, w.nodes.der];
    },
  },
  { title: 'an intermediate as the leaf', code: 'leaf_is_ca', chain: (w) => [w.nodes.der, w.root.der] },
  { title: 'the root as the leaf', code: 'leaf_is_ca', chain: (w) => [w.root.der] },
  {
    title: 'more certificates than TLS carries',
    code: 'chain_invalid',
    chain: (w) => [w.leaf(w.nodes, nodeId).der, ...Array.from({ length: 300 }, () => w.nodes.der)],
  },
  {
    title: 'a way of ten authorities',
    code: 'chain_invalid',
    chain: (w) => {
      const way = [w.nodes];
      while (way.length < 10) way.unshift(w.intermediate(way[0]!, scopeName('nodes', String(way.length))));
      return [w.leaf(way[0]!, nodeId).der, ...way.map(({ der }) => der)];
    },
  },
  {
    title: 'a stranger signed by an intermediate with the purposes of a CA',
    code: 'leaf_is_ca',
    chain: (w) => [
      w.leaf(w.nodes, nodeId, {
        extensions: { constraints: constraints(true, derTrue, integer(0)), usage: keyUsage(0x86) },
      }).der,
      w.nodes.der,
    ],
  },
  {
    title: 'a broken certificate beside a good chain',
    code: 'malformed',
    chain: (w) => [w.leaf(w.nodes, nodeId).der, w.nodes.der, sequence(oid('1.2.3'))],
  },
];
