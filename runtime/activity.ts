/**
 * Which actors are busy now: what each has handled and worked between two walks over all of them. Between the counters that
 * every actor keeps anyway and `top`; counts nothing by itself.
 */
import { cellsSeen, type Sight } from './introspection.ts';
import type { ActorSystem } from './system.ts';

export type ActivityOrder = 'busy' | 'messages' | 'mailbox';

export interface Activity {
  readonly id: number;
  readonly name: string;
  /** Since the walk before. */
  readonly busyMs: number;
  readonly messages: number;
  /** Messages that wait now. */
  readonly mailbox: number;
}

/** Of all actors that were seen. */
export interface ActivityTotals {
  readonly actors: number;
  readonly busyMs: number;
  readonly messages: number;
  readonly mailbox: number;
}

/** What a walk found, in its order. */
export interface ActivityMarks {
  readonly ids: readonly number[];
  readonly handled: readonly number[];
  readonly busyMs: readonly number[];
}

export interface ActivityLook {
  /** The first ones in that order; of actors that are new since the walk before, all that they did. */
  readonly first: readonly Activity[];
  readonly totals: ActivityTotals;
  readonly marks: ActivityMarks;
}

export const noMarks: ActivityMarks = { ids: [], handled: [], busyMs: [] };

/** One step for each actor. Both walks must be of the same sight, which tells its actors in the same order. */
export function* lookAtActivity(
  system: ActorSystem,
  sight: Sight,
  before: ActivityMarks,
  order: ActivityOrder,
  firstMax: number,
): Generator<undefined, ActivityLook> {
  const marks = { ids: [] as number[], handled: [] as number[], busyMs: [] as number[] };
  const totals = { actors: 0, busyMs: 0, messages: 0, mailbox: 0 };
  const first: Activity[] = [];
  let at = 0;
  for (const cell of cellsSeen(system, sight)) {
    yield undefined;
    if (cell === undefined) continue;
    const { id } = cell.ref;
    // Those before it that are gone, or are no longer seen, are passed.
    while (at < before.ids.length && before.ids[at] !== id && !isSeen(system, sight, before.ids[at]!))
      at += 1;
    const known = before.ids[at] === id ? at : -1;
    if (known >= 0) at += 1;
    const one = {
      id,
      name: cell.ties?.registeredName ?? cell.definition.name,
      busyMs: cell.busyMs - (known < 0 ? 0 : before.busyMs[known]!),
      messages: cell.handled - (known < 0 ? 0 : before.handled[known]!),
      mailbox: cell.waiting,
    };
    marks.ids.push(id);
    marks.handled.push(cell.handled);
    marks.busyMs.push(cell.busyMs);
    totals.actors += 1;
    totals.busyMs += one.busyMs;
    totals.messages += one.messages;
    totals.mailbox += one.mailbox;
    keepFirst(first, one, order, firstMax);
  }
  return { first, totals, marks };
}

function isSeen(system: ActorSystem, sight: Sight, id: number): boolean {
  return system.cells.get(id) !== undefined && sight.sees(id);
}

function keepFirst(first: Activity[], one: Activity, order: ActivityOrder, firstMax: number): void {
  const last = first[firstMax - 1];
  if (rank(one, order) <= 0 || (last !== undefined && rank(one, order) <= rank(last, order))) return;
  let at = first.length;
  while (at > 0 && rank(first[at - 1]!, order) < rank(one, order)) at -= 1;
  first.splice(at, 0, one);
  if (first.length > firstMax) first.pop();
}

function rank(one: Activity, order: ActivityOrder): number {
  if (order === 'busy') return one.busyMs;
  return order === 'messages' ? one.messages : one.mailbox;
}
