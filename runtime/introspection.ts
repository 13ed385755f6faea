/**
 * What a running system tells of its actors: rows of the tree in the order of their ids, and the tree itself. Walks of small
 * steps (paced.ts), since a node may have a hundred thousand actors; the numbers are those that the shell, the tree command and
 * the metrics all read. Whoever may see only some actors walks over those alone.
 */
import type { Cell } from './cell.ts';
import type { Step } from './paced.ts';
import type { ActorSystem } from './system.ts';

/** Which actors somebody sees. What is not seen is not there for them: not named, not counted, no parent. */
export interface Sight {
  /** Null: all of them. */
  readonly ids: (() => Iterable<number>) | null;
  sees(id: number): boolean;
}

export const allActors: Sight = { ids: null, sees: () => true };

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

/** An actor with the id of its parent (0: it has none that lives) and, of a supervisor, its children that were restarted. */
export interface ActorRow {
  readonly id: number;
  readonly parent: number;
  readonly kind: TreeNode['kind'];
  readonly name: string;
  readonly mailbox: number;
  readonly handled: number;
  readonly busyMs: number;
  readonly restarted: readonly (readonly [child: number, restarts: number])[];
}

/** The cells that somebody sees; a step for each that they do not. */
export function* cellsSeen(system: ActorSystem, sight: Sight, after = 0): Generator<Step<Cell>> {
  if (sight.ids === null) {
    // Who starts actors faster than they are passed is not followed for ever.
    const last = system.lastNumber;
    for (const cell of system.cells.after(after)) {
      if (cell.ref.id > last) return;
      yield cell;
    }
    return;
  }
  for (const id of sight.ids()) yield id > after ? system.cells.get(id) : undefined;
}

/** Rows of the actors whose id is higher, in rising order. */
export function* actorRows(system: ActorSystem, after: number): Generator<Step<ActorRow>> {
  for (const cell of cellsSeen(system, allActors, after)) {
    if (cell === undefined) continue;
    const restarted: [number, number][] = [];
    for (const child of cell.ties?.children?.() ?? []) {
      if (child.restarts > 0 && child.ref !== null) restarted.push([child.ref.id, child.restarts]);
      yield undefined;
    }
    yield rowOf(system, cell, restarted);
  }
}

/** The rows as a tree. A row whose parent is not among them is a root. */
export function nestRows(rows: readonly ActorRow[]): TreeNode[] {
  const nodes = new Map<number, TreeNode>();
  for (const { id, kind, name, mailbox, handled, busyMs } of rows)
    nodes.set(id, { id: String(id), kind, name, restarts: 0, mailbox, handled, busyMs, children: [] });
  const roots: TreeNode[] = [];
  for (const { id, parent, restarted } of rows) {
    const node = nodes.get(id)!;
    // An actor is younger than its parent: no circle comes of what a stranger tells.
    const siblings = parent < id ? nodes.get(parent)?.children : undefined;
    (siblings ?? roots).push(node);
    for (const [child, restarts] of restarted) {
      const restartedNode = nodes.get(child);
      if (restartedNode !== undefined) restartedNode.restarts = restarts;
    }
  }
  return roots;
}

/** All at once: for tests and small systems. */
export function treeOf(system: ActorSystem): TreeNode[] {
  const rows: ActorRow[] = [];
  for (const row of actorRows(system, 0)) if (row !== undefined) rows.push(row);
  return nestRows(rows);
}

export interface TreeLine {
  readonly depth: number;
  readonly row: ActorRow;
  readonly restarts: number;
}

/** The tree from the top, as it is drawn: first who belongs to whom is learnt, then each actor is told as it is by then. */
export function* treeLines(system: ActorSystem, sight: Sight): Generator<Step<TreeLine>> {
  const roots: number[] = [];
  const children = new Map<number, number[]>();
  const restarts = new Map<number, number>();
  for (const cell of cellsSeen(system, sight)) {
    yield undefined;
    if (cell === undefined) continue;
    const parent = parentOf(system, cell);
    const siblings = children.get(parent);
    if (parent === 0 || !sight.sees(parent)) roots.push(cell.ref.id);
    else if (siblings === undefined) children.set(parent, [cell.ref.id]);
    else siblings.push(cell.ref.id);
    for (const child of cell.ties?.children?.() ?? []) {
      if (child.restarts > 0 && child.ref !== null) restarts.set(child.ref.id, child.restarts);
      yield undefined;
    }
  }
  const open = [{ ids: roots, at: 0 }];
  for (;;) {
    const level = open.at(-1);
    if (level === undefined) return;
    const id = level.ids[level.at];
    level.at += 1;
    if (id === undefined) {
      open.pop();
      continue;
    }
    const cell = system.cells.get(id);
    const below = children.get(id);
    yield cell && { depth: open.length - 1, row: rowOf(system, cell, []), restarts: restarts.get(id) ?? 0 };
    if (below !== undefined) open.push({ ids: below, at: 0 });
  }
}

function rowOf(system: ActorSystem, cell: Cell, restarted: ActorRow['restarted']): ActorRow {
  return {
    id: cell.ref.id,
    parent: parentOf(system, cell),
    kind: cell.ties?.children ? 'supervisor' : 'actor',
    name: cell.ties?.registeredName ?? cell.definition.name,
    mailbox: cell.waiting,
    handled: cell.handled,
    busyMs: Math.round(cell.busyMs * 10) / 10,
    restarted,
  };
}

function parentOf(system: ActorSystem, { parent }: Cell): number {
  return parent === null || system.find(parent) === null ? 0 : parent.id;
}
