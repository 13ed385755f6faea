/** A node's tree as it is told in parts, put together for a bundle: nested as `picket tree --json` prints it. Pure. */
import type { TreeNode } from '../../runtime/index.ts';

/** Columns of each actor: id, parent, whether it supervises, number of its name, mailbox, handled, busy milliseconds. */
export interface TreePart {
  readonly rows: readonly number[];
  readonly names: readonly string[];
  readonly restarted: readonly number[];
  readonly next: number | null;
}

const columns = 7;

export function treeOfParts(parts: readonly TreePart[]): TreeNode[] {
  const nodes = new Map<number, TreeNode>();
  const parents = new Map<number, number>();
  for (const { rows, names } of parts) {
    for (let at = 0; at + columns <= rows.length; at += columns) {
      const [id, parent, supervises, name, mailbox, handled, busyMs] = rows.slice(
        at,
        at + columns,
      ) as number[];
      const kind = supervises === 1 ? 'supervisor' : 'actor';
      const told = { id: String(id), kind, name: names[name!] ?? '', restarts: 0 } as const;
      nodes.set(id!, { ...told, mailbox: mailbox!, handled: handled!, busyMs: busyMs!, children: [] });
      parents.set(id!, parent!);
    }
  }
  for (const { restarted } of parts) {
    for (let at = 0; at + 1 < restarted.length; at += 2) {
      const node = nodes.get(restarted[at]!);
      if (node !== undefined) node.restarts = restarted[at + 1]!;
    }
  }
  const roots: TreeNode[] = [];
  // A child has a higher id than its parent: what says otherwise would be a circle.
  for (const [id, node] of nodes) {
    const parent = parents.get(id)! < id ? nodes.get(parents.get(id)!) : undefined;
    (parent?.children ?? roots).push(node);
  }
  return roots;
}
