/** An agent in a network of its own, from which nothing leads to the cluster but one gateway: it checks what only it reaches. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readToken } from '../../certs/index.ts';
import { endAgents, startAgent } from './agent-program.ts';
import { type Network, namespacesMissing, network } from './namespaces.ts';
import {
  type CheckRow,
  type Cluster,
  cluster,
  type GapRow,
  type ResultRow,
  script,
  until,
} from './picket.ts';

const title = (what: string) =>
  namespacesMissing === null ? what : `${what} (skipped: ${namespacesMissing})`;
/** Hosts of the network: what stands before the gateway, the agent, and what it is to watch. */
const [gatewayHost, agentHost, watchedHost] = [1, 2, 3];
const port = 7_443;
const watched = { host: `10.80.0.${watchedHost}`, port: 8_080 };

let net: Cluster;
let hosts: Network | null = null;
let relay: Server | null = null;
const children: ChildProcess[] = [];

/** A host's port that leads to a Unix socket: the one way out of that network. */
const forward =
  'const n=require("net");n.createServer(a=>{const b=n.connect(process.argv[1]);a.pipe(b);b.pipe(a);a.on("error",()=>b.destroy());b.on("error",()=>a.destroy())}).listen(+process.argv[2],process.argv[3],()=>console.log("up"))';
const listen =
  'require("net").createServer(s=>s.end()).listen(+process.argv[1],process.argv[2],()=>console.log("up"))';

async function on(host: number, ...args: string[]): Promise<void> {
  const [command, ...rest] = [...hosts!.on(host), process.execPath, '-e', ...args];
  const child = spawn(command!, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await new Promise<void>((resolve) => child.stdout!.once('data', () => resolve()));
}

beforeAll(async () => {
  if (namespacesMissing !== null) return;
  net = await cluster('core=1,web=0,poller=1,agent=1');
  await net.up();
  await net.ask('tenant', 'create', 'acme');
  hosts = network(3);
});
afterAll(async () => {
  endAgents();
  for (const child of children) child.kill('SIGKILL');
  relay?.close();
  hosts?.close();
  await net?.close();
});

test.skipIf(namespacesMissing !== null)(
  title('it alone watches a private address that nobody else reaches'),
  async () => {
    const gateways = await net.ask<{ metadata: { address: string } }[]>('registry', '--kind', 'gateway');
    const [host, gatewayPort] = gateways[0]!.metadata.address.split(':');
    const path = join(net.data, 'gateway.sock');
    relay = createServer((from) => {
      const to = connect({ host, port: Number(gatewayPort) });
      from.pipe(to);
      to.pipe(from);
      from.on('error', () => to.destroy());
      to.on('error', () => from.destroy());
    });
    await new Promise<void>((done) => relay!.listen(path, done));
    await on(gatewayHost, forward, path, String(port), `10.80.0.${gatewayHost}`);
    await on(watchedHost, listen, String(watched.port), watched.host);

    const routes = execFileSync('ip', [...hosts!.on(agentHost).slice(1), 'ip', 'route'], {
      encoding: 'utf8',
    });
    expect(routes.trim().split('\n')).toEqual([expect.stringContaining('10.80.0.0/24 dev eth0')]);
    const made = await net.ask<{ token: string }>(
      ...['package', 'create', '--tenant', 'acme', '--name', 'elsewhere', '--partition', 'plant'],
      ...['--endpoint', `10.80.0.${gatewayHost}:${port}`],
    );
    expect(readToken(made.token)).toMatchObject({ ok: true });
    const [token, dir] = [join(net.data, 'token_plant'), join(net.data, 'edge_plant')];
    execFileSync('sh', ['-c', `umask 077; cat > ${token}`], { input: made.token });
    // Not waited for by this thread: the way to the gateway leads through it.
    const [inside, ...rest] = [...hosts!.on(agentHost), process.execPath, script];
    await promisify(execFile)(inside!, [...rest, 'enroll', '--token-file', token, '--dir', dir]);
    const wanted = [
      ...['check', 'add', '--tenant', 'acme', '--name', 'press', '--kind', 'tcp', '--target', watched.host],
      ...['--port', String(watched.port), '--interval', '1s', '--timeout', '900ms'],
    ];
    const refused = await net.run(...wanted);
    expect([refused.status, refused.err]).toEqual([1, expect.stringContaining('target_not_allowed')]);
    const check = await net.ask<CheckRow>(...wanted, '--partition', 'plant');
    // The cluster has an agent of its own, which would find nobody there.
    const gaps = async () => {
      const flags = ['--tenant', 'acme', '--check', check.id, '--limit', '1000', '--gaps'];
      return (await net.ask<(ResultRow | GapRow)[]>('results', ...flags)).filter((row) => 'from' in row);
    };
    await until('nobody runs it', 20_000, async () =>
      (await gaps()).some(({ reason }) => reason === 'no_agent'),
    );
    const agent = startAgent(['--dir', dir], hosts!.on(agentHost));
    const results = () =>
      net.ask<ResultRow[]>('results', '--tenant', 'acme', '--check', check.id, '--limit', '20');
    await until('it is up', 40_000, async () => (await results()).some(({ status }) => status === 'success'));
    hosts!.unplug(watchedHost);
    await until('it is down', 40_000, async () => {
      const [newest] = (await results()).filter(({ agent: by }) => by === 'elsewhere');
      return newest!.status === 'timeout' || newest!.status === 'critical';
    });
    agent.kill('SIGTERM');
    expect(await agent.ended).toBe(0);
    const endedMs = Date.now();
    await until('nobody runs it again', 20_000, async () =>
      (await gaps()).some(({ reason, to }) => reason === 'no_agent' && Date.parse(to) > endedMs),
    );
    const by = (await results()).flatMap(({ agent: name }) => (name === null ? [] : [name]));
    expect(new Set(by)).toEqual(new Set(['elsewhere']));
  },
);
