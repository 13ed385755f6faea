/**
 * What the flight recorder keeps of membership, and how a replay steps it. Between `membership.ts` and the recorder.
 * Nothing of it is private: names, roles, addresses, times. What a peer said when it closed a link is cut short.
 */
import type { ReplayForm, Witness } from '../runtime/index.ts';
import {
  candidateKeptMs,
  forgetAfterMs,
  recordReasonCharactersMax,
  recordReasonsMax,
  suspectAfterMs,
} from './limits.ts';
import { type MembershipEvent, stepMembership } from './membership.ts';
import {
  type Candidate,
  type MembershipEffect,
  type MembershipState,
  noRttMs,
  notQuietMs,
  type Peer,
} from './membership-peer.ts';

/** This node's own address is left out: it decides nothing, and is not known before the node listens. */
interface Kept {
  self: { name: string; role: string; boot: number };
  incarnation: number;
  /** `excusedMs` is left out when it is 0 and `distrusted` when it is not so, as it nearly always is. */
  peers: (Omit<Peer, 'indirectMs' | 'rttMs' | 'excusedMs' | 'distrusted'> & {
    indirectMs: number | null;
    rttMs: number | null;
    excusedMs?: number;
    distrusted?: true;
  })[];
  candidates: [string, Candidate][];
}

export const membershipForm: ReplayForm<MembershipState, MembershipEvent, MembershipEffect> = {
  kind: 'membership',
  version: 1,

  weightBytes: (state) => 200 + state.peers.size * 600 + state.candidates.size * 150,

  snapshot(state): Kept {
    const { name, role, boot } = state.self;
    return {
      self: { name, role, boot },
      incarnation: state.incarnation,
      peers: Array.from(state.peers.values(), ({ excusedMs, distrusted, ...peer }) => ({
        ...peer,
        ...(excusedMs > 0 && { excusedMs }),
        ...(distrusted && { distrusted }),
        identity: identityOf(peer),
        indirectMs: peer.indirectMs === Number.NEGATIVE_INFINITY ? null : peer.indirectMs,
        rttMs: peer.rttMs === noRttMs ? null : peer.rttMs,
        history: peer.history.slice(-recordReasonsMax).map(short),
      })),
      candidates: Array.from(state.candidates, ([name, candidate]) => [name, { ...candidate }]),
    };
  },

  restore(snapshot) {
    const { self, incarnation, peers, candidates } = snapshot as Kept;
    const alive = peers.map((kept): [string, Peer] => {
      const indirectMs = kept.indirectMs ?? Number.NEGATIVE_INFINITY;
      const { excusedMs = 0, distrusted = false } = kept;
      const times = { indirectMs, excusedMs, rttMs: kept.rttMs ?? noRttMs };
      return [kept.identity.name, { ...kept, ...times, distrusted, history: [...kept.history] }];
    });
    return {
      self: { ...self, address: '', tenant: null },
      incarnation,
      peers: new Map(alive),
      candidates: new Map(candidates.map(([name, candidate]) => [name, { ...candidate }])),
      heardOf: candidates.length,
      viewHash: null,
      quietUntilMs: notQuietMs,
    };
  },

  event: (event) => (event.type === 'link_down' ? { ...event, reason: short(event.reason) } : event),

  effect: (effect) => ('because' in effect ? { ...effect, because: short(effect.because) } : effect),

  changesNothing: (state, event) => event.type === 'tick' && nothingIsDue(state, event.nowMs),

  step: stepMembership,

  tell: (effect) => told(effect),

  witness: (subject) => witnessOf(subject),
};

/** As `tick` of membership-deadlines.ts judges: nobody silent, no dial and no forgetting due. */
function nothingIsDue({ peers, candidates, quietUntilMs }: MembershipState, nowMs: number): boolean {
  if (nowMs < quietUntilMs) return true;
  for (const { status, linked, directMs, sinceMs, dialAnswerDueMs, dialDueMs } of peers.values()) {
    if (status === 'suspect') return false;
    if (status === 'up') {
      if (!linked || nowMs - directMs >= suspectAfterMs) return false;
      continue;
    }
    if (linked) continue;
    if (nowMs - sinceMs >= forgetAfterMs) return false;
    if (status === 'left') continue;
    if (dialAnswerDueMs !== null && nowMs >= dialAnswerDueMs) return false;
    if (dialDueMs !== null && nowMs >= dialDueMs) return false;
  }
  for (const { heardMs, dialDueMs } of candidates.values()) {
    if (nowMs - heardMs >= candidateKeptMs || nowMs >= dialDueMs) return false;
  }
  return true;
}

function identityOf({ identity }: Pick<Peer, 'identity'>): Peer['identity'] {
  const { name, role, boot, address, tenant } = identity;
  return { name, role, boot, address, tenant };
}

/** What was heard of one node, and what was decided of it. */
function witnessOf(subject: string): Witness<MembershipState, MembershipEvent, MembershipEffect> {
  return (_state, event, effects) => {
    if (event === null) return [];
    const heard = heardOf(subject, event, effects);
    const decided = effects.filter((effect) => 'name' in effect && effect.name === subject);
    return [...(heard === null ? [] : [heard]), ...decided.map(told)];
  };
}

function heardOf(
  subject: string,
  event: MembershipEvent,
  effects: readonly MembershipEffect[],
): string | null {
  if (event.type === 'paused') return `this node itself did not run for ${Math.round(event.gapMs)} ms`;
  if (!('name' in event) || event.name !== subject) return null;
  switch (event.type) {
    case 'link_down':
      return `the link to it closed: ${event.reason}`;
    case 'dial_failed':
      return `dialling it failed: ${event.code}`;
    case 'indirect_alive':
      return `${event.by} heard from it ${Math.round(event.ageMs)} ms before`;
    case 'peer_leaving':
      return 'it said that it is leaving';
    case 'heartbeat':
      return effects.length > 0 ? 'a heartbeat came' : null;
    default:
      return null;
  }
}

function told(effect: MembershipEffect): string {
  switch (effect.type) {
    case 'announce':
      return `${effect.name} is ${effect.status} (was ${effect.was ?? 'not known'}): ${effect.because}`;
    case 'dial':
      return `dials ${effect.name}${effect.delayMs > 0 ? ` in ${Math.round(effect.delayMs)} ms` : ''}`;
    case 'close_link':
      return `closes the link to ${effect.name}: ${effect.code}: ${effect.because}`;
    case 'probe':
      return `asks ${effect.via.join(', ')} whether they hear from ${effect.name}`;
    case 'refute':
      return `tells everybody that it lives (incarnation ${effect.incarnation})`;
    case 'own_boot_superseded':
      return `a later boot (${effect.boot}) of this node's name is known`;
  }
}

/** The same when it is cut twice, so that a replayed state reads like the recorded one. */
function short(text: string): string {
  return text.slice(0, recordReasonCharactersMax);
}
