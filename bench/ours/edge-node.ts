/**
 * One process of the bench of the edge: a core that holds the tenants and watches the poller; the poller with its gateway, as
 * the product has it; or a bare TLS server, which is what the same handshakes cost without us. Driven by its parent.
 */
import { createServer } from 'node:tls';
import { type Credential, noPolicy, rootsOf, serverTlsOptions } from '../../certs/index.ts';
import type { ClusterNode } from '../../cluster/index.ts';
import { gateway } from '../../edge/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { obeyOrders } from '../obey-orders.ts';
import { benchNode } from './bench-node.ts';
import { holdTenants } from './edge-tenants.ts';

interface Start {
  readonly name: string;
  readonly trustDomain: string;
  readonly credential: Credential;
  readonly listen: string;
  readonly seeds: readonly string[];
}

export type EdgeNodeOrder =
  | ({ readonly type: 'core'; readonly tenantIds: readonly string[] } & Start)
  /** `gateway`: where agents dial. Answered when it listens and the core is seen. */
  | ({ readonly type: 'poller'; readonly gateway: string } & Start)
  | { readonly type: 'bare'; readonly credential: Credential; readonly listen: string }
  | { readonly type: 'usage' }
  /** How often the poller was held to be anything but up, since it was first up or since this was asked. */
  | { readonly type: 'suspicions' };

export type EdgeNodeReport =
  /** Of the gateway, the bare server, or the node. */
  | { readonly type: 'listening'; readonly address: string; readonly atMs: number }
  | { readonly type: 'usage'; readonly rssBytes: number; readonly cpuMs: number; readonly atMs: number }
  | { readonly type: 'suspicions'; readonly count: number };

const clock = systemClock();
const pollerName = 'poller_1';
let suspicions = 0;
let node: ClusterNode | null = null;

async function join(order: Start, role: 'core' | 'poller'): Promise<string> {
  const { name, trustDomain, credential, listen, seeds } = order;
  node = benchNode({ name, role, trustDomain, credential, seeds, listen, told: ['error'] });
  return await node.start();
}

/** A life counts from when it is up: one that was killed is rightly down. */
function watchPoller(from: ClusterNode): void {
  let life = 0;
  let was = '';
  from.members.watch(() => {
    const seen = from.members.list().find(({ name }) => name === pollerName);
    if (seen === undefined) return;
    if (seen.boot !== life) was = '';
    life = seen.boot;
    if (was === 'up' && seen.status !== 'up') suspicions += 1;
    was = seen.status;
  }, new AbortController().signal);
}

async function openGateway(own: ClusterNode, order: Start & { gateway: string }): Promise<string> {
  const { credential, trustDomain } = order;
  const actor = gateway({
    system: own.system,
    cluster: own,
    clock,
    log(level, message, fields) {
      if (level === 'warn') process.stderr.write(`${own.node}: ${message} ${JSON.stringify(fields)}\n`);
    },
    listen: order.gateway,
    trust: {
      trustDomain,
      credential: () => credential,
      roots: () => rootsOf(credential),
      policy: () => noPolicy,
      revocationLists: () => [],
    },
    ask: (core, procedure, argument, timeoutMs) => own.procedures.ask(core, procedure, argument, timeoutMs),
    opened() {},
  });
  const ref = own.system.spawn(actor);
  return await own.system.call(ref).address();
}

function openBare(credential: Credential, listen: string): Promise<string> {
  const [host, port] = listen.split(':');
  const server = createServer({ ...serverTlsOptions(credential), ALPNProtocols: ['h2'] }, (socket) => {
    socket.on('error', () => {});
    // The client's side is done when the server's first byte is there.
    socket.write('.');
  });
  server.on('tlsClientError', () => {});
  return new Promise((resolve) =>
    server.listen({ host, port: Number(port), backlog: 4_096 }, () => {
      const { address, port: bound } = server.address() as { address: string; port: number };
      resolve(`${address}:${bound}`);
    }),
  );
}

obeyOrders<EdgeNodeOrder, EdgeNodeReport>(async (order) => {
  const listening = (address: string) => ({ type: 'listening', address, atMs: clock.wallMs() }) as const;
  switch (order.type) {
    case 'core': {
      const address = await join(order, 'core');
      holdTenants(node!, order.tenantIds);
      node!.declare('edge_bearer', { access: 'node', run: () => ({ partition: 'default' }) });
      watchPoller(node!);
      return listening(address);
    }
    case 'poller':
      await join(order, 'poller');
      await until(() => node!.members.live('core').length > 0);
      return listening(await openGateway(node!, order));
    case 'bare':
      return listening(await openBare(order.credential, order.listen));
    case 'usage': {
      (globalThis as { gc?: () => void }).gc?.();
      const { user, system } = process.cpuUsage();
      const rssBytes = process.memoryUsage.rss();
      return { type: 'usage', rssBytes, cpuMs: (user + system) / 1_000, atMs: clock.wallMs() };
    }
    case 'suspicions': {
      const count = suspicions;
      suspicions = 0;
      return { type: 'suspicions', count };
    }
  }
});

async function until(seen: () => boolean): Promise<void> {
  while (!seen()) await new Promise<void>((resolve) => void clock.timer(20, resolve));
}
