/**
 * The ring of the package consistent-hash as a peer: with its defaults, where each node gets random points, and with
 * the two options that make the points a function of the nodes that were added together.
 */
import type { Ring } from '../placement.ts';
import { installed } from './installed.ts';

export type RingOptions = 'defaults' | 'ordered';

export async function loadRing(options: RingOptions): Promise<(members: readonly string[]) => Ring> {
  const name = 'consistent-hash';
  const { default: ConsistentHash } = await installed(name, () => import('consistent-hash'));
  return (members) => {
    const ring =
      options === 'defaults'
        ? new ConsistentHash()
        : new ConsistentHash({ distribution: 'uniform', orderNodes: (nodes) => nodes.sort() });
    for (const member of members) ring.add(member);
    // It gives nodes their points when it is first asked, so it is asked before the members change.
    ring.get(name);
    return {
      ownerOf: (key) => ring.get(key),
      join: (member) => void ring.add(member),
      leave: (member) => void ring.remove(member),
    };
  };
}
