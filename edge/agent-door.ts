/**
 * The gRPC services that agents and older pollers dial, over connections whose TLS ended and whose certificate was judged
 * elsewhere: who listens hands each over with its peer. Between a listener and the tenant's actors.
 */
import type { Duplex } from 'node:stream';
import { type ConnectionInjector, Server, type ServiceDefinition } from '@grpc/grpc-js';
import type { Cluster } from '../cluster/index.ts';
import { gatewayMethods, pollerMethods, renewalMethods, type ServiceMethods } from '../proto/index.ts';
import type { ActorSystem, Clock, Log } from '../runtime/index.ts';
import { agentCalls, configFor } from './agent-calls.ts';
import { Agents } from './agents.ts';
import { Callers } from './callers.ts';
import { ControlWires } from './control-wires.ts';
import { edgeAgent } from './edge-agent.ts';
import type { CoreAsker } from './enrol-service.ts';
import { HeldBytes } from './held-bytes.ts';
import {
  connectionIdleMs,
  drainMs,
  keepaliveAnswerMs,
  keepaliveEveryMs,
  receivedMessageBytesMax,
  streamsPerConnectionMax,
} from './limits.ts';
import type { KnownDoor } from './listener-contract.ts';
import { controlBounds, smallBounds, statusBounds } from './message-bounds.ts';
import { boundMethods } from './received.ts';
import { RefusalCount } from './refusal-count.ts';
import { renewCall } from './renew-calls.ts';
import { statusCalls } from './status-calls.ts';
import { TenantHome } from './tenant-home.ts';

export interface AgentDoorNeeds {
  readonly system: ActorSystem;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Log;
  /** Of a core, what this node cannot know. */
  ask: CoreAsker['ask'];
}

export interface AgentDoor extends KnownDoor {
  totals(): {
    agents: number;
    connections: number;
    heldBytes: number;
    refused: Readonly<Record<string, number>>;
  };
}

export function openAgentDoor(needs: AgentDoorNeeds): AgentDoor {
  const { system, cluster, clock, log } = needs;
  let draining = false;
  const callers = new Callers();
  const held = new HeldBytes(clock);
  const refusals = new RefusalCount(clock, log);
  const home = new TenantHome(needs);
  const wires = new ControlWires();
  const agent = edgeAgent({ cluster, wires, config: (peer) => configFor(home, peer) });
  const agents = new Agents({ system, clock, start: (peer) => system.spawn(agent, peer) });
  const shared = { callers, held, refusals, home, clock, isDraining: () => draining, node: cluster.node };
  const methods = [gatewayMethods(), pollerMethods(), renewalMethods()] as const;
  const server = createServer();
  const asked = agentCalls({ ...shared, system, agents, wires });
  const pushed = statusCalls(shared);
  const cores = { cores: () => cluster.members.live('core'), ask: needs.ask };
  serve(server, methods, asked, pushed);
  server.addService(boundMethods(methods[2], { Renew: smallBounds }) as ServiceDefinition, {
    Renew: renewCall({ ...shared, cores, log }),
  });
  const connections = new Map<Duplex, ConnectionInjector>();
  return {
    methods,
    take(connection, peer) {
      if (draining || connection.destroyed) {
        connection.destroy();
        return;
      }
      const injector = server.createConnectionInjector(callers.credentialsOf(peer));
      connections.set(connection, injector);
      if (peer.role === 'agent') agents.joined(peer);
      connection.once('close', () => {
        connections.delete(connection);
        injector.destroy();
        if (peer.role === 'agent') agents.left(peer);
      });
      injector.injectConnection(connection);
    },
    totals: () => ({
      ...{
        agents: agents.size,
        connections: connections.size,
        heldBytes: held.bytes,
        refused: refusals.all(),
      },
    }),
    async drain() {
      draining = true;
      wires.endAll();
      for (const injector of connections.values()) injector.drain(drainMs);
      await Promise.all([agents.endAll(), allClosed(connections, clock)]);
      server.forceShutdown();
    },
  };
}

/** What is read of each rpc, and who answers it. */
function serve(
  server: Server,
  [ofAgents, ofPollers]: readonly ServiceMethods[],
  asked: ReturnType<typeof agentCalls>,
  pushed: ReturnType<typeof statusCalls>,
): void {
  const [status, small] = [statusBounds, smallBounds];
  server.addService(
    boundMethods(ofAgents!, {
      ...{
        Hello: small,
        GetConfig: small,
        PushStatus: status,
        StreamStatus: status,
        ControlStream: controlBounds,
      },
    }) as ServiceDefinition,
    {
      ...{ Hello: asked.hello, GetConfig: asked.getConfig, PushStatus: pushed.pushStatus },
      ...{ StreamStatus: pushed.streamAgent, ControlStream: asked.controlStream },
    },
  );
  server.addService(
    boundMethods(ofPollers!, { ReportStatus: status, StreamStatus: status }) as ServiceDefinition,
    { ReportStatus: pushed.reportStatus, StreamStatus: pushed.streamPoller },
  );
}

function createServer(): Server {
  return new Server({
    'grpc.max_receive_message_length': receivedMessageBytesMax,
    'grpc.max_concurrent_streams': streamsPerConnectionMax,
    'grpc.keepalive_time_ms': keepaliveEveryMs,
    'grpc.keepalive_timeout_ms': keepaliveAnswerMs,
    'grpc.max_connection_idle_ms': connectionIdleMs,
    'grpc.enable_channelz': 0,
  });
}

/** Or `drainMs` over: then what is left is cut. */
function allClosed(connections: ReadonlyMap<Duplex, unknown>, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.timer(drainMs, () => {
      for (const connection of connections.keys()) connection.destroy();
    });
    const closed = () => {
      if (connections.size > 0) return;
      cancel();
      resolve();
    };
    for (const connection of connections.keys()) connection.once('close', closed);
    closed();
  });
}
