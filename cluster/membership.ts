/**
 * Who is there, as one node sees it: this file is the protocol of membership, `(state, event) -> {state, effects}`. The
 * links report what they hear, the shell's tick brings the time, and every decision says why. Two numbers: `boot` is one
 * life of a process; `incarnation` is raised by a living node to refute a suspicion. The state is changed in place; the
 * same events always give the same state and effects. Splits (who is on which side) are read off it by `split.ts`.
 */
import { nodesMax } from './limits.ts';
import { dialFailed, tick } from './membership-deadlines.ts';
import { type LinkLost, linkDown, linkUp } from './membership-links.ts';
import {
  lifeOf,
  type MembershipEffect,
  type MembershipState,
  note,
  notQuietMs,
  type PeerIdentity,
  setStatus,
} from './membership-peer.ts';
import type { ViewEntry } from './membership-view.ts';

/** All instants: monotonic milliseconds of this node. */
export type MembershipEvent =
  | { type: 'tick'; nowMs: number }
  /** A link to this peer is ready (its certificate was judged and hellos were exchanged). */
  | { type: 'link_up'; peer: PeerIdentity; nowMs: number }
  /** The only link to that life of the peer ended. Not for a duplicate that was closed. */
  | ({ type: 'link_down' } & LinkLost)
  | {
      type: 'heartbeat';
      name: string;
      boot: number;
      incarnation: number;
      nowMs: number;
      rttMs: number | null;
    }
  /** It said that it goes. */
  | { type: 'peer_leaving'; name: string; boot: number; nowMs: number }
  /**
   * `refused`: nothing listens at the address. Any other code says nothing about the process; `timeout` and `unreachable`
   * say that not even its host answers.
   */
  | { type: 'dial_failed'; name: string; code: string; nowMs: number }
  /** The view of a peer, under way for `lateMs` at most. Absent: 0. */
  | { type: 'gossip'; from: string; entries: readonly ViewEntry[]; lateMs?: number; nowMs: number }
  /** `by` heard from that life of the node `ageMs` ago, the time that its answer was under way included. */
  | { type: 'indirect_alive'; name: string; boot: number; by: string; ageMs: number; nowMs: number }
  /** This node itself did not run for `gapMs`: it cannot tell who was silent meanwhile, so it accuses nobody for it. */
  | { type: 'paused'; gapMs: number; nowMs: number };

export interface MembershipStep {
  readonly state: MembershipState;
  readonly effects: MembershipEffect[];
}

export function createMembership(self: PeerIdentity): MembershipState {
  return {
    self,
    incarnation: 0,
    peers: new Map(),
    candidates: new Map(),
    heardOf: 0,
    viewHash: null,
    quietUntilMs: notQuietMs,
  };
}

export function stepMembership(state: MembershipState, event: MembershipEvent): MembershipStep {
  const effects: MembershipEffect[] = [];
  switch (event.type) {
    case 'tick':
      tick(state, effects, event.nowMs);
      break;
    case 'link_up':
      linkUp(state, effects, event.peer, event.nowMs);
      break;
    case 'link_down':
      linkDown(state, effects, event);
      break;
    case 'heartbeat':
      heartbeat(state, effects, event);
      break;
    case 'peer_leaving':
      leaving(state, effects, event.name, event.boot, 'it said that it is leaving', event.nowMs);
      break;
    case 'dial_failed': {
      const peer = state.peers.get(event.name);
      if (peer !== undefined) dialFailed(state, effects, peer, event.code, event.nowMs);
      break;
    }
    case 'gossip':
      if (isTrusted(state, event.from)) {
        const saidMs = event.nowMs - (event.lateMs ?? 0);
        for (const entry of event.entries) hear(state, effects, event.from, entry, saidMs, event.nowMs);
      }
      break;
    case 'indirect_alive':
      if (isTrusted(state, event.by)) heardThrough(state, event.name, event.boot, event.nowMs - event.ageMs);
      break;
    case 'paused':
      paused(state, event.gapMs, event.nowMs);
      break;
  }
  // Every change of a status and of our own incarnation has an effect.
  if (effects.length > 0) state.viewHash = null;
  if (effects.length > 0 || (event.type !== 'heartbeat' && event.type !== 'tick'))
    state.quietUntilMs = notQuietMs;
  return { state, effects };
}

/** The last decisions about a node, oldest first. */
export function explainMember(state: MembershipState, name: string): readonly string[] {
  if (name === state.self.name) return ['this node'];
  return state.peers.get(name)?.history ?? [];
}

/** Fenced peers do not vote, and nobody votes who is not linked here. */
function isTrusted(state: MembershipState, name: string): boolean {
  const peer = state.peers.get(name);
  return peer?.linked === true && peer.identity.tenant === null;
}

function heartbeat(
  state: MembershipState,
  effects: MembershipEffect[],
  beat: Extract<MembershipEvent, { type: 'heartbeat' }>,
): void {
  const peer = lifeOf(state, beat.name, beat.boot);
  if (peer === null || !peer.linked) return;
  const silentMs = beat.nowMs - peer.directMs;
  peer.directMs = beat.nowMs;
  peer.excusedMs = 0;
  if (beat.incarnation > peer.incarnation) {
    peer.incarnation = beat.incarnation;
    state.viewHash = null;
  }
  if (beat.rttMs !== null) peer.rttMs = beat.rttMs;
  if (peer.status !== 'suspect') return;
  peer.probeRound = 0;
  setStatus(effects, peer, 'up', 'suspect', `a heartbeat came after ${Math.round(silentMs)} ms`, beat.nowMs);
}

function leaving(
  state: MembershipState,
  effects: MembershipEffect[],
  name: string,
  boot: number,
  because: string,
  nowMs: number,
): void {
  const peer = lifeOf(state, name, boot);
  if (peer === null || peer.status === 'left') return;
  peer.dialDueMs = null;
  peer.dialAnswerDueMs = null;
  setStatus(effects, peer, 'left', peer.status, because, nowMs);
}

/** One line of a peer's view. */
function hear(
  state: MembershipState,
  effects: MembershipEffect[],
  from: string,
  entry: ViewEntry,
  saidMs: number,
  nowMs: number,
): void {
  const { name, boot, status } = entry;
  if (name === state.self.name) {
    hearOfSelf(state, effects, entry);
    return;
  }
  const peer = state.peers.get(name);
  const alive = status === 'up' || status === 'suspect';
  if (peer === undefined || boot > peer.identity.boot) {
    // A life that is news here: dialled, and believed once it is linked.
    if (alive) meet(state, entry, nowMs);
  } else if (boot === peer.identity.boot) {
    if (alive) heardThrough(state, name, boot, saidMs - entry.ageMs);
    else if (status === 'left' && !peer.linked) {
      leaving(state, effects, name, boot, `${from} says that it left`, nowMs);
    }
  }
}

function hearOfSelf(state: MembershipState, effects: MembershipEffect[], entry: ViewEntry): void {
  if (entry.boot > state.self.boot) effects.push({ type: 'own_boot_superseded', boot: entry.boot });
  if (entry.boot !== state.self.boot || entry.status === 'up' || entry.incarnation < state.incarnation)
    return;
  state.incarnation = entry.incarnation + 1;
  effects.push({ type: 'refute', incarnation: state.incarnation });
}

function meet(state: MembershipState, entry: ViewEntry, nowMs: number): void {
  const known = state.candidates.get(entry.name);
  if (known !== undefined && known.boot === entry.boot && known.address === entry.address) {
    known.heardMs = nowMs;
  } else if (known !== undefined || state.candidates.size < nodesMax) {
    const { boot, address } = entry;
    state.heardOf += 1;
    state.candidates.set(entry.name, { boot, address, heardMs: nowMs, dialDueMs: nowMs, dialAttempts: 0 });
  }
}

/** A sign of life that another node had. It never makes a node `up` here (only a link does), but keeps it from `down`. */
function heardThrough(state: MembershipState, name: string, boot: number, signMs: number): void {
  const peer = lifeOf(state, name, boot);
  if (peer === null || signMs <= peer.indirectMs) return;
  peer.indirectMs = signMs;
}

function paused(state: MembershipState, gapMs: number, nowMs: number): void {
  const shifted = (instant: number) => Math.min(nowMs, instant + gapMs);
  for (const peer of state.peers.values()) {
    peer.excusedMs += shifted(peer.directMs) - peer.directMs;
    peer.directMs = shifted(peer.directMs);
    peer.indirectMs = shifted(peer.indirectMs);
    peer.linkClosedMs = shifted(peer.linkClosedMs);
    // A refusal before and one after a pause are not two in a row.
    peer.firstRefusedMs = null;
    if (peer.dialAnswerDueMs !== null) peer.dialAnswerDueMs += gapMs;
    if (peer.status === 'suspect')
      note(peer, `suspect: this node itself did not run for ${Math.round(gapMs)} ms, deadlines moved`);
  }
}
