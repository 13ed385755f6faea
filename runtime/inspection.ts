/**
 * One actor, seen closely: its queues, its work, and what it is tied to. Shapes and counts, never the contents of a message
 * or a state. The tree of all actors is introspection.ts.
 */
import type { Cell } from './cell.ts';
import { allActors, type Sight } from './introspection.ts';
import { crashShapeCharactersMax, inspectedPassedMax, inspectedRefsMax } from './limits.ts';
import type { Ref } from './ref.ts';
import { type RefText, sketch } from './sketch.ts';
import type { ActorSystem } from './system.ts';

export interface ActorInspection {
  readonly id: string;
  readonly name: string;
  readonly registeredName: string | null;
  /** `starting`: `init` has not ended; `waiting`: an async handler has not settled. */
  readonly status: 'starting' | 'idle' | 'ready' | 'waiting' | 'stopping';
  /** Messages that wait, by lane. */
  readonly mailbox: { readonly system: number; readonly user: number };
  /** User messages that it holds at most. */
  readonly mailboxMax: number;
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

/**
 * Null when no such actor lives here, or it is not seen. `id` is the one that the tree shows. Whoever is tied to it and not seen
 * is left out.
 */
export function inspectActor(
  system: ActorSystem,
  id: string,
  sight: Sight = allActors,
): ActorInspection | null {
  const cell = system.cells.get(Number(id));
  if (cell === undefined || !sight.sees(cell.ref.id)) return null;
  return {
    id: String(cell.ref.id),
    name: cell.definition.name,
    registeredName: cell.ties?.registeredName ?? null,
    status: statusOf(cell),
    mailbox: { system: cell.waiting - cell.waitingUser, user: cell.waitingUser },
    mailboxMax: cell.behaviour.messagesMax,
    handled: cell.handled,
    busyMs: Math.round(cell.busyMs * 10) / 10,
    restarts: restartsOf(system, cell),
    parents: parentsOf(system, cell, sight),
    trapExit: cell.trapExit,
    links: shown(system, sight, cell.ties?.links?.values()),
    monitors: shown(system, sight, cell.ties?.monitors?.values()),
    monitoredBy: shown(system, sight, watchersOf(cell)),
    timers: cell.ties?.timers?.size ?? 0,
    owed: cell.ties?.owed?.size ?? 0,
    state: sketch(cell.context.state, crashShapeCharactersMax, refTextFor(system, sight)),
  };
}

/** The state of an actor that lives here and is seen; null otherwise. */
export function stateOf(system: ActorSystem, id: number, sight: Sight): { readonly state: unknown } | null {
  const cell = system.cells.get(id);
  return cell === undefined || !sight.sees(id) ? null : { state: cell.context.state };
}

/** How refs are shown to somebody: those of actors that they do not see, without an address. */
export function refTextFor(system: ActorSystem, sight: Sight): RefText {
  return (ref) => (isSeen(system, sight, ref) ? `ref ${ref}` : 'ref');
}

/** Actors of other nodes are seen by those alone who see everything. */
export function isSeen(system: ActorSystem, sight: Sight, ref: Ref): boolean {
  return sight.ids === null || (system.isLocal(ref) && ref.boot === system.boot && sight.sees(ref.id));
}

function statusOf(cell: Cell): ActorInspection['status'] {
  if (cell.stopping) return 'stopping';
  if (!cell.started) return 'starting';
  if (cell.busy !== null) return 'waiting';
  return cell.waiting > 0 ? 'ready' : 'idle';
}

function restartsOf(system: ActorSystem, cell: Cell): number {
  const children = (cell.parent === null ? null : system.find(cell.parent))?.ties?.children?.();
  for (const child of children ?? []) if (child.ref?.id === cell.ref.id) return child.restarts;
  return 0;
}

function parentsOf(system: ActorSystem, cell: Cell, sight: Sight): { id: string; name: string }[] {
  const parents: { id: string; name: string }[] = [];
  let at = cell.parent === null ? null : system.find(cell.parent);
  while (at !== null && parents.length < inspectedRefsMax) {
    if (sight.sees(at.ref.id)) parents.push({ id: String(at.ref.id), name: at.definition.name });
    at = at.parent === null ? null : system.find(at.parent);
  }
  return parents;
}

function* watchersOf(cell: Cell): Generator<Ref> {
  for (const { watcher } of cell.ties?.watchers?.values() ?? []) yield watcher;
}

function shown(system: ActorSystem, sight: Sight, refs: Iterable<Ref> = []): string[] {
  const texts: string[] = [];
  let passed = 0;
  for (const ref of refs) {
    passed += 1;
    if (texts.length === inspectedRefsMax || passed > inspectedPassedMax) break;
    if (isSeen(system, sight, ref)) texts.push(ref.toString());
  }
  return texts;
}
