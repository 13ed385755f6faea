/**
 * The supervisor's state of children as plain data, and back: all that decides, in the state's own orders, without
 * arguments, handed states and what errors said. Between `children-state.ts` and the record's form.
 */
import { Rows } from '../runtime/index.ts';
import type { ChildLife } from './child-life.ts';
import {
  type AskRound,
  type Child,
  type ChildrenState,
  createChildren,
  type MemberSeen,
  type Phase,
  placeOf,
  type StopCause,
} from './children-state.ts';
import { createPlacement } from './placement.ts';
import { type KeptWant, plainWant, restoreWant } from './record-child.ts';

type KeptLife = readonly [restarts: number, putOff: number, ...endedAtMs: number[]];

type KeptChild = readonly [
  id: string,
  want: KeptWant | null,
  owner: string | null,
  phase: Phase,
  sinceMs: number,
  /** The same as what is wanted, or what it was. */
  started: KeptWant | 'want' | null,
  round: number,
  heldBy: string | null,
  holder: string | null,
  stopCause: StopCause | null,
  dueMs: number,
  life: KeptLife | null,
  /** As it was when nothing is wanted any more. */
  place: string | null,
];

type KeptRound = readonly [number: number, waiting: readonly string[], dueMs: number];

const plainFields = [
  ...(['serving', 'draining', 'drained', 'begun', 'quietMs', 'quietUntilMs', 'quietEndMs'] as const),
  ...(['membersChangedMs', 'lastRound', 'starts', 'moves', 'refilledMs'] as const),
];
type PlainFields = Pick<ChildrenState, (typeof plainFields)[number]>;

/** As it was read; what is written has `Rows` in the place of long lists. */
export interface KeptChildren {
  self: string;
  role: string;
  fields: PlainFields;
  /** Absent in records from before there was one. */
  standstill?: { gapMs: number; sinceRound: number; unmet: readonly string[]; askedMs: number } | null;
  kinds: readonly string[];
  members: readonly MemberSeen[];
  serves: readonly string[];
  slow: readonly string[];
  /** Absent when there are none. */
  heardOf?: readonly (readonly [life: string, untilMs: number])[];
  placements: readonly (readonly [role: string, names: string])[];
  children: readonly KeptChild[];
  /** Phase and place among `children`, in the order in which they came into it. */
  phases: readonly (readonly [phase: Phase, child: number])[];
  /** Ids asked for. */
  rounds: readonly KeptRound[];
  asked: readonly (readonly [round: number, id: string])[];
  toMove: readonly number[];
  handed: readonly (readonly [id: string, version: string, hops: number, untilMs: number])[];
}

export function weightOfChildren(state: ChildrenState): number {
  let bytes = 600 + state.members.size * 70 + (state.serves.size + state.slow.size) * 25;
  for (const { ids, waiting } of state.rounds.values()) bytes += 30 + ids.length * 30 + waiting.size * 25;
  bytes += state.children.size * 150 + state.toMove.size * 7 + state.handed.size * 60;
  return bytes;
}

export function snapshotChildren(
  state: ChildrenState,
): Record<Exclude<keyof KeptChildren, 'heardOf'>, unknown> {
  const numbers = new Map<Child, number>();
  for (const child of state.children.values()) numbers.set(child, numbers.size);
  const phases = Object.entries(state.byPhase).flatMap(([phase, children]) =>
    [...children].filter((child) => numbers.has(child)).map((child) => [phase, child] as const),
  );
  const rounds = [...state.rounds.values()];
  return {
    self: state.self,
    role: state.role,
    fields: Object.fromEntries(plainFields.map((field) => [field, state[field]])),
    standstill: state.standstill && { ...state.standstill, unmet: [...state.standstill.unmet] },
    kinds: [...state.kinds],
    members: [...state.members.values()],
    serves: [...state.serves],
    slow: [...state.slow],
    ...(state.heardOf.size > 0 && { heardOf: [...state.heardOf] }),
    placements: Array.from(state.placements, ([role, { names }]) => [role, names]),
    children: new Rows([...state.children.values()], plainChild),
    phases: new Rows(phases, ([phase, child]) => [phase, numbers.get(child)!]),
    rounds: rounds.map(({ number, waiting, dueMs }): KeptRound => [number, [...waiting], dueMs]),
    asked: new Rows(
      rounds.flatMap(({ number, ids }) => ids.map((id) => [number, id] as const)),
      (row) => row,
    ),
    toMove: new Rows([...state.toMove], (child) => numbers.get(child)!),
    handed: new Rows([...state.handed], ([id, { version, hops, untilMs }]) => [id, version, hops, untilMs]),
  };
}

function plainChild(child: Child): KeptChild {
  const { id, want, owner, phase, sinceMs, started, round, heldBy, holder, stopCause, dueMs, life } = child;
  const kept = want && plainWant(want);
  const before = started && plainWant(started);
  const isSame = kept !== null && before !== null && kept.join() === before.join();
  return [
    ...([id, kept, owner, phase, sinceMs, isSame ? 'want' : before, round, heldBy, holder] as const),
    ...([stopCause, dueMs, life && plainLife(life)] as const),
    want !== null && placeOf(want) === child.place ? null : child.place,
  ];
}

function plainLife({ restarts, putOff, endedAtMs }: ChildLife): KeptLife {
  return [restarts, putOff, ...endedAtMs];
}

export function restoreChildren(kept: KeptChildren): ChildrenState {
  const state = createChildren(kept.self, kept.role);
  Object.assign(state, kept.fields);
  if (kept.standstill) state.standstill = { ...kept.standstill, unmet: new Set(kept.standstill.unmet) };
  state.kinds = new Set(kept.kinds);
  state.members = new Map(kept.members.map((member) => [member.name, member]));
  for (const node of kept.serves) state.serves.add(node);
  for (const node of kept.slow) state.slow.add(node);
  for (const [life, untilMs] of kept.heardOf ?? []) state.heardOf.set(life, untilMs);
  for (const [role, names] of kept.placements) {
    const nodes = names === '' ? [] : names.split(' ');
    state.placements.set(role, { names, placement: createPlacement(nodes) });
  }
  const children = kept.children.map(restoreChild);
  for (const child of children) state.children.set(child.id, child);
  for (const [phase, at] of kept.phases) state.byPhase[phase].add(children[at]!);
  // Between two steps there are none unless somebody is to be met.
  state.toAsk = [...state.byPhase.asking].filter(({ round }) => round === 0);
  const asked = new Map<number, string[]>(kept.rounds.map(([number]) => [number, []]));
  for (const [number, id] of kept.asked) asked.get(number)!.push(id);
  for (const [number, waiting, dueMs] of kept.rounds) {
    const round: AskRound = { number, ids: asked.get(number)!, waiting: new Set(waiting), dueMs };
    state.rounds.set(number, round);
  }
  for (const at of kept.toMove) state.toMove.add(children[at]!);
  for (const [id, version, hops, untilMs] of kept.handed)
    state.handed.set(id, { version, state: null, hops, untilMs });
  return state;
}

function restoreChild(row: KeptChild): Child {
  const [id, kept, owner, phase, sinceMs, before, round, heldBy, holder, stopCause, dueMs, life, place] = row;
  const want = kept && restoreWant(id, kept);
  const started = before === 'want' ? want : before && restoreWant(id, before);
  const [restarts = 0, putOff = 0, ...endedAtMs] = life ?? [];
  return {
    ...{ id, want, owner, phase, sinceMs, started, round, heldBy, holder, stopCause, dueMs },
    place: place ?? placeOf(want!),
    life: life && { restarts, putOff, endedAtMs, because: [] },
  };
}
