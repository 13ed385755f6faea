/**
 * How a node tells others whom it sees, and what people are shown. A heartbeat carries only the hash of the view; the
 * view itself travels when the hashes differ.
 */
import { readAddress } from './address.ts';
import { mix32, numberHash, textHash } from './hash.ts';
import { nodesMax } from './limits.ts';
import {
  heardAgoMs,
  type MemberStatus,
  type MembershipState,
  noRttMs,
  type Peer,
  type PeerIdentity,
} from './membership-peer.ts';
import { isKeyPart, isNodeName, tenantOfNode } from './names.ts';

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
  const views: MemberView[] = [{ ...selfEntry(state), rttMs: 0, because: 'this node' }];
  for (const peer of state.peers.values()) {
    const rttMs = peer.rttMs === noRttMs ? null : peer.rttMs;
    views.push({ ...entryOf(peer, nowMs), rttMs, because: peer.history.at(-1) ?? '' });
  }
  return views;
}

function selfEntry({ self, incarnation }: MembershipState): ViewEntry {
  const { name, role, boot, address, tenant } = self;
  return { name, role, boot, address, tenant, status: 'up', incarnation, ageMs: 0 };
}

function entryOf(peer: Peer, nowMs: number): ViewEntry {
  // Field by field: while many nodes join, this is most of what they do.
  const { identity, status, incarnation } = peer;
  const { name, role, boot, address, tenant } = identity;
  const ageMs = heardAgoMs(peer, nowMs);
  return { name, role, boot, address, tenant, status, incarnation, ageMs };
}

/** A node as placement sees it. */
export interface NodeRole {
  readonly name: string;
  readonly role: string;
  readonly boot: number;
  readonly live: boolean;
  /** Not live by its certificate alone: nobody knows that it is gone. Absent: no. */
  readonly distrusted?: true;
}

/** Who is known, by name. */
export function rolesOf({ self, peers }: MembershipState): NodeRole[] {
  const roles: NodeRole[] = [{ name: self.name, role: self.role, boot: self.boot, live: true }];
  for (const { identity, status, distrusted } of peers.values()) {
    const { name, role, boot } = identity;
    const live = status === 'up' || status === 'suspect';
    roles.push({ name, role, boot, live, ...(distrusted && status === 'down' && { distrusted }) });
  }
  return roles.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Names of the platform's nodes of a role that are up or only suspected. */
export function liveIn({ self, peers }: MembershipState, role: string): string[] {
  const names = self.role === role && self.tenant === null ? [self.name] : [];
  for (const { identity, status } of peers.values()) {
    // A tenant's node is no place for the platform's actors, whatever its certificate calls it.
    if (identity.tenant !== null || identity.role !== role) continue;
    if (status === 'up' || status === 'suspect') names.push(identity.name);
  }
  return names.sort();
}

/** Lives of nodes that others see and this one has not met yet. */
export function heardOfIn({ candidates }: MembershipState): string[] {
  return Array.from(candidates, ([name, { boot }]) => `${name}.${boot}`).sort();
}

/** The present life of each node that is known, this one's included. */
export function bootsOf({ self, peers }: MembershipState): Map<string, number> {
  const boots = new Map([[self.name, self.boot]]);
  for (const [name, { identity }] of peers) boots.set(name, identity.boot);
  return boots;
}

/**
 * For a `view` frame. Nodes of the platform tell each other of themselves alone; a tenant's node (`audience`: its tenant)
 * is told whom it must link: the cores, where its tenant's actors are, and the tenant's other nodes.
 */
export function viewOf(state: MembershipState, nowMs: number, audience: string | null = null): ViewEntry[] {
  const entries = isFor(state.self, audience) ? [selfEntry(state)] : [];
  for (const peer of state.peers.values())
    if (isFor(peer.identity, audience)) entries.push(entryOf(peer, nowMs));
  return entries;
}

const seeds: Readonly<Record<MemberStatus, number>> = { up: 1, suspect: 2, down: 0, left: 0 };

function isFor({ tenant, role }: PeerIdentity, audience: string | null): boolean {
  if (audience === null) return tenant === null;
  return tenant === audience || (tenant === null && role === 'core');
}

/** Equal on two nodes that see the same nodes alike. Nodes that are gone do not count: newcomers never knew them. */
export function viewHash(state: MembershipState, audience: string | null = null): number {
  if (audience !== null) return hashFor(state, audience);
  state.viewHash ??= hashFor(state, null);
  return state.viewHash;
}

function hashFor(state: MembershipState, audience: string | null): number {
  let hash = isFor(state.self, audience) ? entryHash(state.self, state.incarnation, 'up') : 0;
  for (const { identity, incarnation, status } of state.peers.values()) {
    if (isFor(identity, audience) && seeds[status] !== 0) hash ^= entryHash(identity, incarnation, status);
  }
  return hash >>> 0;
}

function entryHash(identity: PeerIdentity, incarnation: number, status: MemberStatus): number {
  return mix32(numberHash(identity.boot, textHash(identity.name, seeds[status])) + incarnation);
}

/** The decoded payload of a `view` frame; null when it is none. `own`: the tenant of the node that reads it. */
export function readView(payload: unknown, own: string | null = null): ViewEntry[] | null {
  if (!Array.isArray(payload) || payload.length > nodesMax) return null;
  return payload.every((one) => isEntry(one, own)) ? payload : null;
}

const roleCharactersMax = 32;

function isEntry(value: unknown, own: string | null): value is ViewEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { name, role, boot, address, tenant, status, incarnation, ageMs } = value as Record<string, unknown>;
  return (
    isNodeName(name) &&
    isKeyPart(role) &&
    role.length <= roleCharactersMax &&
    isCount(boot) &&
    readAddress(address) !== null &&
    (tenant === null || tenant === own) &&
    tenantOfNode(name) === tenant &&
    typeof status === 'string' &&
    Object.hasOwn(seeds, status) &&
    isCount(incarnation) &&
    isCount(ageMs)
  );
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
