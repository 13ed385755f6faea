/**
 * One actor, seen closely: its queues, its work, and what it is tied to. Shapes and counts, never the contents of a message
 * or a state. The tree of all actors is introspection.ts.
 */
import type { Cell } from './cell.ts';
import { crashShapeCharactersMax, inspectedRefsMax } from './limits.ts';
import type { Ref } from './ref.ts';
import { shapeOf } from './shape.ts';
import type { ChildInfo } from './supervisor.ts';
import type { ActorSystem } from './system.ts';

export interface ActorInspection {
  readonly id: string;
  readonly name: string;
  readonly registeredName: string | null;
  /** `starting`: `init` has not ended; `waiting`: an async handler has not settled. */
  readonly status: 'starting' | 'idle' | 'ready' | 'waiting' | 'stopping';
  /** Messages that wait, by lane. */
  readonly mailbox: { readonly system: number; readonly user: number };
  readonly handled: number;
  /** Time in its handlers, without what they awaited. */
  readonly busyMs: number;
  /** By its supervisor; 0 for an actor without one. */
  readonly restarts: number;
  /** From its own starter upwards; those that have ended are left out. */
  readonly parents: readonly { readonly id: string; readonly name: string }[];
  readonly trapExit: boolean;
  /** At most `inspectedRefsMax` of each. */
  readonly links: readonly string[];
  /** Whom it monitors, and who monitors it. */
  readonly monitors: readonly string[];
  readonly monitoredBy: readonly string[];
  readonly timers: number;
  /** Calls that it has yet to answer (`replyLater`). */
  readonly owed: number;
  readonly state: string;
}

/** Null when no such actor lives here. `id` is the one that the tree shows. */
export function inspectActor(system: ActorSystem, id: string): ActorInspection | null {
  const cell = system.cells.get(Number(id));
  if (cell === undefined) return null;
  return {
    id: String(cell.ref.id),
    name: cell.definition.name,
    registeredName: cell.ties?.registeredName ?? null,
    status: statusOf(cell),
    mailbox: { system: cell.mailbox.length - cell.mailbox.userLength, user: cell.mailbox.userLength },
    handled: cell.handled,
    busyMs: Math.round(cell.busyMs * 10) / 10,
    restarts: restartsOf(system, cell),
    parents: parentsOf(system, cell),
    trapExit: cell.trapExit,
    links: shown(cell.ties?.links?.values()),
    monitors: shown(cell.ties?.monitors?.values()),
    monitoredBy: shown([...(cell.ties?.watchers?.values() ?? [])].map(({ watcher }) => watcher)),
    timers: cell.ties?.timers?.size ?? 0,
    owed: cell.ties?.owed?.size ?? 0,
    state: shapeOf(cell.context.state, crashShapeCharactersMax),
  };
}

function statusOf(cell: Cell): ActorInspection['status'] {
  if (cell.stopping) return 'stopping';
  if (!cell.started) return 'starting';
  if (cell.busy !== null) return 'waiting';
  return cell.mailbox.length > 0 ? 'ready' : 'idle';
}

function restartsOf(system: ActorSystem, cell: Cell): number {
  const children = (cell.parent === null ? null : system.find(cell.parent))?.ties?.about?.();
  if (!Array.isArray(children)) return 0;
  return (children as ChildInfo[]).find((child) => child.ref?.id === cell.ref.id)?.restarts ?? 0;
}

function parentsOf(system: ActorSystem, cell: Cell): { id: string; name: string }[] {
  const parents: { id: string; name: string }[] = [];
  let at = cell.parent === null ? null : system.find(cell.parent);
  while (at !== null) {
    parents.push({ id: String(at.ref.id), name: at.definition.name });
    at = at.parent === null ? null : system.find(at.parent);
  }
  return parents;
}

function shown(refs: Iterable<Ref> = []): string[] {
  const texts: string[] = [];
  for (const ref of refs) {
    if (texts.length === inspectedRefsMax) break;
    texts.push(ref.toString());
  }
  return texts;
}
