/**
 * What every node answers of itself, whatever its role: declared procedures over what it knows. Between the node and the
 * commands that ask; holds nothing.
 */
import { treeOf } from '../runtime/index.ts';
import type { Member } from './cluster-view.ts';
import { nodeOf } from './fence.ts';
import type { Link } from './link.ts';
import { type LinkView, viewOfLink } from './link-view.ts';
import type { ClusterNode } from './node.ts';
import { recordProcedure } from './record.ts';

export interface Inside {
  links(): Iterable<Link>;
  malformed(): number;
}

export function declareOwn(node: ClusterNode, inside: Inside): void {
  node.declare('members', { access: 'read', run: (): Member[] => node.members.list() });
  node.declare('record', recordProcedure(node.recorder));
  node.declare('tree', { access: 'read', run: () => treeOf(node.system) });
  node.declare('registry', {
    access: 'read',
    run: (query: { tenant?: string; kind?: string } | null) =>
      node.names
        .list(query ?? {})
        .map(({ key, node: holder, metadata }) => ({ ...key, node: holder, metadata })),
  });
  node.declare('links', { access: 'read', run: () => linksOf(node, inside) });
  node.declare('node', {
    access: 'read',
    run: () => ({
      name: node.node,
      boot: node.boot,
      counts: node.system.counts(),
      malformed: inside.malformed(),
    }),
  });
}

function linksOf(node: ClusterNode, inside: Inside): LinkView[] {
  const rtts = new Map(node.members.list().map(({ name, rttMs }) => [name, rttMs]));
  return [...inside.links()].map((link) => {
    const peer = link.peer === null ? null : nodeOf(link.peer.identity);
    return viewOfLink(link, peer === null ? null : (rtts.get(peer.name) ?? null));
  });
}
