/**
 * The procedures that every node declares by itself: what it sees of the cluster, and what it is made of. Between the
 * operators' commands and the parts of the node; each reads and changes nothing.
 */
import { declareChildren } from './children-procedures.ts';
import type { Member } from './cluster-view.ts';
import { type LinkView, viewOfLink } from './link-view.ts';
import type { Mesh } from './mesh.ts';
import type { ClusterNode } from './node.ts';
import { recordProcedure } from './record.ts';
import type { RemoteRouter } from './router.ts';
import { treePart } from './tree-parts.ts';

export function declareOwn(node: ClusterNode, mesh: Mesh, router: RemoteRouter): void {
  const { members, names, system } = node;
  const read = (name: string, run: (argument: never) => unknown) =>
    node.declare(name, { access: 'read', run });
  read('members', (): Member[] => members.list());
  read('links', () => linksOf(node, mesh));
  const part = (asked: { after: number } | null) => treePart(node, asked?.after ?? 0);
  // Whoever asks for the tree as a whole gets its first part.
  for (const name of ['tree_part', 'tree']) read(name, part);
  read('registry', (query: { tenant?: string; kind?: string } | null) =>
    names.list(query ?? {}).map(({ key, node: at, metadata }) => ({ ...key, node: at, metadata })),
  );
  declareChildren(node);
  read('node', () => ({
    name: node.node,
    boot: node.boot,
    counts: system.counts(),
    malformed: router.malformed,
  }));
  // Changes nothing: whoever may change things may also see what is in them.
  node.declare('look_values', { access: 'write', run: () => true });
  node.declare('record', recordProcedure(node.recorder));
}

function linksOf({ members }: ClusterNode, mesh: Mesh): LinkView[] {
  const rtts = new Map(members.list().map(({ name, rttMs }) => [name, rttMs]));
  return [...mesh.allLinks()].map((link) => {
    const node = link.peer?.node ?? null;
    return viewOfLink(link, node === null ? null : (rtts.get(node.name) ?? null));
  });
}
