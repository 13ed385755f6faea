/**
 * What one node knows of one other, and the small changes that every rule is made of. Between `membership.ts` (events) and
 * `membership-deadlines.ts` (time). All instants are monotonic milliseconds of this node.
 */
import { highLane, mix32, numberHash, textHash } from './hash.ts';
import {
  becauseKeptMax,
  dialAnswerMs,
  dialBackoffMaxMs,
  dialBackoffMinMs,
  probeIntervalMs,
  probeViaMax,
} from './limits.ts';
import { rank } from './placement.ts';

export type MemberStatus = 'up' | 'suspect' | 'down' | 'left';

export interface PeerIdentity {
  readonly name: string;
  readonly role: string;
  readonly boot: number;
  /** `host:port` that it can be dialled at. */
  readonly address: string;
  /** The tenant in its certificate: it is fenced, and has no say about others. Null for trusted nodes. */
  readonly tenant: string | null;
}

export type MembershipEffect =
  /** Dial after `delayMs`; the answer is `link_up` or `dial_failed`. */
  | { type: 'dial'; name: string; address: string; delayMs: number }
  | { type: 'close_link'; name: string; boot: number; code: CloseCode; because: string }
  /** A change of status, for the registry, monitors, logs and people. */
  | {
      type: 'announce';
      name: string;
      role: string;
      boot: number;
      address: string;
      tenant: string | null;
      status: MemberStatus;
      /** Null: never seen before. */
      was: MemberStatus | null;
      because: string;
    }
  /** Ask these peers whether they hear from the node; the answers are `indirect_alive`. */
  | { type: 'probe'; name: string; boot: number; via: readonly string[] }
  /** This node was suspected: tell everybody at once that it lives, with this incarnation. */
  | { type: 'refute'; incarnation: number }
  /** Somebody knows a later boot of this node's name: take a higher one, or another process has the name. */
  | { type: 'own_boot_superseded'; boot: number };

export type CloseCode = 'old_boot' | 'name_in_use' | 'link_silent' | 'too_many';

export interface Peer {
  identity: PeerIdentity;
  status: MemberStatus;
  linked: boolean;
  incarnation: number;
  /** `noRttMs`: not measured since the link's beginning. */
  rttMs: number;
  /** Last heartbeat, or the link's beginning. */
  directMs: number;
  /** By how much `directMs` was moved since then, because this node itself did not run. */
  excusedMs: number;
  sinceMs: number;
  /** Last time that somebody else heard from it. */
  indirectMs: number;
  linkClosedMs: number;
  firstRefusedMs: number | null;
  /** The last dial reached nothing at all, not even a host that refuses: the network is cut, or the host is gone. */
  cutOff: boolean;
  /** It is down because its certificate was no longer good: it may well live, and come back with another. */
  distrusted: boolean;
  dialDueMs: number | null;
  dialAnswerDueMs: number | null;
  dialAttempts: number;
  probeDueMs: number;
  probeRound: number;
  readonly history: string[];
}

/** A node that was only heard of. */
export interface Candidate {
  readonly boot: number;
  readonly address: string;
  heardMs: number;
  dialDueMs: number;
  dialAttempts: number;
}

export interface MembershipState {
  readonly self: PeerIdentity;
  incarnation: number;
  readonly peers: Map<string, Peer>;
  readonly candidates: Map<string, Candidate>;
  /** How many of them there have ever been: by it is seen that there is a new one. */
  heardOf: number;
  /** Of the view, until something in it changes: every heartbeat asks for it. */
  viewHash: number | null;
  /**
   * No tick before this finds anything due: heartbeats alone put it off, and what else happens ends it. While it is known all
   * peers are up and linked.
   */
  quietUntilMs: number;
}

/** Of a state of which it is not known. */
export const notQuietMs = Number.NEGATIVE_INFINITY;

/** A number, since every heartbeat writes one: beside it a null would cost each an object. */
export const noRttMs = Number.NEGATIVE_INFINITY;

export function createPeer(identity: PeerIdentity, nowMs: number): Peer {
  return {
    identity,
    status: 'down',
    linked: false,
    incarnation: 0,
    rttMs: noRttMs,
    directMs: nowMs,
    excusedMs: 0,
    sinceMs: nowMs,
    indirectMs: Number.NEGATIVE_INFINITY,
    linkClosedMs: nowMs,
    firstRefusedMs: null,
    cutOff: false,
    distrusted: false,
    dialDueMs: null,
    dialAnswerDueMs: null,
    dialAttempts: 0,
    probeDueMs: nowMs,
    probeRound: 0,
    history: [],
  };
}

export function setStatus(
  effects: MembershipEffect[],
  peer: Peer,
  status: MemberStatus,
  was: MemberStatus | null,
  because: string,
  nowMs: number,
): void {
  peer.status = status;
  peer.sinceMs = nowMs;
  note(peer, `${status}: ${because}`);
  effects.push({ type: 'announce', ...peer.identity, status, was, because });
}

export function note(peer: Peer, because: string): void {
  peer.history.push(because);
  if (peer.history.length > becauseKeptMax) peer.history.shift();
}

export function lastSignMs(peer: Peer): number {
  return Math.max(peer.directMs, peer.indirectMs);
}

/**
 * How long ago the peer lived for certain, for others: who did not run itself excuses nobody before them, and what it reads
 * afterwards was sent a round trip before, which counts the time that it lay here.
 */
export function heardAgoMs(peer: Peer, nowMs: number): number {
  return Math.max(0, Math.round(nowMs - peer.directMs + peer.excusedMs + Math.max(0, peer.rttMs)));
}

export function dial(effects: MembershipEffect[], peer: Peer, nowMs: number, delayMs: number): void {
  peer.dialDueMs = null;
  peer.dialAnswerDueMs = nowMs + delayMs + dialAnswerMs;
  peer.dialAttempts++;
  effects.push({ type: 'dial', name: peer.identity.name, address: peer.identity.address, delayMs });
}

/** Doubles up to the greatest; the jitter comes from the names, so two nodes never stay in step and runs repeat. */
export function backoffMs(self: string, name: string, attempts: number): number {
  const whole = Math.min(dialBackoffMaxMs, dialBackoffMinMs * 2 ** Math.min(attempts, 16));
  const chance = mix32(numberHash(attempts, textHash(`${self}/${name}`, highLane))) / 0x1_0000_0000;
  return Math.round(whole * (0.5 + chance / 2));
}

export function redialLater(state: MembershipState, peer: Peer, nowMs: number): void {
  peer.dialAnswerDueMs = null;
  peer.dialDueMs = nowMs + backoffMs(state.self.name, peer.identity.name, peer.dialAttempts);
}

/** Trusted peers that this node hears itself. */
export function witnesses(state: MembershipState, subject: string): string[] {
  const names: string[] = [];
  for (const { identity, status, linked } of state.peers.values()) {
    if (linked && status === 'up' && identity.tenant === null && identity.name !== subject)
      names.push(identity.name);
  }
  return names;
}

export function probe(state: MembershipState, effects: MembershipEffect[], peer: Peer, nowMs: number): void {
  peer.probeDueMs = nowMs + probeIntervalMs;
  const { name, boot } = peer.identity;
  // Another few at each round, chosen alike in every run.
  const via = rank(`${name}/${peer.probeRound++}`, witnesses(state, name)).slice(0, probeViaMax);
  if (via.length > 0) effects.push({ type: 'probe', name, boot, via });
}

/** Null when that life of the node is not the one that is known. */
export function lifeOf(state: MembershipState, name: string, boot: number): Peer | null {
  const peer = state.peers.get(name);
  return peer !== undefined && peer.identity.boot === boot ? peer : null;
}
