/**
 * Which supervised children run on this node: the protocol, `(state, event) -> {state, effects}`. A child belongs to the
 * best placed of the live nodes of its role that take children. Its owner starts it when no other node holds it, asks the
 * others first, and is given it with its state by a node that no longer owns it. The registry settles what two sides
 * started without knowing of each other. The state is changed in place; the same events always give the same effects.
 */
import { answerAsk, askAll, forgetPeers, giveUpRounds, takeAnswer } from './children-claims.ts';
import { ended, handedOver, nameSeen, passOnHanded, startedUp } from './children-life.ts';
import { pumpMoves, pumpStarts, refill, tick } from './children-rates.ts';
import { reconcile } from './children-reconcile.ts';
import { meetAgain, peerLinked, stoodStill } from './children-standstill.ts';
import {
  type ChildrenState,
  createChild,
  dropHanded,
  type MemberSeen,
  placementOf,
  placeOf,
  type StopCause,
  type Want,
} from './children-state.ts';
import { forgetUnmet, hearOf, waitOn } from './children-unmet.ts';
import { joinSettleEndMs } from './limits.ts';

/** `nowMs`: monotonic. */
export type ChildrenEvent = ChildrenHappening & { readonly nowMs: number };

export type ChildrenHappening =
  /** From now on this node takes children of these kinds; it waits `quietMs` after it last heard of a new member first. */
  | { type: 'serve'; kinds: readonly string[]; quietMs: number }
  /** This node goes: it takes nothing more, whatever it is told to `serve`, and hands over all that it has. */
  | { type: 'drain' }
  /** This process did not run for so long that others called it dead (`stoodStillMs`). */
  | { type: 'stood_still'; gapMs: number }
  /** There is a new link to it. Told while this node waits to meet the others. */
  | { type: 'peer_linked'; peer: string }
  /**
   * All members, this node included, after any of them changed. `heardOf`: lives of nodes that others see and this one has not
   * met. Absent: none.
   */
  | { type: 'members'; members: readonly MemberSeen[]; heardOf?: readonly string[] }
  | { type: 'peer_serves'; peer: string; serving: boolean }
  /** What is wanted changed; `holder`: the other node that the registry shows under its name. */
  | { type: 'wants'; changes: readonly WantChange[] }
  /** The registry shows the child's name on that node now, or on none. */
  | { type: 'names'; changes: readonly NameSeen[] }
  /** A peer that owns these children by its view asks whether it may start them, */
  | { type: 'ask'; peer: string; round: number; ids: readonly string[] }
  /** and is told which ones the answerer holds, and which ones by its view others do. */
  | {
      type: 'answer';
      peer: string;
      round: number;
      held: readonly string[];
      elsewhere: readonly HeldElsewhere[];
    }
  /** A peer has ended this child here, for this node to start; `hops`: how often that was passed on. */
  | { type: 'handover'; id: string; version: string; state: unknown; hops: number }
  /** Of children that this node started: */
  | { type: 'started'; ids: readonly string[] }
  | {
      type: 'ended';
      id: string;
      reason: string;
      detail: string | null;
      /** What it handed over when it was stopped to move; else null. */
      state: unknown;
      /** In [0, 1). */
      random: number;
    }
  | { type: 'tick' };

export type ChildrenEffect =
  /** To all nodes: whether this one takes children. */
  | { type: 'tell_serving'; serving: boolean }
  | { type: 'ask'; peers: readonly string[]; round: number; ids: readonly string[] }
  /** Asks for nothing but an answer: that they are there. Who cannot be asked gives none. */
  | { type: 'meet'; peers: readonly string[]; round: number }
  | {
      type: 'answer';
      peer: string;
      round: number;
      held: readonly string[];
      elsewhere: readonly HeldElsewhere[];
    }
  /** `handed`: what the node that had it before handed over, or null. */
  | { type: 'start'; id: string; want: Want; handed: unknown }
  /** `handoff`: ask it for its state first. `ended` follows. */
  | { type: 'stop'; id: string; cause: StopCause; handoff: boolean }
  | { type: 'handover'; peer: string; id: string; version: string; state: unknown; hops: number }
  /** Whoever asked for this version is told why it does not run. */
  | { type: 'report'; id: string; version: string; code: 'child_failed' | 'unknown_kind'; detail: string }
  /** Nothing runs here any more. */
  | { type: 'drained' };

export interface WantChange {
  readonly id: string;
  readonly want: Want | null;
  readonly holder: string | null;
}

export type NameSeen = readonly [id: string, node: string | null];

export type HeldElsewhere = readonly [node: string, ids: readonly string[]];

export interface ChildrenStep {
  readonly state: ChildrenState;
  readonly effects: ChildrenEffect[];
}

export function stepChildren(state: ChildrenState, event: ChildrenEvent): ChildrenStep {
  const effects: ChildrenEffect[] = [];
  const { nowMs } = event;
  refill(state, nowMs);
  switch (event.type) {
    case 'serve':
      serve(state, effects, event.kinds, event.quietMs, nowMs);
      break;
    case 'drain':
      state.draining = true;
      if (state.serving) effects.push({ type: 'tell_serving', serving: false });
      replace(state, effects, nowMs);
      break;
    case 'stood_still':
      stoodStill(state, effects, event.gapMs, nowMs);
      break;
    case 'peer_linked':
      peerLinked(state, effects, event.peer);
      break;
    case 'members':
      hearOf(state, event.heardOf ?? [], nowMs);
      membersSeen(state, effects, event.members, nowMs);
      break;
    case 'peer_serves':
      if (event.serving === state.serves.has(event.peer)) break;
      if (event.serving) state.serves.add(event.peer);
      else state.serves.delete(event.peer);
      replace(state, effects, nowMs);
      break;
    case 'wants':
      for (const change of event.changes) want(state, effects, change, nowMs);
      break;
    case 'names':
      for (const [id, node] of event.changes) nameSeen(state, effects, id, node, nowMs);
      break;
    case 'ask':
      answerAsk(state, effects, event, nowMs);
      break;
    case 'answer':
      takeAnswer(state, event, nowMs);
      break;
    case 'handover':
      handedOver(state, effects, event, nowMs);
      break;
    case 'started':
      for (const id of event.ids) startedUp(state, effects, id, nowMs);
      break;
    case 'ended':
      ended(state, effects, event, nowMs);
      break;
    case 'tick':
      giveUpRounds(state, nowMs);
      meetAgain(state, effects, nowMs);
      tick(state, effects, nowMs);
      break;
  }
  askAll(state, effects, nowMs);
  pumpStarts(state, effects, nowMs);
  pumpMoves(state, effects, nowMs);
  return { state, effects };
}

function serve(
  state: ChildrenState,
  effects: ChildrenEffect[],
  kinds: readonly string[],
  quietMs: number,
  nowMs: number,
): void {
  // It was told to go while it waited for what it needs to serve.
  if (state.draining) return;
  state.serving = true;
  state.kinds = new Set(kinds);
  state.quietMs = quietMs;
  state.quietUntilMs = nowMs + quietMs;
  state.quietEndMs = nowMs + joinSettleEndMs;
  state.begun = quietMs === 0;
  effects.push({ type: 'tell_serving', serving: true });
  replace(state, effects, nowMs);
}

function want(
  state: ChildrenState,
  effects: ChildrenEffect[],
  { id, want: wanted, holder }: WantChange,
  nowMs: number,
): void {
  let child = state.children.get(id);
  if (child === undefined) {
    if (wanted === null) return;
    child = createChild(state, id, wanted, nowMs);
  }
  // Wanted again later it starts afresh.
  if (child.want !== null && child.want.version !== wanted?.version)
    dropHanded(state, id, child.want.version);
  child.want = wanted;
  if (wanted !== null) {
    child.holder = holder;
    child.place = placeOf(wanted);
    child.owner = placementOf(state, wanted.spec.role).ownerOf(child.place);
  }
  reconcile(state, effects, child, nowMs);
}

function membersSeen(
  state: ChildrenState,
  effects: ChildrenEffect[],
  members: readonly MemberSeen[],
  nowMs: number,
): void {
  const before = state.members;
  state.members = new Map(members.map((member) => [member.name, member]));
  const isOver = ({ name, boot, live }: MemberSeen) => {
    const now = state.members.get(name);
    return live && (now?.live !== true || now.boot !== boot);
  };
  const gone = [...before.values()].filter(isOver).map(({ name }) => name);
  // What it said holds for as long as that life of it is there.
  for (const peer of gone) {
    state.serves.delete(peer);
    state.slow.delete(peer);
  }
  forgetPeers(state, gone, nowMs);
  forgetUnmet(state, nowMs);
  replace(state, effects, nowMs);
}

/** Places every child anew if another set of nodes takes children now. */
function replace(state: ChildrenState, effects: ChildrenEffect[], nowMs: number): void {
  const before = new Map([...state.placements].map(([role, { names }]) => [role, names]));
  state.placements.clear();
  for (const role of new Set([...before.keys(), state.role])) placementOf(state, role);
  const changed = [...state.placements].some(([role, { names }]) => before.get(role) !== names);
  if (!changed) return;
  state.membersChangedMs = nowMs;
  if (!state.begun) waitOn(state, nowMs);
  for (const child of [...state.children.values()]) {
    if (child.want === null) continue;
    child.owner = placementOf(state, child.want.spec.role).ownerOf(child.place);
    reconcile(state, effects, child, nowMs);
  }
  passOnHanded(state, effects);
}
