/**
 * Who is there, as one node sees it: this file is the protocol of membership, `(state, event) -> {state, effects}`. The
 * links report what they hear, the shell's tick brings the time, and every decision says why. Two numbers: `boot` is one
 * life of a process; `incarnation` is raised by a living node to refute a suspicion. The state is changed in place; the
 * same events always give the same state and effects. Splits (who is on which side) are read off it by `split.ts`.
 */
import { nodesMax } from './limits.ts';
import { dialFailed, tick } from './membership-deadlines.ts';
import {
  type CloseCode,
  createPeer,
  dial,
  type MembershipEffect,
  type MembershipState,
  note,
  type Peer,
  type PeerIdentity,
  probe,
  setStatus,
} from './membership-peer.ts';
import type { ViewEntry } from './membership-view.ts';

/** All instants: monotonic milliseconds of this node. */
export type MembershipEvent =
  | { type: 'tick'; nowMs: number }
  /** A link to this peer is ready (its certificate was judged and hellos were exchanged). */
  | { type: 'link_up'; peer: PeerIdentity; nowMs: number }
  /** The only link to that life of the peer ended. Not for a duplicate that was closed. */
  | { type: 'link_down'; name: string; boot: number; reason: string; nowMs: number }
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
  /** The view of a peer. */
  | { type: 'gossip'; from: string; entries: readonly ViewEntry[]; nowMs: number }
  /** `by` heard from that life of the node `ageMs` before it answered. */
  | { type: 'indirect_alive'; name: string; boot: number; by: string; ageMs: number; nowMs: number }
  /** This node itself did not run for `gapMs`: it cannot tell who was silent meanwhile, so it accuses nobody for it. */
  | { type: 'paused'; gapMs: number; nowMs: number };

export interface MembershipStep {
  readonly state: MembershipState;
  readonly effects: MembershipEffect[];
}

export function createMembership(self: PeerIdentity): MembershipState {
  return { self, incarnation: 0, peers: new Map(), candidates: new Map(), viewHash: null };
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
      linkDown(state, effects, event.name, event.boot, event.reason, event.nowMs);
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
        for (const entry of event.entries) hear(state, effects, event.from, entry, event.nowMs);
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

function linkUp(
  state: MembershipState,
  effects: MembershipEffect[],
  identity: PeerIdentity,
  nowMs: number,
): void {
  const { name, boot } = identity;
  const known = state.peers.get(name);
  const refusal = refusalOf(state, identity, known);
  if (refusal !== null) {
    effects.push({ type: 'close_link', name, boot, ...refusal });
    return;
  }
  state.candidates.delete(name);
  if (known !== undefined && boot === known.identity.boot) {
    const { status } = known;
    known.identity = identity;
    connect(known, nowMs);
    if (status !== 'up')
      setStatus(effects, known, 'up', status, 'returned: the same boot is linked again', nowMs);
    return;
  }
  if (known !== undefined && (known.status === 'up' || known.status === 'suspect')) {
    setStatus(effects, known, 'down', known.status, `restarted: boot ${boot} of it is linked`, nowMs);
  }
  const peer = createPeer(identity, nowMs);
  if (known !== undefined) peer.history.push(...known.history);
  state.peers.set(name, peer);
  connect(peer, nowMs);
  const because = known === undefined ? 'joined: linked for the first time' : `restarted with boot ${boot}`;
  setStatus(effects, peer, 'up', known?.status ?? null, because, nowMs);
}

function refusalOf(
  state: MembershipState,
  { name, boot }: PeerIdentity,
  known: Peer | undefined,
): { code: CloseCode; because: string } | null {
  if (name === state.self.name) return { code: 'name_in_use', because: `this node is called ${name} too` };
  if (known === undefined) {
    return state.peers.size < nodesMax ? null : { code: 'too_many', because: `over ${nodesMax} nodes` };
  }
  if (boot >= known.identity.boot) return null;
  return {
    code: 'old_boot',
    because: `boot ${boot} is before ${known.identity.boot}, which was already seen`,
  };
}

function connect(peer: Peer, nowMs: number): void {
  peer.linked = true;
  peer.directMs = nowMs;
  peer.firstRefusedMs = null;
  peer.cutOff = false;
  peer.dialDueMs = null;
  peer.dialAnswerDueMs = null;
  peer.dialAttempts = 0;
  peer.probeRound = 0;
}

function linkDown(
  state: MembershipState,
  effects: MembershipEffect[],
  name: string,
  boot: number,
  reason: string,
  nowMs: number,
): void {
  const peer = lifeOf(state, name, boot);
  if (peer === null || !peer.linked) return;
  peer.linked = false;
  peer.linkClosedMs = nowMs;
  if (peer.status === 'left') return;
  if (peer.status === 'up') setStatus(effects, peer, 'suspect', 'up', `the link closed: ${reason}`, nowMs);
  dial(effects, peer, nowMs, 0);
  probe(state, effects, peer, nowMs);
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

function lifeOf(state: MembershipState, name: string, boot: number): Peer | null {
  const peer = state.peers.get(name);
  return peer !== undefined && peer.identity.boot === boot ? peer : null;
}

/** One line of a peer's view. */
function hear(
  state: MembershipState,
  effects: MembershipEffect[],
  from: string,
  entry: ViewEntry,
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
    if (alive) heardThrough(state, name, boot, nowMs - entry.ageMs);
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
