/**
 * What a link's beginning and end mean for membership: who it makes `up`, which lives are refused, and what is made of a
 * loss. Between `membership.ts` (events) and `membership-peer.ts`.
 */
import { nodesMax } from './limits.ts';
import {
  type CloseCode,
  createPeer,
  dial,
  lifeOf,
  type MembershipEffect,
  type MembershipState,
  noRttMs,
  type Peer,
  type PeerIdentity,
  probe,
  redialLater,
  setStatus,
} from './membership-peer.ts';

export interface LinkLost {
  name: string;
  boot: number;
  reason: string;
  /** This node ended it, because the peer's certificate is no longer good. Absent: no. */
  refused?: boolean;
  nowMs: number;
}

export function linkUp(
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
  peer.excusedMs = 0;
  peer.rttMs = noRttMs;
  peer.firstRefusedMs = null;
  peer.cutOff = false;
  peer.distrusted = false;
  peer.dialDueMs = null;
  peer.dialAnswerDueMs = null;
  peer.dialAttempts = 0;
  peer.probeRound = 0;
}

export function linkDown(state: MembershipState, effects: MembershipEffect[], event: LinkLost): void {
  const { name, boot, reason, nowMs } = event;
  const peer = lifeOf(state, name, boot);
  if (peer === null || !peer.linked) return;
  peer.linked = false;
  peer.linkClosedMs = nowMs;
  if (peer.status === 'left') return;
  if (event.refused) {
    // Others may still vouch for it: what was proven wrong is not put right by that.
    peer.distrusted = true;
    setStatus(effects, peer, 'down', peer.status, `not trusted any more: ${reason}`, nowMs);
    redialLater(state, peer, nowMs);
    return;
  }
  if (peer.status === 'up') setStatus(effects, peer, 'suspect', 'up', `the link closed: ${reason}`, nowMs);
  dial(effects, peer, nowMs, 0);
  probe(state, effects, peer, nowMs);
}
