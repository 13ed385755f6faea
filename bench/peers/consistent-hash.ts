/**
 * The ring of the package consistent-hash as a peer. `defaults`: each node gets random points. `ordered`: its two options
 * that make points a function of the nodes that were added together. `rebuilt`: so too, and made anew at every change.
 */
import type { BuildRing } from '../placement.ts';
import { installed } from './installed.ts';

export type RingManner = 'defaults' | 'ordered' | 'rebuilt';

const name = 'consistent-hash';

export async function loadRing(manner: RingManner): Promise<BuildRing> {
  const { default: ConsistentHash } = await installed(name, () => import('consistent-hash'));
  const ringOf = (members: readonly string[]) => {
    const ring =
      manner === 'defaults'
        ? new ConsistentHash()
        : new ConsistentHash({ distribution: 'uniform', orderNodes: (nodes) => nodes.sort() });
    for (const member of members) ring.add(member);
    // It gives nodes their points when it is first asked, so it is asked before the members change.
    ring.get(name);
    return ring;
  };
  return (first) => {
    let [members, ring] = [first, ringOf(first)];
    const change = (next: readonly string[], tell: () => void) => {
      members = next;
      if (manner === 'rebuilt') ring = ringOf(next);
      else tell();
    };
    return {
      ownerOf: (key) => ring.get(key),
      join: (member) => change([...members, member], () => ring.add(member)),
      leave: (member) =>
        change(
          members.filter((one) => one !== member),
          () => ring.remove(member),
        ),
    };
  };
}
