/**
 * Who dials: what a certificate proves, as the door uses it, and what a message says of it. The certificate decides; a
 * message that says otherwise is refused. Pure.
 */
import { defaultPartition } from '../actors/messages.ts';
import { formatSpiffeId, type TenantIdentity } from '../certs/index.ts';
import { type GatewayRefusal, refuse } from './errors.ts';
import { partitionBytesMax } from './limits.ts';

export interface EdgePeer {
  readonly tenantId: string;
  /** `agent`, `poller`, or another that its package names. */
  readonly role: string;
  readonly id: string;
  readonly partition: string;
  /** The id in its certificate; absent where there is none of ours, as in an agent that we dial. */
  readonly spiffeId?: string;
  /** Of its certificate, lower-case hexadecimal; absent where nothing asks for it. */
  readonly serial?: string;
}

/**
 * `packagePartition`: what the bearer's package says, where one is held; an older certificate names it itself. Nodes and
 * operators have no business at this door.
 */
export function peerOf(identity: TenantIdentity, packagePartition: string | null, serial?: string): EdgePeer {
  const { tenantId, role, id } = identity;
  const partition = identity.partition ?? packagePartition ?? defaultPartition;
  const own = { tenantId, role, id, partition, spiffeId: formatSpiffeId(identity) };
  return serial === undefined ? own : { ...own, serial };
}

/** By which it is known, counted and logged: two partitions may both have an agent of one id. */
export function holderOf({ tenantId, role, partition, id }: EdgePeer): string {
  return `${tenantId}/${role}/${partition}/${id}`;
}

/** As the log has it. */
export function spiffeIdOf(peer: EdgePeer): string {
  return peer.spiffeId ?? holderOf(peer);
}

export function tenantOfHolder(holder: string): string {
  return holder.split('/', 1)[0]!;
}

/** What a message says of its sender; what is empty says nothing. */
export interface Claim {
  readonly id: string;
  readonly partition: string;
}

export function judgeClaim(peer: EdgePeer, { id, partition }: Claim): GatewayRefusal | null {
  if (id !== '' && id !== peer.id) {
    return refuse('identity_mismatch', `the certificate is of ${peer.id}, the message says ${shown(id)}`);
  }
  const said = partitionOf(partition);
  if (said === null || said === peer.partition) return null;
  return refuse(
    'identity_mismatch',
    `the certificate is of partition ${peer.partition}, the message says ${shown(said)}`,
  );
}

/** Null: it says none. One that is too long to be one is the default. */
function partitionOf(text: string): string | null {
  if (text === '') return null;
  return Buffer.byteLength(text) > partitionBytesMax ? defaultPartition : text;
}

/** What a stranger wrote, as a status may carry it. */
function shown(text: string): string {
  return JSON.stringify(text.slice(0, 64));
}
