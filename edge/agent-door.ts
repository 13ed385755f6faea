/**
 * The gRPC services that agents and older pollers dial, over connections whose TLS ended and whose certificate was judged
 * elsewhere: who listens hands each over with its peer. Between a listener and the tenant's actors.
 */
import type { Duplex } from 'node:stream';
import { type ConnectionInjector, Server, type ServiceDefinition } from '@grpc/grpc-js';
import type { Cluster } from '../cluster/index.ts';
import {
  documentMethods,
  gatewayMethods,
  pollerMethods,
  renewalMethods,
  sourceMethods,
} from '../proto/index.ts';
import type { ActorSystem, Clock, Log } from '../runtime/index.ts';
import { agentCalls, configFor } from './agent-calls.ts';
import { Agents } from './agents.ts';
import { Callers } from './callers.ts';
import { ControlWires } from './control-wires.ts';
import { documentCalls } from './document-calls.ts';
import { edgeAgent } from './edge-agent.ts';
import type { CoreAsker } from './enrol-service.ts';
import { drainRefusal, statusOf } from './errors.ts';
import { HeldBytes } from './held-bytes.ts';
import { IncomingBytes } from './incoming-bytes.ts';
import {
  connectionIdleMs,
  drainMs,
  drainTellMs,
  keepaliveAnswerMs,
  keepaliveEveryMs,
  receivedMessageBytesMax,
  streamsPerConnectionMax,
} from './limits.ts';
import type { KnownDoor } from './listener-contract.ts';
import { controlBounds, documentBounds, smallBounds, statusBounds } from './message-bounds.ts';
import { keysOf } from './older-documents.ts';
import { OwnConnections } from './own-connections.ts';
import { holderOf } from './peer.ts';
import { boundMethods } from './received.ts';
import { type Counts, RefusalCount, type SenderView } from './refusal-count.ts';
import { renewCall } from './renew-calls.ts';
import { sourceCalls } from './source-calls.ts';
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

export interface DoorTotals {
  readonly agents: number;
  readonly connections: number;
  readonly heldBytes: number;
  readonly refused: Counts;
}

/** An agent as its door knows it. */
export interface SenderOfDoor extends SenderView {
  readonly partition: string;
  readonly id: string;
}

export interface AgentDoor extends KnownDoor {
  totals(): DoorTotals;
  /** The agents of that tenant that are connected here. */
  senders(tenantId: string): SenderOfDoor[];
}

export function openAgentDoor(needs: AgentDoorNeeds): AgentDoor {
  const { system, cluster, clock, log } = needs;
  let draining = false;
  const held = new HeldBytes(clock);
  const refusals = new RefusalCount(clock, log);
  const callers = new Callers({
    incoming: new IncomingBytes(clock, held),
    refused: ({ code, detail }, peer) => refusals.add(code, peer, detail),
  });
  const own = new OwnConnections();
  const home: TenantHome = new TenantHome(needs, (tenantId) => agents.lookAgain(tenantId));
  const wires = new ControlWires();
  const agent = edgeAgent({ cluster, wires, config: (peer) => configFor(home, peer) });
  const agents: Agents = new Agents({ system, clock, start: (peer) => system.spawn(agent, peer) });
  const asking = { callers, held, refusals, isDraining: () => draining, tracing: system.tracing };
  const shared = { ...asking, home, clock, node: cluster.node };
  const methods = served();
  const server = createServer();
  const asked = agentCalls({ ...shared, system, agents, wires });
  const pushed = statusCalls({ ...shared, system, cluster, nextKey: keysOf(cluster, 'push') });
  serve(server, methods, asked, pushed);
  const cores = { cores: () => cluster.members.live('core'), ask: needs.ask };
  const renewed = renewCall({ ...shared, cores, log });
  const ours = { ...asking, clock, system, cluster };
  serveOurs(server, methods, { documents: documentCalls(ours), renewed, sources: sourceCalls(ours) });
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
      const isMany = own.add(holderOf(peer), connection);
      if (isMany) refusals.add('too_many_connections', peer, 'its oldest connection was ended');
      if (peer.role === 'agent') agents.joined(peer);
      connection.once('close', () => {
        connections.delete(connection);
        injector.destroy();
        if (peer.role === 'agent') agents.left(peer);
      });
      injector.injectConnection(connection);
    },
    senders: (tenantId) =>
      agents.of(tenantId).map((peer) => ({ partition: peer.partition, id: peer.id, ...refusals.of(peer) })),
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
      // Their names are free at once, for the door that they dial next; what is under way of them is answered here.
      wires.refuseAll(statusOf(drainRefusal));
      const ended = agents.endAll();
      if (connections.size > 0) await passed(clock, drainTellMs);
      for (const injector of connections.values()) injector.drain(drainMs);
      await Promise.all([ended, allClosed(connections, clock)]);
      server.forceShutdown();
      home.end();
    },
  };
}

function passed(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.timer(ms, resolve));
}

/** Of agents, older pollers, documents, renewals, sources. */
const served = () =>
  [gatewayMethods(), pollerMethods(), documentMethods(), renewalMethods(), sourceMethods()] as const;
type Served = ReturnType<typeof served>;

interface Ours {
  readonly documents: ReturnType<typeof documentCalls>;
  readonly renewed: ReturnType<typeof renewCall>;
  readonly sources: ReturnType<typeof sourceCalls>;
}

/** What is read of each rpc, and who answers it. */
function serve(
  server: Server,
  [ofAgents, ofPollers]: Served,
  asked: ReturnType<typeof agentCalls>,
  pushed: ReturnType<typeof statusCalls>,
): void {
  const [status, small] = [statusBounds, smallBounds];
  server.addService(
    boundMethods(ofAgents, {
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
    boundMethods(ofPollers, { ReportStatus: status, StreamStatus: status }) as ServiceDefinition,
    { ReportStatus: pushed.reportStatus, StreamStatus: pushed.streamPoller },
  );
}

/** What agents of ours know beside that. */
function serveOurs(
  server: Server,
  [, , ofDocuments, ofRenewal, ofSources]: Served,
  { documents, renewed, sources }: Ours,
): void {
  server.addService(boundMethods(ofDocuments, { Transfer: documentBounds }) as ServiceDefinition, documents);
  server.addService(boundMethods(ofRenewal, { Renew: smallBounds }) as ServiceDefinition, { Renew: renewed });
  server.addService(boundMethods(ofSources, { Take: smallBounds }) as ServiceDefinition, sources);
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
