/** Chains that must be taken: every kind of peer, every key that is accepted, every way to send them. For tests only. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readCertificate } from '../certificate.ts';
import { bits, extension, name, oid, sequence, time, tlv } from './der-writer.ts';
import { alternativeNames, dayMs, issuerAndSerial, newEcKey, type Order, uri } from './forge.ts';
import { nodeId, operatorId, tenantA, tenantB, tenantId, type World } from './world.ts';

export const goodLeaves: readonly { title: string; chain: (world: World) => Uint8Array[]; id: string }[] = [
  { title: 'a node', chain: (w) => [w.leaf(w.nodes, nodeId).der, w.nodes.der], id: nodeId },
  {
    title: 'an operator',
    chain: (w) => [w.leaf(w.operators, operatorId).der, w.operators.der],
    id: operatorId,
  },
  {
    title: 'a thing of a tenant',
    chain: (w) => [w.leaf(w.tenant, tenantId).der, w.tenant.der],
    id: tenantId,
  },
  {
    title: 'a thing of another tenant',
    chain: (w) => [w.leaf(w.otherTenant, tenantId.replace(tenantA, tenantB)).der, w.otherTenant.der],
    id: tenantId.replace(tenantA, tenantB),
  },
  { title: 'a node with P-384', ...goodNode(() => ({ privateKey: newEcKey('P-384') })) },
  {
    title: 'a node with Ed25519',
    ...goodNode(() => ({ privateKey: generateKeyPairSync('ed25519').privateKey })),
  },
  { title: 'a node with RSA of 2048 bits', ...goodNode(() => ({ privateKey: rsa(2048) })) },
  { title: 'a node signed with SHA-384', ...goodNode(() => ({ form: 'ecdsa-sha384' })) },
  {
    title: 'a node of exactly 30 days',
    ...goodNode(({ nowMs }) => ({ notAfter: time(nowMs - 60_000 + 30 * dayMs) })),
  },
  { title: 'a node without basic constraints', ...goodNode(() => ({ extensions: { constraints: null } })) },
  {
    title: 'a node with an empty subject and critical names',
    ...goodNode(() => ({
      subject: name([]),
      extensions: { names: extension('2.5.29.17', true, sequence(uri(nodeId))) },
    })),
  },
  { title: 'a node with a compressed point', ...goodNode(() => compressed()) },
  {
    title: 'a node that names its issuer by name and serial too',
    ...goodNode(({ root, nodes }) => ({
      extensions: { authorityKey: issuerAndSerial(root.subject, serialOf(nodes.der)) },
    })),
  },
  {
    title: 'a node with nine certificates beside it that nobody needs',
    chain: (w) => [
      w.leaf(w.nodes, nodeId).der,
      ...Array.from({ length: 9 }, () => w.tenant.der),
      w.nodes.der,
    ],
    id: nodeId,
  },
  {
    title: 'a node with its intermediate a hundred times',
    chain: (w) => [w.leaf(w.nodes, nodeId).der, ...Array.from({ length: 100 }, () => w.nodes.der)],
    id: nodeId,
  },
  {
    title: 'a node with a serial of 20 octets',
    ...goodNode(() => ({ serial: tlv(0x02, Buffer.alloc(20, 0x11)) })),
  },
  {
    title: 'a node with DNS and IP names too',
    ...goodNode(() => ({
      extensions: {
        names: alternativeNames(
          tlv(0x82, Buffer.from('localhost')),
          uri(nodeId),
          tlv(0x87, Buffer.of(127, 0, 0, 1)),
        ),
      },
    })),
  },
  {
    title: 'a node with the root beside it',
    chain: (w) => [w.leaf(w.nodes, nodeId).der, w.nodes.der, w.root.der],
    id: nodeId,
  },
  {
    title: 'a node with its chain out of order',
    chain: (w) => [w.leaf(w.nodes, nodeId).der, w.root.der, w.nodes.der],
    id: nodeId,
  },
  {
    title: 'a node with a stranger beside it',
    chain: (w) => [w.leaf(w.nodes, nodeId).der, w.tenant.der, w.nodes.der],
    id: nodeId,
  },
];

function goodNode(changes: (world: World) => Partial<Order>) {
  return { chain: (w: World) => [w.leaf(w.nodes, nodeId, changes(w)).der, w.nodes.der], id: nodeId };
}

/** The public key as one coordinate and a sign (SEC 1 2.3.3). */
function compressed(): Partial<Order> {
  const privateKey = newEcKey();
  const { x = '', y = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const sign = 2 + (Buffer.from(y, 'base64url').at(-1)! & 1);
  const point = Buffer.concat([Buffer.of(sign), Buffer.from(x, 'base64url')]);
  const algorithm = sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7'));
  return { privateKey, spki: sequence(algorithm, bits(point)) };
}

function serialOf(der: Uint8Array): Buffer {
  const read = readCertificate(der);
  if (!read.ok) throw new Error(read.detail);
  return Buffer.from(read.certificate.serial, 'hex');
}

function rsa(modulusLength: number) {
  return generateKeyPairSync('rsa', { modulusLength }).privateKey;
}
