/**
 * Who may call what and say what: one table of rpcs, with the roles of a tenant's certificates that may call each and what its
 * messages say of their sender. Asked before any handler; what is not in it is not allowed. A tenant stands in no message: whose
 * a call is, its certificate says, and a handler reaches that tenant alone. Pure.
 */
import type { ControlStreamRequest } from '../proto/index.ts';
import { type GatewayRefusal, refuse } from './errors.ts';
import { type Claim, type EdgePeer, judgeClaim } from './peer.ts';

const gateway = '/monitoring.AgentGatewayService';
const poller = '/monitoring.PollerService';
const documents = '/picket.edge.v1.Documents';
const renewal = '/picket.edge.v1.Renewal';
const sources = '/picket.edge.v1.Sources';

export interface RpcPolicy {
  readonly roles: readonly string[];
  /** Fields in which a message says who sends it, and in which partition; null: in none. */
  readonly senderField: 'agentId' | 'pollerId' | null;
  readonly partitionField: 'partition' | null;
}

const ofAgent: RpcPolicy = { roles: ['agent'], senderField: 'agentId', partitionField: 'partition' };
const ofPoller: RpcPolicy = { roles: ['poller'], senderField: 'pollerId', partitionField: 'partition' };

/** By path of the rpc. */
export const peerPolicies: Readonly<Record<string, RpcPolicy>> = {
  [`${gateway}/Hello`]: ofAgent,
  [`${gateway}/GetConfig`]: { ...ofAgent, partitionField: null },
  [`${gateway}/PushStatus`]: ofAgent,
  [`${gateway}/StreamStatus`]: ofAgent,
  // Its messages are one of several; the hello, which alone names its sender, comes first.
  [`${gateway}/ControlStream`]: ofAgent,
  // A document says nothing of its sender.
  [`${documents}/Transfer`]: { roles: ['agent'], senderField: null, partitionField: null },
  // What of a source it may have, the tenant's core decides by its certificate.
  [`${sources}/Take`]: { roles: ['agent'], senderField: null, partitionField: null },
  [`${renewal}/Renew`]: { roles: ['agent', 'poller', 'collector'], senderField: null, partitionField: null },
  [`${poller}/ReportStatus`]: ofPoller,
  [`${poller}/StreamStatus`]: ofPoller,
};

function policyOf(path: string): RpcPolicy | null {
  return Object.hasOwn(peerPolicies, path) ? peerPolicies[path]! : null;
}

export function judgeCall(peer: EdgePeer | null, path: string): GatewayRefusal | null {
  if (peer === null) return refuse('no_identity', 'present the certificate that your package gave you');
  if (policyOf(path)?.roles.includes(peer.role) === true) return null;
  return refuse('not_allowed', `${peer.role} ${peer.id} may not call ${path}`);
}

/** Whether the certificate bears out what a message of this rpc says of its sender; each message of a stream is judged. */
export function judgeSaid(peer: EdgePeer, path: string, message: object): GatewayRefusal | null {
  const policy = policyOf(path);
  if (policy === null) return refuse('not_allowed', `nobody may call ${path}`);
  const { hello } = message as { hello?: object };
  return judgeClaim(peer, claimOf(policy, hello ?? message));
}

function claimOf({ senderField, partitionField }: RpcPolicy, message: object): Claim {
  const said = message as Readonly<Record<string, unknown>>;
  const text = (field: string | null) => {
    const value = field === null ? '' : said[field];
    return typeof value === 'string' ? value : '';
  };
  return { id: text(senderField), partition: text(partitionField) };
}

/**
 * The next message of a control stream: a hello once and first, then what is said of commands and configs. One that holds
 * nothing that we know is read over: a newer agent may say more.
 */
export function judgeControl(greeted: boolean, message: ControlStreamRequest): GatewayRefusal | null {
  if (!greeted && message.payload !== 'hello') return refuse('bad_control', 'a hello comes first');
  if (greeted && message.payload === 'hello') return refuse('bad_control', 'a hello comes once');
  return null;
}
