/** What an agent asks for: Hello, GetConfig, and its control stream. Between grpc-js and the agent's actor. */
import type {
  AgentConfigRequest,
  AgentConfigResponse,
  AgentHelloRequest,
  AgentHelloResponse,
  ControlStreamRequest,
} from '../proto/index.ts';
import { type ActorSystem, type Clock, messageOf, type Ref } from '../runtime/index.ts';
import { type AgentConfig, configAnswer, configOf } from './agent-config.ts';
import { droppedOf, factsOf, heldVersionOf } from './agent-facts.ts';
import type { Agents } from './agents.ts';
import { admit, type CallNeeds, told, unary } from './calls.ts';
import type { ControlCall, ControlWires } from './control-wires.ts';
import { wordOf } from './control-words.ts';
import type { EdgeAgentProtocol } from './edge-agent.ts';
import { drainRefusal, type GatewayRefusal, isRefusal, type Outcome, refuse } from './errors.ts';
import { heartbeatIntervalS } from './limits.ts';
import type { EdgePeer } from './peer.ts';
import { judgeControl, judgeSaid } from './peer-policy.ts';
import type { Received } from './received.ts';
import { toSeconds } from './sent-time.ts';
import type { TenantHome } from './tenant-home.ts';

export interface AgentCallNeeds extends CallNeeds {
  readonly system: ActorSystem;
  readonly clock: Clock;
  readonly agents: Agents;
  readonly wires: ControlWires;
  readonly home: TenantHome;
  /** This node. */
  readonly node: string;
}

export async function configFor(home: TenantHome, peer: EdgePeer): Promise<Outcome<AgentConfig>> {
  const checks = await home.checks(peer.tenantId);
  return isRefusal(checks) ? checks : configOf(home.shareOf(peer, checks), peer.partition);
}

export function agentCalls(needs: AgentCallNeeds) {
  return {
    hello: unary<AgentHelloRequest, AgentHelloResponse>(needs, (peer, message) =>
      hello(needs, peer, message),
    ),
    getConfig: unary<AgentConfigRequest, AgentConfigResponse>(needs, (peer, message) =>
      getConfig(needs, peer, message),
    ),
    controlStream: (call: ControlCall<Received<ControlStreamRequest>>) => void control(needs, call),
  };
}

async function hello(
  needs: AgentCallNeeds,
  peer: EdgePeer,
  message: AgentHelloRequest,
): Promise<Outcome<AgentHelloResponse>> {
  const { system, agents, home, node, clock } = needs;
  const actor = agents.actorOf(peer);
  if (actor === null) return drainRefusal;
  system.cast(actor).hello(factsOf(message), heldVersionOf(message));
  const dropped = droppedOf(message);
  if (dropped > 0)
    needs.refusals.add('results_dropped', peer, 'results that this agent could not keep', dropped);
  // An agent is welcome also while its tenant's core is away: it asks for its config later.
  const config = await configFor(home, peer);
  return {
    accepted: true,
    agentId: peer.id,
    message: '',
    gatewayId: node,
    serverTime: toSeconds(clock.wallMs()),
    heartbeatIntervalSec: heartbeatIntervalS,
    configOutdated: !isRefusal(config) && config.version !== message.configVersion,
  };
}

async function getConfig(
  { system, agents, home, clock, refusals }: AgentCallNeeds,
  peer: EdgePeer,
  message: AgentConfigRequest,
): Promise<Outcome<AgentConfigResponse>> {
  const config = await configFor(home, peer);
  if (isRefusal(config)) return config;
  if (config.leftOut > 0) refusals.add('config_cut', peer, 'its checks are more than one config holds');
  const actor = agents.actorOf(peer);
  if (actor !== null) system.cast(actor).tookConfig(config.version);
  return configAnswer(config, message.configVersion, clock.wallMs());
}

/** Ends with the agent's last word, or with why it was refused. */
async function control(
  needs: AgentCallNeeds,
  call: ControlCall<Received<ControlStreamRequest>>,
): Promise<void> {
  const caller = admit(needs, call);
  const peer = isRefusal(caller) ? null : caller.peer;
  const wire = needs.wires.add(call);
  const refusal = isRefusal(caller) ? caller : await listen(needs, caller, call, wire);
  if (peer !== null) tell(needs, peer, (actor) => needs.system.cast(actor).hungUp(wire));
  if (refusal !== null && needs.wires.has(wire)) call.emit('error', told(needs, peer, refusal));
  needs.wires.end(wire);
}

async function listen(
  needs: AgentCallNeeds,
  { peer, readNext }: { peer: EdgePeer; readNext(): void },
  call: ControlCall<Received<ControlStreamRequest>>,
  wire: number,
): Promise<GatewayRefusal | null> {
  let greeted = false;
  try {
    // Its other half stays open when this one ends: commands and the status go out by it.
    const heard: AsyncIterable<Received<ControlStreamRequest>> = call.iterator({ destroyOnReturn: false });
    for await (const received of heard) {
      if (!received.ok) return received.refusal;
      const { message } = received;
      const refusal =
        judgeControl(greeted, message) ??
        judgeSaid(peer, call.getPath(), message) ??
        hear(needs, peer, wire, message);
      if (refusal !== null) return refusal;
      greeted = true;
      readNext();
    }
    return null;
  } catch (error) {
    // The agent went, or the connection did: nobody is left to be told.
    return call.cancelled ? null : refuse('bad_control', messageOf(error));
  }
}

function hear(
  needs: AgentCallNeeds,
  peer: EdgePeer,
  wire: number,
  message: ControlStreamRequest,
): GatewayRefusal | null {
  const { system } = needs;
  const said = wordOf(message);
  if (said === null) return null;
  return tell(needs, peer, (actor) => {
    const to = system.cast(actor);
    if (said.type === 'listens') to.listens(wire, said.facts, said.configVersion);
    else if (said.type === 'has_config') to.hasConfig(wire, said.version);
    else to.says(wire, said.commandId, said.commandType, said.word);
  });
}

function tell(
  { agents }: AgentCallNeeds,
  peer: EdgePeer,
  what: (actor: Ref<EdgeAgentProtocol>) => void,
): GatewayRefusal | null {
  const actor = agents.actorOf(peer);
  if (actor === null) return drainRefusal;
  what(actor);
  return null;
}
