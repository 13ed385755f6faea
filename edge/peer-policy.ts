/**
 * Who may call what: one table of roles and rpcs, asked before any handler is. What is not in it is not allowed; what a
 * control stream may carry, and in which order, stands beside it. Pure.
 */
import type { ControlStreamRequest } from '../proto/index.ts';
import { type GatewayRefusal, refuse } from './errors.ts';
import type { EdgePeer } from './peer.ts';

const gateway = '/monitoring.AgentGatewayService';
const poller = '/monitoring.PollerService';
const renewal = '/picket.edge.v1.Renewal';

/** By path of the rpc: roles of a tenant's certificates. */
const mayCall: Readonly<Record<string, readonly string[]>> = {
  [`${gateway}/Hello`]: ['agent'],
  [`${gateway}/GetConfig`]: ['agent'],
  [`${gateway}/PushStatus`]: ['agent'],
  [`${gateway}/StreamStatus`]: ['agent'],
  [`${gateway}/ControlStream`]: ['agent'],
  [`${renewal}/Renew`]: ['agent', 'poller', 'collector'],
  [`${poller}/ReportStatus`]: ['poller'],
  [`${poller}/StreamStatus`]: ['poller'],
};

export function judgeCall(peer: EdgePeer | null, path: string): GatewayRefusal | null {
  if (peer === null) return refuse('no_identity', 'present the certificate that your package gave you');
  if (Object.hasOwn(mayCall, path) && mayCall[path]!.includes(peer.role)) return null;
  return refuse('not_allowed', `${peer.role} ${peer.id} may not call ${path}`);
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
