/** Real processes that find each other by each strategy, and again after its back end was away. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DnsServer, dnsmasqMissing, zone } from '../contract/dns-server.ts';
import { KubernetesServer } from '../contract/kubernetes/api-server.ts';
import { type ScratchDatabase, scratchDatabase, startIn } from '../contract/scratch-database.ts';
import { formsAndHeals } from './discovery-heals.ts';
import { nodeProcesses } from './discovery-nodes.ts';
import { freePort, pause, picket, script } from './picket.ts';

const storyMs = 240_000;
const names = ['poller_1', 'agent_1', 'poller_2', 'agent_2'] as const;
type Addresses = [string, string, string, string, string];

/** One port on five addresses of the loopback network. */
async function onePort(): Promise<Addresses> {
  const port = await freePort();
  return [2, 3, 4, 5, 6].map((last) => `127.0.0.${last}:${port}`) as Addresses;
}

async function ports(): Promise<Addresses> {
  const free: string[] = [];
  for (let count = 0; count < 5; count += 1) free.push(`127.0.0.1:${await freePort()}`);
  return free as Addresses;
}

const split = (address: string) => {
  const [host, port] = address.split(':');
  return { host: host!, port: Number(port) };
};

describe.skipIf(dnsmasqMissing !== null)(
  `dns${dnsmasqMissing ? ` (skipped: ${dnsmasqMissing})` : ''}`,
  () => {
    let server: DnsServer;
    beforeAll(async () => {
      server = await DnsServer.start();
    });
    afterAll(() => server?.close());
    const rest = { names, away: () => server.shut(), back: () => server.open() };

    test('with A records forms a cluster and heals it', { timeout: storyMs }, async () => {
      const addresses = await onePort();
      const { port } = split(addresses[0]);
      const flags = ['--discovery', 'dns', '--dns-name', zone, '--dns-port', String(port)];
      await formsAndHeals({
        ...rest,
        addresses,
        flags: () => [...flags, '--dns-server', server.address],
        publish: (list) => server.set({ hosts: list.map((address) => split(address).host) }),
      });
    });

    test('with SRV records forms a cluster and heals it', { timeout: storyMs }, async () => {
      const addresses = await ports();
      const flags = ['--dns-name', `_picket._tcp.${zone}`, '--dns-server', server.address];
      await formsAndHeals({
        ...rest,
        addresses,
        environment: { PICKET_DISCOVERY: 'dns' },
        flags: () => flags,
        publish: (list) => server.set({ services: list.map(split) }),
      });
    });
  },
);

test('kubernetes forms a cluster and heals it', { timeout: storyMs }, async () => {
  const server = await KubernetesServer.start();
  const flags = ['--discovery', 'kubernetes', '--kubernetes-service', 'noc/picket:picket'];
  try {
    await formsAndHeals({
      names,
      addresses: await onePort(),
      flags: () => [...flags, '--kubernetes-api', server.url, '--kubernetes-account', server.account],
      publish: async (list) => server.set(list.map(split)),
      away: () => server.shut(),
      async back() {
        // Another token and no memory of old versions, as after an upgrade of the cluster's control plane.
        server.rotateToken();
        server.forgetHistory();
        await server.open();
      },
    });
  } finally {
    await server.close();
  }
});

test('postgres forms a cluster of cores and heals it', { timeout: storyMs }, async () => {
  const database: ScratchDatabase = await scratchDatabase();
  let { server } = database;
  try {
    await formsAndHeals({
      names: ['core_1', 'core_2', 'core_3', 'core_4'],
      addresses: await ports(),
      environment: { DATABASE_URL: server.url },
      flags: () => ['--discovery', 'postgres'],
      publish: async () => {},
      away: () => server.stop({ mode: 'immediate' }),
      async back() {
        server = await startIn(database.dataDir);
      },
    });
  } finally {
    await server.stop();
    await database.close();
  }
});

describe('static', () => {
  test('heals from one seed that comes late, and a list of dead hosts costs a few lines of log', {
    timeout: storyMs,
  }, async () => {
    const nodes = await nodeProcesses();
    try {
      const [one, two, three] = await ports();
      const dead = ['127.0.0.1:1', '127.0.0.9:9', '127.0.0.10:10'];
      const seeds = (...list: string[]) => list.flatMap((seed) => ['--seed', seed]);
      const first = await nodes.start('poller_1', one, seeds(...dead, three));
      const second = await nodes.start('agent_1', two, seeds(one));
      await nodes.full([first, second]);
      await pause(12_000);
      const third = await nodes.start('poller_2', three, []);
      await nodes.full([first, second, third]);
      const lines = first.log().filter(({ msg }) => msg.includes('discovery'));
      expect(lines.length).toBeLessThanOrEqual(6);
      expect(lines.some(({ failing }) => failing === 4)).toBe(true);
      await third.kill('SIGKILL');
      await nodes.full([first, second]);
      await nodes.full([first, second, await nodes.start('poller_2', three, [])]);
    } finally {
      await nodes.close();
    }
  });
});

describe('picket node', () => {
  const fixed = ['node', '--role', 'poller', '--name', 'poller_1', '--listen', '127.0.0.1:0'];

  test.each([
    [['--discovery', 'zeroconf'], 'zeroconf'],
    [['--discovery', 'dns'], 'needs --dns-name'],
    [['--discovery', 'gossip', '--gossip-group', '10.0.0.1:7401'], 'no multicast group'],
    [['--discovery', 'postgres'], 'a poller node has no database'],
    [['--discovery', 'kubernetes', '--kubernetes-service', 'a'], '--kubernetes-api'],
    [['--seed', 'nowhere'], '--seed'],
  ])('with %j ends with status 2 and says what is wrong', async (flags, text) => {
    const { status, err } = await picket(...fixed, ...flags);
    expect([status, err]).toEqual([2, expect.stringContaining(text)]);
  });

  test('takes a strategy from the environment, and refuses one that is none', async () => {
    const env = { PATH: process.env.PATH!, PICKET_DISCOVERY: 'smoke' };
    const child = spawn(process.execPath, [script, ...fixed], { env });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    const [status] = (await once(child, 'close')) as [number];
    expect([status, said]).toEqual([2, expect.stringContaining('one of static, dns')]);
  });
});
