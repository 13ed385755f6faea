/**
 * The actor that has the gateway's port of a poller open for as long as it lives, and tells the cluster where it is. Wires
 * the listener with enrolment and with the services for those that have a certificate.
 */
import { defaultPartition, platformTenant } from '../actors/messages.ts';
import type { Cluster, RegistryKey } from '../cluster/index.ts';
import { enrollmentMethods } from '../proto/index.ts';
import { type ActorSystem, type Clock, defineActor, type Log, messageOf } from '../runtime/index.ts';
import { type AgentDoor, openAgentDoor } from './agent-door.ts';
import { type CoreAsker, enrolHandlers } from './enrol-service.ts';
import { ImportedTrust } from './imported-trust.ts';
import { EdgeListener, type EdgeTrust } from './listener.ts';
import { Admission } from './listener-admission.ts';
import { packagesTopic, serialOfEnded } from './package-news.ts';
import { authoritiesTopic, tenantOfNews } from './source-news.ts';

export interface GatewayNeeds {
  readonly system: ActorSystem;
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly log: Log;
  /** `HOST:PORT` to listen on. */
  readonly listen: string;
  readonly trust: EdgeTrust;
  ask: CoreAsker['ask'];
  /** Told of the listener while there is one: trust and credential change outside of the actors. */
  opened(listener: EdgeListener | null, door: AgentDoor | null): void;
}

export interface GatewayProtocol {
  start: [];
  call: { address(): string };
  cast: Record<never, never>;
}

interface GatewayState {
  listener: EdgeListener;
  address: string;
}

/** The gateway of a poller; its metadata say where it is dialled: `address`. */
function gatewayKey(node: string): RegistryKey {
  return { tenant: platformTenant, partition: defaultPartition, kind: 'gateway', id: node };
}

/** Hosts that say nothing of where a listener is reached. */
const everywhere: ReadonlySet<string> = new Set(['0.0.0.0', '[::]']);

export function gateway(needs: GatewayNeeds) {
  const { cluster, clock, log, listen, trust } = needs;
  const asker: CoreAsker = { cores: () => cluster.members.live('core'), ask: needs.ask };
  return defineActor<GatewayState, GatewayProtocol>({
    name: 'gateway',
    trapExit: true,
    async init(self) {
      const handlers = enrolHandlers({
        ...asker,
        nowMs: () => clock.wallMs(),
        log: (message, fields) => log('info', message, fields),
      });
      const door = openAgentDoor(needs);
      const imported = new ImportedTrust({ cores: asker, clock, log });
      const listener = new EdgeListener({
        listen,
        trust,
        clock,
        log,
        admission: new Admission(asker),
        enrolment: { methods: enrollmentMethods(), handlers },
        known: door,
        imported,
      });
      const address = await listener.listen();
      needs.opened(listener, door);
      const over = (news: unknown) => {
        const serial = serialOfEnded(news);
        if (serial !== null) listener.putOut(serial);
      };
      cluster.topics.subscribe(packagesTopic, over, self.signal);
      const others = (news: unknown) => {
        const tenantId = tenantOfNews(news);
        if (tenantId === null) return;
        imported.changed(tenantId);
        void listener.importedChanged(tenantId);
      };
      cluster.topics.subscribe(authoritiesTopic, others, self.signal);
      const host = address.slice(0, address.lastIndexOf(':'));
      const told = everywhere.has(host) ? null : address;
      cluster.names.register(gatewayKey(cluster.node), self.ref, { status: 'available', address: told });
      log('info', 'the gateway listens', { address });
      return { listener, address };
    },
    call: { address: (self) => self.state.address },
    cast: {},
    info(self, info) {
      if (info.type === 'exit') self.stop(info.reason);
    },
    async terminate(self) {
      needs.opened(null, null);
      await self.state.listener
        .close()
        .catch((error: unknown) =>
          log('warn', 'the gateway was not closed in order', { error: messageOf(error) }),
        );
    },
  });
}
