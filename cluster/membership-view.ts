/**
 * How a node tells others whom it sees, and what people are shown. A heartbeat carries only the hash of the view; the
 * view itself travels when the hashes differ.
 */
import { readAddress } from './address.ts';
import { mix32, numberHash, textHash } from './hash.ts';
import { nodesMax } from './limits.ts';
import type { MemberStatus, MembershipState, Peer, PeerIdentity } from './membership-peer.ts';
import { isKeyPart, isNodeName } from './names.ts';

/** One node as another sees it. `ageMs`: since the teller's last sign of it. Plain data. */
export interface ViewEntry extends PeerIdentity {
  readonly status: MemberStatus;
  readonly incarnation: number;
  readonly ageMs: number;
}

/** As the cluster is shown to people: `because` is the last decision. */
export interface MemberView extends ViewEntry {
  readonly rttMs: number | null;
  readonly because: string;
}

export function members(state: MembershipState, nowMs: number): MemberView[] {
  const self: MemberView = {
    ...state.self,
    status: 'up',
    incarnation: state.incarnation,
    ageMs: 0,
    rttMs: 0,
    because: 'this node',
  };
  return [self, ...[...state.peers.values()].map((peer) => memberOf(peer, nowMs))];
}

function memberOf(peer: Peer, nowMs: number): MemberView {
  return {
    ...peer.identity,
    status: peer.status,
    incarnation: peer.incarnation,
    ageMs: Math.max(0, Math.round(nowMs - peer.directMs)),
    rttMs: peer.rttMs,
    because: peer.history.at(-1) ?? '',
  };
}

/** For a `view` frame. Fenced nodes are not told of: whoever links them tells their shards. */
export function viewOf(state: MembershipState, nowMs: number): ViewEntry[] {
  return members(state, nowMs)
    .filter((one) => one.tenant === null)
    .map(({ name, role, boot, address, tenant, status, incarnation, ageMs }) => {
      return { name, role, boot, address, tenant, status, incarnation, ageMs };
    });
}

const seeds: Readonly<Record<MemberStatus, number>> = { up: 1, suspect: 2, down: 0, left: 0 };

/** Equal on two nodes that see the same nodes alike. Nodes that are gone do not count: newcomers never knew them. */
export function viewHash(state: MembershipState): number {
  state.viewHash ??= hashOf(state);
  return state.viewHash;
}

function hashOf(state: MembershipState): number {
  let hash = entryHash(state.self, state.incarnation, 'up');
  for (const { identity, incarnation, status } of state.peers.values()) {
    if (identity.tenant === null && seeds[status] !== 0) hash ^= entryHash(identity, incarnation, status);
  }
  return hash >>> 0;
}

function entryHash(identity: PeerIdentity, incarnation: number, status: MemberStatus): number {
  return mix32(numberHash(identity.boot, textHash(identity.name, seeds[status])) + incarnation);
}

/** The decoded payload of a `view` frame; null when it is none. */
export function readView(payload: unknown): ViewEntry[] | null {
  if (!Array.isArray(payload) || payload.length > nodesMax) return null;
  return payload.every(isEntry) ? payload : null;
}

const roleCharactersMax = 32;

function isEntry(value: unknown): value is ViewEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { name, role, boot, address, tenant, status, incarnation, ageMs } = value as Record<string, unknown>;
  return (
    isNodeName(name) &&
    isKeyPart(role) &&
    role.length <= roleCharactersMax &&
    isCount(boot) &&
    readAddress(address) !== null &&
    tenant === null &&
    typeof status === 'string' &&
    Object.hasOwn(seeds, status) &&
    isCount(incarnation) &&
    isCount(ageMs)
  );
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
