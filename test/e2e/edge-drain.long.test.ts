/** A poller that ends while agents push: each is told to dial elsewhere, and no push is lost. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Ended, PlainClient } from '../edge/plain-grpc.ts';
import { message } from '../edge/plain-protobuf.ts';
import { enrolled, gateway, listening, pushOf, type Site } from './edge-site.ts';
import { type CheckRow, type Cluster, cluster, type ResultRow, type UpAnswer, until } from './picket.ts';
import { kill } from './processes.ts';

const patienceMs = 60_000;
const agents = 5;
const pushesEach = 12;
let net: Cluster;
let up: UpAnswer;

beforeAll(async () => {
  net = await cluster('core=1,web=0,poller=2,agent=0');
  up = await net.up();
  await net.ask('tenant', 'create', 'acme');
});
afterAll(() => net.close());

interface Told {
  /** Latencies (ms) of the pushes that were answered with yes, each once. */
  readonly stored: number[];
  /** Words of the statuses that were no yes. */
  readonly refusals: Set<string>;
}

/** Undefined: there is no connection. */
async function pushed(client: PlainClient | null, body: Buffer): Promise<Ended | undefined> {
  try {
    return await client?.unary(`${gateway}/PushStatus`, body);
  } catch {
    return undefined;
  }
}

/** Pushes each second until each push was answered with yes, and dials another gateway when it is told to, or cannot. */
async function push(site: Site, check: string, first: number, second: number, told: Told): Promise<void> {
  const ports = [first, second];
  let client: PlainClient | null = null;
  for (let number = 1; number <= pushesEach; number += 1) {
    const atMs = Date.now();
    const body = pushOf(check, number * 1e6, atMs);
    for (;;) {
      client ??= await site.dial(ports[0]).catch(() => null);
      const ended = await pushed(client, body);
      if (ended?.status === 0) break;
      // Without a status the connection ended before the push was taken: the other side knows nothing of it.
      if (ended !== undefined && ended.status > 0) told.refusals.add(ended.detail);
      client?.close();
      client = null;
      ports.reverse();
    }
    told.stored.push(number);
    // Of each second one: what is pushed counts for the instant before it.
    await until('the next second', patienceMs, () => Date.now() >= atMs + 1_000);
  }
  client?.close();
}

test('every push is answered with yes and stored once, by the poller that ends or by the other', async () => {
  const doors = await net.ask<{ id: string; metadata: { address: string } }[]>(
    'registry',
    '--kind',
    'gateway',
  );
  const portOf = (poller: string) =>
    Number(doors.find(({ id }) => id === poller)!.metadata.address.split(':')[1]);
  const [leaving, staying] = [portOf('poller_1'), portOf('poller_2')];
  const sites: { site: Site; check: string }[] = [];
  for (let at = 0; at < agents; at += 1) {
    const site = await enrolled(net, 'acme', `site_${at}`, `area_${at}`);
    const what = ['--kind', 'tcp', '--target', '203.0.113.1', '--port', '9', '--interval', '1s'];
    const where = ['--tenant', 'acme', '--name', `check_${at}`, '--partition', `area_${at}`];
    const added = await net.ask<CheckRow | CheckRow[]>('check', 'add', ...where, ...what);
    const client = await site.dial(leaving);
    await client.unary(`${gateway}/GetConfig`, message());
    client.close();
    sites.push({ site, check: [added].flat()[0]!.id });
  }
  const listener = await listening(sites[0]!.site, () => ({ success: true, payload: null }), leaving);
  const all = sites.map((): Told => ({ stored: [], refusals: new Set() }));
  const pushing = sites.map(({ site, check }, at) => push(site, check, leaving, staying, all[at]!));
  await until('all of them push', patienceMs, () => all.every(({ stored }) => stored.length >= 2));
  kill(up.nodes.find(({ name }) => name === 'poller_1')!.pid, 'SIGTERM');
  await Promise.all(pushing);
  for (const [at, { check }] of sites.entries()) {
    expect(all[at]).toMatchObject({ stored: Array.from({ length: pushesEach }, (_, one) => one + 1) });
    const flags = ['--tenant', 'acme', '--check', check, '--limit', '10000'];
    const rows = (await net.ask<ResultRow[]>('results', ...flags)).filter(({ agent }) => agent !== null);
    const latencies = rows.map(({ latency_ms }) => latency_ms!).sort((a, b) => a - b);
    expect(new Set(latencies).size).toBe(latencies.length);
    // Two pushes may fall before one instant, the first counts; the agent's clock and ours are one here.
    expect(latencies.length).toBeGreaterThanOrEqual(pushesEach - 1);
    expect(new Set(rows.map(({ poller }) => poller))).toEqual(new Set(['poller_1', 'poller_2']));
  }
  for (const { refusals } of all)
    for (const one of refusals) expect(one).toMatch(/^node_draining: |^core_away: /);
  expect(await listener.call.ended).toMatchObject({
    ...{ status: 14, detail: 'node_draining: this node ends: dial another gateway' },
  });
}, 240_000);
