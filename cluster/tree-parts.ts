/**
 * The actors of a node in parts, for a command on another host: some thousands of rows for each question, by their ids, as
 * columns of numbers. Between the walk over the actors (runtime) and the tree command, which puts the tree together. The node
 * keeps nothing between two questions.
 */
import { type ActorRow, actorRows, type Clock, paced } from '../runtime/index.ts';
import { treePartRows } from './limits.ts';
import type { ClusterNode } from './node.ts';

export interface TreePart {
  /** Of each actor: id, parent, whether it is a supervisor, number of its name, mailbox, handled, busy milliseconds. */
  readonly rows: readonly number[];
  readonly names: readonly string[];
  /** Of supervisors' children that were restarted: id, times. */
  readonly restarted: readonly number[];
  /** Where the next part begins; null: this was the last. */
  readonly next: number | null;
}

const columns = 7;

/** The first `treePartRows` actors whose id is higher than `after`. */
export async function treePart({ system }: Pick<ClusterNode, 'system'>, after: number): Promise<TreePart> {
  const rows: number[] = [];
  const names: string[] = [];
  const numbers = new Map<string, number>();
  const restarted: number[] = [];
  const clock: Clock = system.clock;
  for await (const row of paced(actorRows(system, after), clock)) {
    let name = numbers.get(row.name);
    if (name === undefined) {
      name = names.push(row.name) - 1;
      numbers.set(row.name, name);
    }
    rows.push(
      row.id,
      row.parent,
      row.kind === 'supervisor' ? 1 : 0,
      name,
      row.mailbox,
      row.handled,
      row.busyMs,
    );
    for (const [child, times] of row.restarted) restarted.push(child, times);
    if (rows.length >= treePartRows * columns) return { rows, names, restarted, next: row.id };
  }
  return { rows, names, restarted, next: null };
}

/** All parts of a node's tree, or the first so many, by whatever asks it. What a node tells that is no tree ends it. */
export async function treeRows(
  ask: (after: number) => Promise<TreePart>,
  partsMax = Number.POSITIVE_INFINITY,
): Promise<ActorRow[]> {
  const all: ActorRow[] = [];
  for (let after = 0, parts = 1; ; parts += 1) {
    const part = await ask(after);
    readPart(part, all);
    if (part.next === null || part.next <= after || parts >= partsMax) return all;
    after = part.next;
  }
}

function readPart({ rows, names, restarted }: TreePart, all: ActorRow[]): void {
  const supervised: [number, number][] = [];
  for (let at = 0; at + 1 < restarted.length; at += 2) supervised.push([restarted[at]!, restarted[at + 1]!]);
  for (let at = 0; at + columns <= rows.length; at += columns) {
    const [id, parent, isSupervisor, name, mailbox, handled, busyMs] = rows.slice(at, at + columns) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const kind = isSupervisor === 1 ? 'supervisor' : 'actor';
    // Whose children they are does not matter once all rows are there.
    const told = at === 0 ? supervised : [];
    all.push({ id, parent, kind, name: names[name] ?? '', mailbox, handled, busyMs, restarted: told });
  }
}
