/**
 * The tenant fence: who may have a link, and what may cross one that a tenant's node is at an end of. One table of all
 * kinds of frames, asked on arrival before anything is decoded and on departure before anything is encoded. Pure; what
 * an end knows of its own actors comes as a question. Links, exports and counts are fence-link.ts's, what stands inside
 * payloads is fence-payload.ts's.
 */
import { type PeerIdentity, tenantNodeRoleOf } from '../certs/index.ts';
import type { FrameKind } from './frame-layout.ts';
import { tenantNodeName } from './names.ts';

/** What a cluster that takes tenants' nodes lets them do beyond talking to each other. Both are kinds of names. */
export interface TenantAccess {
  /** Names that a tenant's node may hold. Platform actors look these up, so they must expect a customer behind them. */
  readonly holds: readonly string[];
  /** The doors: actors of the platform's nodes that hold such a name of the tenant may be addressed by its nodes. */
  readonly doors: readonly string[];
}

/** Why something was refused on a fenced link. Counted by rule, so the set is closed. */
export type FenceRule =
  /** Frames of this kind are not for a tenant's node: views, probes, hashes of others, operators' answers. */
  | 'kind'
  /** An actor that it may not address: another's, one that is not there, or of another boot. */
  | 'target'
  /** A ref in a payload to what it may not know. */
  | 'ref'
  /** A shard that is not its own, or not of its tenant. */
  | 'shard'
  /** Names of a kind that it may not hold, too many of them, or metadata that is not small. */
  | 'names'
  /** A procedure that is not declared for tenants' nodes. */
  | 'procedure'
  /** An answer to a call that it was not asked, or that nobody waits for any more. */
  | 'answer'
  /** A payload over what a fenced link may send. */
  | 'size'
  /** A payload that is not what its frame says. */
  | 'malformed';

export type FenceVerdict = { allowed: true } | { allowed: false; code: FenceCode; detail: string };

/** Why a peer has no link: the fence as a whole, or that its certificate is of a program that is no node. */
export type FenceCode = 'fenced' | 'not_a_node';

const operatorKinds: ReadonlySet<FrameKind> = new Set<FrameKind>([
  'procedure_call',
  'procedure_cancel',
  'close',
]);

/** A peer as a node of the cluster; null for one that is none, such as an operator's command. */
export interface NodeOfPeer {
  readonly name: string;
  readonly role: string;
  /** The tenant that its certificate names; null: the platform's. */
  readonly tenant: string | null;
}

export function nodeOf(identity: PeerIdentity): NodeOfPeer | null {
  if (identity.kind === 'node') return { name: identity.name, role: identity.role, tenant: null };
  if (identity.kind === 'operator') return null;
  const { tenantId: tenant, id } = identity;
  const name = tenantNodeName(tenant, id);
  // A core of a customer would be placed upon, and its web node would be asked for the page: there are none.
  const role = tenantNodeRoleOf(identity.role);
  return name === null || role === null ? null : { name, role, tenant };
}

/** Who judges: a node of the platform with what it grants to tenants' nodes (null: nothing), or a tenant's own node. */
export interface FenceHolder {
  readonly tenant: string | null;
  readonly access: TenantAccess | null;
}

/** Whether the peer may have a link at all. */
export function judgePeer(identity: PeerIdentity, holder: FenceHolder): FenceVerdict {
  if (identity.kind !== 'tenant') return { allowed: true };
  const { tenantId, role, id } = identity;
  const refused = (detail: string, code: FenceCode = 'fenced'): FenceVerdict => ({
    ...{ allowed: false, code },
    detail: `a node of tenant ${tenantId}: ${detail}`,
  });
  // Before what this cluster grants: who dials a gateway by that certificate has no link in any.
  if (tenantNodeRoleOf(role) === null) return refused(`the role "${role}" is of no node`, 'not_a_node');
  if (nodeOf(identity) === null) return refused(`"${role}/${id}" is no role and name that it could have`);
  if (holder.tenant !== null)
    return holder.tenant === tenantId ? { allowed: true } : refused('this is a node of another tenant');
  return holder.access === null ? refused('this cluster takes no tenant nodes') : { allowed: true };
}

/** What an operator's command may send. A link of it carries nothing else. */
export function judgeOperatorFrame(kind: FrameKind): FenceVerdict {
  return operatorKinds.has(kind)
    ? { allowed: true }
    : { allowed: false, code: 'fenced', detail: `${kind} from operator` };
}

type Rule =
  /** Concerns the two ends alone. */
  | 'pass'
  | 'never'
  /** To an actor that the sender may address. */
  | 'target'
  /** Of the sender's own shard of the tenant. */
  | 'sender_shard'
  /** For the receiver's own shard of the tenant. */
  | 'receiver_shard'
  /** A procedure that is declared for tenants' nodes. */
  | 'procedure';

/** All kinds of frames: what a tenant's node may send, and what it may be sent by a node of the platform. */
const table: Readonly<Record<FrameKind, readonly [fromTenant: Rule, toTenant: Rule]>> = {
  cast: ['target', 'pass'],
  call: ['target', 'pass'],
  // The router takes an answer only from the node that was asked.
  reply: ['pass', 'pass'],
  reply_error: ['pass', 'pass'],
  monitor: ['target', 'pass'],
  demonitor: ['target', 'pass'],
  down: ['target', 'pass'],
  link: ['target', 'pass'],
  unlink: ['target', 'pass'],
  exit: ['target', 'pass'],
  hello: ['never', 'never'],
  welcome: ['never', 'never'],
  close: ['pass', 'pass'],
  heartbeat: ['pass', 'pass'],
  // It has no say about others; of others it is told whom it must link.
  view: ['never', 'pass'],
  probe: ['never', 'never'],
  probe_alive: ['never', 'never'],
  leaving: ['pass', 'pass'],
  retire: ['pass', 'pass'],
  credential: ['pass', 'pass'],
  registry_origins: ['never', 'never'],
  registry_heads: ['never', 'never'],
  registry_delta: ['sender_shard', 'sender_shard'],
  registry_fetch: ['receiver_shard', 'receiver_shard'],
  procedure_call: ['procedure', 'never'],
  procedure_reply: ['never', 'pass'],
  procedure_error: ['never', 'pass'],
  procedure_cancel: ['pass', 'never'],
  publish: ['never', 'never'],
  subscribe: ['never', 'never'],
  unsubscribe: ['never', 'never'],
  // Who runs what where is the platform's matter.
  supervisor: ['never', 'never'],
  // Parts are put together before anybody asks here.
  part: ['pass', 'pass'],
};

/** One end of a link. */
export interface FenceEnd {
  readonly node: string;
  readonly boot: number;
  readonly isTenants: boolean;
}

/** The routing fields of a frame: of routed ones `toBoot` and `toId`, of others what stands in their header. */
export interface FenceFields {
  readonly toBoot?: number;
  readonly toId?: number;
  readonly origin?: string;
  readonly boot?: number;
  readonly tenant?: string;
  readonly name?: string;
}

export interface Crossing {
  /** The tenant whose node is at one end. */
  readonly tenant: string;
  readonly sender: FenceEnd;
  readonly receiver: FenceEnd;
  readonly kind: FrameKind;
  readonly fields: FenceFields;
  /** Whether the sender may address this actor of the receiver. The sender itself cannot know and says true. */
  mayAddress(id: number): boolean;
  mayCall(procedure: string): boolean;
}

/** Null when it may cross. */
export function judgeCrossing(crossing: Crossing): FenceRule | null {
  const { tenant, sender, receiver, kind, fields } = crossing;
  switch (table[kind][sender.isTenants ? 0 : 1]) {
    case 'pass':
      return null;
    case 'never':
      return 'kind';
    case 'target':
      return fields.toBoot === receiver.boot && crossing.mayAddress(fields.toId!) ? null : 'target';
    case 'sender_shard':
      return isShardOf(sender, tenant, fields) ? null : 'shard';
    case 'receiver_shard':
      return isShardOf(receiver, tenant, fields) ? null : 'shard';
    case 'procedure':
      return crossing.mayCall(fields.name!) ? null : 'procedure';
  }
}

function isShardOf({ node, boot }: FenceEnd, tenant: string, fields: FenceFields): boolean {
  return fields.origin === node && fields.boot === boot && fields.tenant === tenant;
}
