/** What a peer is called: as a node, and for people. Between its certificate and the mesh. Pure. */
import type { PeerIdentity } from '../certs/index.ts';
import { nodeOf } from './fence.ts';
import type { Greeting } from './greeting.ts';
import type { Link } from './link.ts';
import type { PeerJudgement } from './transport.ts';

/** The node that a certificate names; null for a command, and for one that was refused. */
export function nameIn(peer: PeerJudgement): string | null {
  return peer.ok ? (nodeOf(peer.identity)?.name ?? null) : null;
}

export function isSameLife(a: Greeting, b: Greeting): boolean {
  return a.boot === b.boot && a.pid === b.pid;
}

export function peerName(link: Link): string {
  const { identity } = link.peer!;
  return nodeOf(identity)?.name ?? (identity.kind === 'tenant' ? identity.id : identity.name);
}

export function describe(identity: PeerIdentity | null): string {
  if (identity === null) return 'unknown';
  if (identity.kind === 'tenant')
    return `${identity.kind} ${identity.tenantId}/${identity.role}/${identity.id}`;
  return `${identity.kind} ${identity.name}`;
}
