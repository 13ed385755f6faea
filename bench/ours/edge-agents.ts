/**
 * The agents of the bench of the edge, all of them in this process, each with a certificate and a connection of its own. Driven
 * by its parent, and ends with it.
 */
import {
  type Authority,
  createIntermediate,
  issueLeaf,
  type KeyedCertificate,
  type PeerIdentity,
} from '../../certs/index.ts';
import { seededRandom, systemClock } from '../../runtime/index.ts';
import { quantile } from '../bench.ts';
import { edgeDialsAtOnce } from '../limits.ts';
import { obeyOrders } from '../obey-orders.ts';
import { EdgeClient } from './edge-client.ts';

export type EdgeAgentsOrder =
  /** Certificates for the agents of these places in the list, of tenants in turn. */
  | {
      readonly type: 'make';
      readonly authority: Authority;
      readonly tenantIds: readonly string[];
      readonly first: number;
      readonly count: number;
    }
  /** A handshake of each of these with a bare server. */
  | { readonly type: 'bare'; readonly address: string; readonly first: number; readonly count: number }
  /** All dial; they come back by themselves from then on. */
  | { readonly type: 'connect'; readonly address: string }
  | { readonly type: 'counts' }
  /** Each pushes once in so many milliseconds, evenly, for so long. */
  | { readonly type: 'push'; readonly everyMs: number; readonly forMs: number };

export type EdgeAgentsReport =
  | { readonly type: 'done'; readonly tookMs: number }
  /** `lastInAtMs`: when the last of those that are connected came in. */
  | { readonly type: 'counts'; readonly connected: number; readonly lastInAtMs: number }
  | { readonly type: 'pushed'; readonly stored: number; readonly refused: number; readonly p99Ms: number };

const clock = systemClock();
const random = seededRandom(1);
const agents: EdgeClient[] = [];
const issuers = new Map<string, KeyedCertificate>();
let connected = 0;
let lastInAtMs = 0;
let tookMs: number[] = [];
let refused = 0;

const needs = {
  clock,
  random: () => random.next(),
  changed(isIn: boolean) {
    connected += isIn ? 1 : -1;
    if (isIn) lastInAtMs = clock.wallMs();
  },
  pushed(ms: number, isStored: boolean) {
    if (isStored) tookMs.push(ms);
    else refused += 1;
  },
};

async function make({
  authority,
  tenantIds,
  first,
  count,
}: EdgeAgentsOrder & { type: 'make' }): Promise<void> {
  const { trustDomain, root } = authority;
  for (let at = first; at < first + count; at += 1) {
    const tenantId = tenantIds[at % tenantIds.length]!;
    const scope = { kind: 'tenant', tenantId } as const;
    const issuer = issuers.get(tenantId) ?? (await createIntermediate(root, trustDomain, scope, clock));
    issuers.set(tenantId, issuer);
    const id = `agent_${at}`;
    const identity: PeerIdentity = { kind: 'tenant', trustDomain, tenantId, role: 'agent', id };
    // The agents of a tenant are behind one address, as at a site.
    const place = at % tenantIds.length;
    const localAddress = `127.1.${1 + Math.floor(place / 250)}.${1 + (place % 250)}`;
    agents.push(new EdgeClient(id, await issueLeaf(root, issuer, { identity }, clock), localAddress, needs));
  }
}

/** So many at once, one after the other. */
async function all(some: readonly EdgeClient[], work: (agent: EdgeClient) => Promise<void>): Promise<number> {
  const startMs = performance.now();
  let next = 0;
  const lane = async () => {
    while (next < some.length) {
      const agent = some[next]!;
      next += 1;
      await work(agent);
    }
  };
  await Promise.all(Array.from({ length: edgeDialsAtOnce }, lane));
  return performance.now() - startMs;
}

async function push(everyMs: number, forMs: number): Promise<void> {
  tookMs = [];
  refused = 0;
  const startMs = performance.now();
  const under: Promise<void>[] = [];
  let sent = 0;
  const due = () => Math.floor(((performance.now() - startMs) / everyMs) * agents.length);
  while (performance.now() - startMs < forMs) {
    for (; sent < due(); sent += 1) under.push(agents[sent % agents.length]!.push());
    await new Promise<void>((resolve) => void clock.timer(10, resolve));
  }
  await Promise.all(under);
}

obeyOrders<EdgeAgentsOrder, EdgeAgentsReport>(async (order) => {
  const startMs = performance.now();
  switch (order.type) {
    case 'make':
      await make(order);
      return { type: 'done', tookMs: performance.now() - startMs };
    case 'bare':
      return {
        type: 'done',
        tookMs: await all(agents.slice(order.first, order.first + order.count), (agent) =>
          agent.bare(order.address),
        ),
      };
    case 'connect':
      void all(agents, (agent) => agent.connect(order.address));
      return { type: 'done', tookMs: 0 };
    case 'counts':
      return { type: 'counts', connected, lastInAtMs };
    case 'push':
      await push(order.everyMs, order.forMs);
      return { type: 'pushed', stored: tookMs.length, refused, p99Ms: quantile(tookMs, 0.99) };
  }
});
