/**
 * What one node knows of all supervised children: who owns which, and what has become of its own. Between the protocol
 * (children.ts), the claims and the moves. Everything in it is data; all orders are those in which things came.
 */
import { type ChildLife, createLife } from './child-life.ts';
import { type ChildSpec, keyOfChild, placementText } from './child-spec.ts';
import type { Standstill } from './children-unmet.ts';
import { createPlacement, type Placement } from './placement.ts';

/** A child that is to run, and which version of it. */
export interface Want {
  readonly spec: ChildSpec;
  readonly version: string;
  readonly source: 'dynamic' | 'row';
}

/**
 * `elsewhere`: another node's, nobody's, or not wanted. `asking`: the others are asked whether they hold it. `held`: another
 * does. `queued`: it may start, at the rate of starts. `failed`: put off until `dueMs`. `unknown_kind`: nobody taught this
 * node its kind.
 */
export type Phase =
  | 'elsewhere'
  | 'asking'
  | 'held'
  | 'queued'
  | 'starting'
  | 'running'
  | 'stopping'
  | 'failed'
  | 'unknown_kind';

export type StopCause = 'removed' | 'replaced' | 'moved' | 'conflict' | 'hung' | 'paused';

export interface Child {
  readonly id: string;
  want: Want | null;
  /** By the text that places it. */
  place: string;
  /** As this node sees it; null: no node of the role takes children. */
  owner: string | null;
  phase: Phase;
  sinceMs: number;
  /** What is or was started here. */
  started: Want | null;
  /** The round in which it is asked for. */
  round: number;
  heldBy: string | null;
  /** The other node that the registry shows under its name. */
  holder: string | null;
  stopCause: StopCause | null;
  dueMs: number;
  /** Made when something happens to it that is worth telling. */
  life: ChildLife | null;
}

export interface MemberSeen {
  readonly name: string;
  readonly role: string;
  /** One life of its process. */
  readonly boot: number;
  /** Up, or only suspected. */
  readonly live: boolean;
  /** Not live by its certificate alone: nobody knows that it is gone. Absent: no. */
  readonly distrusted?: true;
}

export interface AskRound {
  readonly number: number;
  readonly ids: readonly string[];
  readonly waiting: Set<string>;
  readonly dueMs: number;
}

export interface Handed {
  readonly version: string;
  readonly state: unknown;
  /** How often it was passed on. */
  readonly hops: number;
  readonly untilMs: number;
}

export interface ChildrenState {
  readonly self: string;
  readonly role: string;
  serving: boolean;
  draining: boolean;
  drained: boolean;
  /** False while this node is new, or stood still, and may not know of all the others yet. */
  begun: boolean;
  quietMs: number;
  quietUntilMs: number;
  /** It begins then, whoever still comes. */
  quietEndMs: number;
  /** It stood still, and waits to meet the others anew before it begins again. */
  standstill: Standstill | null;
  kinds: ReadonlySet<string>;
  members: Map<string, MemberSeen>;
  /** Other nodes that said that they take children. */
  readonly serves: Set<string>;
  /** Other nodes that did not answer in time when they were last asked: they are asked, and not waited for. */
  readonly slow: Set<string>;
  /** Lives of nodes that others told of and that are not linked yet: until when they are waited for. */
  readonly heardOf: Map<string, number>;
  /** Which node owns what, by role. */
  readonly placements: Map<string, { readonly names: string; readonly placement: Placement }>;
  membersChangedMs: number;
  readonly children: Map<string, Child>;
  readonly byPhase: Readonly<Record<Phase, Set<Child>>>;
  /** Asked for at the end of this step, or when those that were heard of are met. */
  toAsk: Child[];
  readonly rounds: Map<number, AskRound>;
  lastRound: number;
  /** Children that run here and belong elsewhere. */
  readonly toMove: Set<Child>;
  /** States that were handed over to this node, for children that have not started yet. */
  readonly handed: Map<string, Handed>;
  starts: number;
  moves: number;
  refilledMs: number;
}

export function createChildren(self: string, role: string): ChildrenState {
  return {
    self,
    role,
    serving: false,
    draining: false,
    drained: false,
    begun: false,
    quietMs: 0,
    quietUntilMs: 0,
    quietEndMs: 0,
    standstill: null,
    kinds: new Set(),
    members: new Map(),
    serves: new Set(),
    slow: new Set(),
    heardOf: new Map(),
    placements: new Map(),
    membersChangedMs: 0,
    children: new Map(),
    byPhase: {
      elsewhere: new Set(),
      asking: new Set(),
      held: new Set(),
      queued: new Set(),
      starting: new Set(),
      running: new Set(),
      stopping: new Set(),
      failed: new Set(),
      unknown_kind: new Set(),
    },
    toAsk: [],
    rounds: new Map(),
    lastRound: 0,
    toMove: new Set(),
    handed: new Map(),
    starts: 0,
    moves: 0,
    refilledMs: 0,
  };
}

export function createChild(state: ChildrenState, id: string, want: Want, nowMs: number): Child {
  const child: Child = {
    id,
    want,
    place: placeOf(want),
    owner: null,
    phase: 'elsewhere',
    sinceMs: nowMs,
    started: null,
    round: 0,
    heldBy: null,
    holder: null,
    stopCause: null,
    dueMs: 0,
    life: null,
  };
  state.children.set(id, child);
  return child;
}

export function placeOf({ spec }: Want): string {
  return placementText(keyOfChild(spec));
}

export function setPhase(state: ChildrenState, child: Child, phase: Phase, nowMs: number): void {
  if (child.phase !== 'elsewhere') state.byPhase[child.phase].delete(child);
  child.phase = phase;
  child.sinceMs = nowMs;
  if (phase !== 'elsewhere') state.byPhase[phase].add(child);
}

export function lifeOf(child: Child): ChildLife {
  child.life ??= createLife();
  return child.life;
}

/** Of that version alone: what was handed over for another may be that of a row which this node has yet to read. */
export function dropHanded(state: ChildrenState, id: string, version: string): void {
  if (state.handed.get(id)?.version === version) state.handed.delete(id);
}

/** Whether this node is known to be there no more. Of one that nobody has spoken of yet that is not known. */
export function isGone(state: ChildrenState, node: string): boolean {
  return state.members.get(node)?.live === false;
}

export function isEligible(state: ChildrenState, name: string, live: boolean): boolean {
  if (name === state.self) return state.serving && !state.draining;
  return live && state.serves.has(name);
}

/** Nodes that may hold a child of this node's role. */
export function peersOfRole(state: ChildrenState): string[] {
  const peers: string[] = [];
  for (const { name, role, live } of state.members.values()) {
    if (live && role === state.role && name !== state.self) peers.push(name);
  }
  return peers;
}

export function placementOf(state: ChildrenState, role: string): Placement {
  let known = state.placements.get(role);
  if (known === undefined) {
    const names = [...state.members.values()]
      .filter((member) => member.role === role && isEligible(state, member.name, member.live))
      .map(({ name }) => name);
    known = { names: names.sort().join(' '), placement: createPlacement(names) };
    state.placements.set(role, known);
  }
  return known.placement;
}

export function isWantedHere(state: ChildrenState, child: Child): boolean {
  return child.want !== null && child.owner === state.self;
}
