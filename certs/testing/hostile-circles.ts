/** Chains that run in circles, backwards or under borrowed names, with the verdict of each. For tests only. */
import { extension, name, sequence, tlv } from './der-writer.ts';
import { type Forged, keyIdentifier, newEcKey } from './forge.ts';
import type { HostileRow } from './hostile-leaves.ts';
import { nodeId, scopeName, type World } from './world.ts';

export const hostileCircles: readonly HostileRow[] = [
  {
    title: 'two authorities that signed each other',
    code: 'unknown_authority',
    chain: (w) => {
      const [first, second] = crossSigned(w);
      return [w.leaf(first, nodeId).der, first.der, second.der, first.der];
    },
  },
  {
    title: "our root's key in a leaf that signed itself",
    code: 'unknown_authority',
    chain: (w) => {
      const subject = name([['2.5.4.3', 'core_1']]);
      const { privateKey } = w.root;
      return [w.leaf({ ...w.root, subject }, nodeId, { subject, privateKey }).der];
    },
  },
  {
    title: "a leaf with our root's name and key that the root signed",
    code: 'chain_invalid',
    chain: (w) => {
      const { privateKey, subject } = w.root;
      return [w.leaf(w.root, nodeId, { subject, privateKey }).der];
    },
  },
  {
    title: "a self-signed leaf in our root's name",
    code: 'unknown_authority',
    chain: (w) => {
      const privateKey = newEcKey();
      const { subject } = w.root;
      return [w.leaf({ der: new Uint8Array(), subject, privateKey }, nodeId, { subject, privateKey }).der];
    },
  },
  {
    title: 'a leaf that is its own intermediate',
    code: 'unknown_authority',
    chain: (w) => {
      const privateKey = newEcKey();
      const subject = scopeName('nodes');
      const leaf = w.leaf({ der: new Uint8Array(), subject, privateKey }, nodeId, { subject, privateKey });
      return [leaf.der, leaf.der, leaf.der];
    },
  },
  {
    title: 'a chain in reverse',
    code: 'leaf_is_ca',
    chain: (w) => [w.nodes.der, w.leaf(w.nodes, nodeId).der],
  },
  {
    title: 'a chain in reverse with its root',
    code: 'leaf_is_ca',
    chain: (w) => [w.root.der, w.nodes.der, w.leaf(w.nodes, nodeId).der],
  },
  {
    title: "a stranger's root of our root's name beside our intermediate's name",
    code: 'unknown_authority',
    chain: (w) => [
      w.leaf(w.strangerNodes, nodeId).der,
      w.strangerNodes.der,
      w.strangerRoot.der,
      w.nodes.der,
      w.root.der,
    ],
  },
  {
    title: "a stranger's intermediate with the key identifier of our root as its issuer",
    code: 'chain_invalid',
    chain: (w) => {
      const keyId = extension('2.5.29.35', false, sequence(tlv(0x80, keyIdentifier(w.root.privateKey))));
      const forged = w.intermediate(w.strangerRoot, scopeName('nodes'), {
        extensions: { authorityKey: keyId },
      });
      return [w.leaf(forged, nodeId).der, forged.der];
    },
  },
];

function crossSigned(w: World): [Forged, Forged] {
  const [one, two] = [newEcKey(), newEcKey()];
  const names = [name([['2.5.4.3', 'one']]), name([['2.5.4.3', 'two']])] as const;
  const first = w.intermediate({ der: new Uint8Array(), subject: names[1], privateKey: two }, names[0], {
    privateKey: one,
  });
  const second = w.intermediate({ der: new Uint8Array(), subject: names[0], privateKey: one }, names[1], {
    privateKey: two,
  });
  return [first, second];
}
