/**
 * A process of the soak of attacks at the edge: a gateway with two tenants, an agent that pushes to two gateways in turn and
 * measures, or the agent that attacks. Told by its parent what to be; ends with it.
 */
import { type Authority, type Credential, clientTlsOptions, createIntermediate } from '../../certs/index.ts';
import { type Gateway, type GatewayAuthority, openGateway } from '../../edge/testing/gateways.ts';
import { checkView, type playTenant } from '../../edge/testing/stage.ts';
import { systemClock } from '../../runtime/index.ts';
import { manners, type Victim } from '../edge/attack-manners.ts';
import { PlainClient } from '../edge/plain-grpc.ts';
import { message } from '../edge/plain-protobuf.ts';
import { edgeAddressEvery, edgePushPauseMs } from './bounds.ts';

export type EdgeAttackOrder =
  | {
      readonly type: 'gateway';
      readonly authority: Authority;
      readonly tenants: readonly string[];
      readonly victim: Victim;
    }
  /** `collect`: the garbage goes first, which stops the loop for a moment. */
  | { readonly type: 'totals'; readonly collect: boolean }
  | {
      readonly type: 'push';
      readonly credential: Credential;
      /** The one that is attacked, and the one that is not. */
      readonly ports: readonly [number, number];
      readonly item: string;
      readonly forMs: number;
    }
  | {
      readonly type: 'attack';
      readonly manner: string;
      readonly credential: Credential;
      readonly port: number;
      readonly victim: Victim;
      readonly forMs: number;
    };

export interface GatewayTotals {
  readonly rssBytes: number;
  readonly heldBytes: number;
  readonly connections: number;
  readonly crashes: number;
  /** Results of the tenant that is not attacked, and those among them that are not of its own agent. */
  readonly rows: number;
  readonly strangeRows: number;
}

export type EdgeAttackReport =
  | { readonly type: 'listening'; readonly port: number }
  | ({ readonly type: 'totals' } & GatewayTotals)
  | {
      readonly type: 'pushed';
      readonly p99Ms: readonly [number, number];
      readonly pushes: number;
      readonly failed: number;
    }
  | { readonly type: 'attacked'; readonly answers: number; readonly leaks: readonly string[] };

const clock = systemClock();
const service = '/monitoring.AgentGatewayService';
const pause = (ms: number) => new Promise<void>((resolve) => void clock.timer(ms, resolve));
let gateway: Gateway;
let theirs: ReturnType<typeof playTenant>;
let victimId = '';

async function open({ authority, tenants, victim }: EdgeAttackOrder & { type: 'gateway' }): Promise<number> {
  const unused = () => Promise.reject(new Error('the parent signs'));
  const signing: GatewayAuthority = {
    ...{ authority, lists: [], rotate: unused, retire: unused, leaf: unused },
    issuer: (tenantId) =>
      createIntermediate(authority.root, authority.trustDomain, { kind: 'tenant', tenantId }, clock),
  };
  gateway = await openGateway('poller_1', signing, clock);
  for (const tenant of tenants) {
    const core = gateway.play(tenant);
    if (tenant !== victim.tenantId) continue;
    theirs = core;
    theirs.checks = [{ ...checkView, id: victim.checkId, name: 'only-b' }];
    victimId = victim.agentId;
  }
  return gateway.port;
}

function totals(collect: boolean): GatewayTotals {
  if (collect) (globalThis as { gc?: () => void }).gc?.();
  const { heldBytes, connections } = gateway.door.totals();
  const { crashes } = gateway.system.counts();
  const strangeRows = theirs.rows.filter(({ agent }) => agent !== victimId).length;
  const rssBytes = process.memoryUsage.rss();
  return { rssBytes, heldBytes, connections, crashes, rows: theirs.rows.length, strangeRows };
}

async function push({ credential, ports, item: name, forMs }: EdgeAttackOrder & { type: 'push' }) {
  const clients = await Promise.all(
    ports.map((port) => PlainClient.dial(port, clientTlsOptions(credential))),
  );
  const item = message([1, name], [2, true], [3, '{}'], [4, 'tcp'], [9, 'status']);
  const body = message([1, item]);
  const tookMs: [number[], number[]] = [[], []];
  let failed = 0;
  const endMs = clock.monotonicMs() + forMs;
  while (clock.monotonicMs() < endMs) {
    for (const [at, client] of clients.entries()) {
      const startMs = performance.now();
      const { status } = await client.unary(`${service}/PushStatus`, body);
      if (status === 0) tookMs[at]!.push(performance.now() - startMs);
      else failed += 1;
    }
    await pause(edgePushPauseMs);
  }
  for (const client of clients) client.close();
  const p99 = (sorted: number[]) =>
    sorted.sort((a, b) => a - b)[Math.floor(sorted.length * 0.99)] ?? Infinity;
  const p99Ms = [p99(tookMs[0]), p99(tookMs[1])] as const;
  return { type: 'pushed', p99Ms, pushes: tookMs[0].length + tookMs[1].length, failed } as const;
}

async function attack({ manner, credential, port, victim, forMs }: EdgeAttackOrder & { type: 'attack' }) {
  const tls = clientTlsOptions(credential);
  const endMs = clock.monotonicMs() + forMs;
  const leaks: string[] = [];
  const clients: PlainClient[] = [];
  let answers = 0;
  let dials = 0;
  await manners[manner]!({
    victim,
    pause,
    isOver: () => clock.monotonicMs() > endMs,
    answered(path, _status, messages) {
      answers += 1;
      if (messages.some((one) => one.includes(victim.checkId))) leaks.push(path);
    },
    async dial() {
      dials += 1;
      // What one address may do is bounded: this one has many.
      const from = { localAddress: `127.0.3.${1 + (Math.floor(dials / edgeAddressEvery) % 250)}` };
      const client = await PlainClient.dial(port, { ...tls, ...from });
      clients.push(client);
      return client;
    },
  });
  for (const client of clients) client.close();
  return { type: 'attacked', answers, leaks } as const;
}

async function obey(order: EdgeAttackOrder): Promise<EdgeAttackReport> {
  if (order.type === 'gateway') return { type: 'listening', port: await open(order) };
  if (order.type === 'totals') return { type: 'totals', ...totals(order.collect) };
  return order.type === 'push' ? await push(order) : await attack(order);
}

process.on('message', (order: EdgeAttackOrder) => {
  void obey(order).then(
    (report) => process.send!(report),
    (error: Error) => {
      throw error;
    },
  );
});
process.on('disconnect', () => process.exit(0));
