/**
 * What time alone decides: a silent peer is suspected, probed through others, called down, redialled, at last forgotten.
 * And what a dial that failed means. All deadlines are in `limits.ts` with their reasons.
 */
import { candidateKeptMs, downAfterMs, forgetAfterMs, refusedDownMs, suspectAfterMs } from './limits.ts';
import {
  backoffMs,
  dial,
  lastSignMs,
  type MembershipEffect,
  type MembershipState,
  note,
  notQuietMs,
  type Peer,
  probe,
  redialLater,
  setStatus,
} from './membership-peer.ts';

export function tick(state: MembershipState, effects: MembershipEffect[], nowMs: number): void {
  // Ten times a second, of up to some hundred peers that lie far from each other in memory.
  if (nowMs < state.quietUntilMs) return;
  for (const peer of state.peers.values()) {
    if (peer.status === 'up' || peer.status === 'suspect') judgeSilence(state, effects, peer, nowMs);
    else if (nowMs - peer.sinceMs >= forgetAfterMs && !peer.linked) {
      state.peers.delete(peer.identity.name);
      continue;
    }
    if (peer.linked || peer.status === 'left') continue;
    if (peer.dialAnswerDueMs !== null && nowMs >= peer.dialAnswerDueMs) {
      dialFailed(state, effects, peer, 'no_answer', nowMs);
    }
    if (peer.dialDueMs !== null && nowMs >= peer.dialDueMs) dial(effects, peer, nowMs, 0);
  }
  for (const [name, candidate] of state.candidates) {
    if (nowMs - candidate.heardMs >= candidateKeptMs) state.candidates.delete(name);
    else if (nowMs >= candidate.dialDueMs) {
      candidate.dialAttempts++;
      candidate.dialDueMs = nowMs + backoffMs(state.self.name, name, candidate.dialAttempts);
      effects.push({ type: 'dial', name, address: candidate.address, delayMs: 0 });
    }
  }
  state.quietUntilMs = quietUntil(state);
}

/**
 * The first instant at which a tick may find something due. Only where all is well it is worth knowing: else it is now. A
 * millisecond early, since a sum and a difference of instants are not rounded alike.
 */
function quietUntil({ peers, candidates }: MembershipState): number {
  if (candidates.size > 0) return notQuietMs;
  let firstMs = Number.POSITIVE_INFINITY;
  for (const { status, linked, directMs } of peers.values()) {
    if (status !== 'up' || !linked) return notQuietMs;
    firstMs = Math.min(firstMs, directMs + suspectAfterMs);
  }
  return firstMs - 1;
}

function judgeSilence(state: MembershipState, effects: MembershipEffect[], peer: Peer, nowMs: number): void {
  const silentMs = nowMs - peer.directMs;
  if (peer.status === 'up') {
    if (silentMs < suspectAfterMs) return;
    setStatus(
      effects,
      peer,
      'suspect',
      'up',
      `nothing heard for ${Math.round(silentMs)} ms on the open link`,
      nowMs,
    );
    probe(state, effects, peer, nowMs);
    return;
  }
  const signAgeMs = nowMs - lastSignMs(peer);
  if (signAgeMs >= downAfterMs) {
    const others = asked(peer);
    callDown(
      state,
      effects,
      peer,
      `no sign of life for ${Math.round(signAgeMs)} ms, neither here nor through others${others}`,
      nowMs,
    );
    return;
  }
  if (peer.linked && silentMs >= downAfterMs) {
    const because = `nothing heard for ${Math.round(silentMs)} ms on this link, while others hear from it`;
    closeLink(effects, peer, because, nowMs);
    note(peer, `suspect: ${because}; dialling again`);
    dial(effects, peer, nowMs, 0);
  }
  if (nowMs >= peer.probeDueMs) probe(state, effects, peer, nowMs);
}

function asked(peer: Peer): string {
  return peer.probeRound === 0 ? ' (nobody to ask)' : ` (${peer.probeRound} rounds of probes)`;
}

function closeLink(effects: MembershipEffect[], peer: Peer, because: string, nowMs: number): void {
  if (!peer.linked) return;
  peer.linked = false;
  peer.linkClosedMs = nowMs;
  const { name, boot } = peer.identity;
  effects.push({ type: 'close_link', name, boot, code: 'link_silent', because });
}

function callDown(
  state: MembershipState,
  effects: MembershipEffect[],
  peer: Peer,
  because: string,
  nowMs: number,
): void {
  closeLink(effects, peer, because, nowMs);
  setStatus(effects, peer, 'down', 'suspect', because, nowMs);
  peer.firstRefusedMs = null;
  peer.dialAttempts = 0;
  redialLater(state, peer, nowMs);
}

/**
 * A refused connection says that nothing listens: the process is gone, if that is still so a little later and nobody
 * else has heard from it since our link closed. Any other failure says nothing about the process.
 */
export function dialFailed(
  state: MembershipState,
  effects: MembershipEffect[],
  peer: Peer,
  code: string,
  nowMs: number,
): void {
  if (peer.linked || peer.status === 'left') return;
  peer.cutOff = code === 'timeout' || code === 'unreachable';
  const refused = code === 'refused' && peer.status === 'suspect';
  if (!refused) peer.firstRefusedMs = null;
  if (!refused || peer.indirectMs > peer.linkClosedMs) {
    redialLater(state, peer, nowMs);
    return;
  }
  if (peer.firstRefusedMs === null) {
    peer.firstRefusedMs = nowMs;
    note(peer, 'suspect: connection refused, asking once more');
    probe(state, effects, peer, nowMs);
    dial(effects, peer, nowMs, refusedDownMs);
    return;
  }
  const refusedMs = nowMs - peer.firstRefusedMs;
  if (refusedMs >= refusedDownMs) {
    callDown(
      state,
      effects,
      peer,
      `link closed and connection refused for ${Math.round(refusedMs)} ms: nothing listens there`,
      nowMs,
    );
  } else {
    dial(effects, peer, nowMs, refusedDownMs - refusedMs);
  }
}
