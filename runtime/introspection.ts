/**
 * What a running system tells of itself: the numbers that the shell, the tree command and the metrics all read.
 */
import type { Cell } from './cell.ts';
import type { ChildInfo } from './supervisor.ts';
import type { ActorSystem } from './system.ts';

/** One actor in the supervision tree. `kind` is `supervisor` or `actor`. */
export interface TreeNode {
  id: string;
  kind: 'supervisor' | 'actor';
  name: string;
  restarts: number;
  /** Messages that wait. */
  mailbox: number;
  handled: number;
  busyMs: number;
  children: TreeNode[];
}

/** The actors without a living parent, each with those that it started. */
export function treeOf(system: ActorSystem): TreeNode[] {
  const byParent = new Map<number, Cell[]>();
  const roots: Cell[] = [];
  for (const cell of system.cells.values()) {
    if (cell.parent === null || system.find(cell.parent) === null) roots.push(cell);
    else {
      const siblings = byParent.get(cell.parent.id);
      if (siblings === undefined) byParent.set(cell.parent.id, [cell]);
      else siblings.push(cell);
    }
  }
  return roots.map((cell) => nodeOf(cell, 0, byParent, new Set()));
}

function nodeOf(cell: Cell, restarts: number, byParent: Map<number, Cell[]>, seen: Set<Cell>): TreeNode {
  seen.add(cell);
  const supervised = cell.ties?.about?.();
  const infos = Array.isArray(supervised) ? (supervised as ChildInfo[]) : null;
  const restartsOf = new Map(infos?.map((info) => [info.ref?.id, info.restarts]));
  const children = (byParent.get(cell.ref.id) ?? []).filter((child) => !seen.has(child));
  return {
    id: String(cell.ref.id),
    kind: infos === null ? 'actor' : 'supervisor',
    name: cell.ties?.registeredName ?? cell.definition.name,
    restarts,
    mailbox: cell.mailbox.length,
    handled: cell.handled,
    busyMs: Math.round(cell.busyMs * 10) / 10,
    children: children.map((child) => nodeOf(child, restartsOf.get(child.ref.id) ?? 0, byParent, seen)),
  };
}
