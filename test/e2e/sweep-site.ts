/**
 * A customer's network for sweeps: one host that leads to the gateway, two with an agent each, and one that answers for as many
 * addresses as are wanted, in a network behind it. Knows nothing of what is right; the tests do.
 */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type AgentProcess, startAgent } from './agent-program.ts';
import { network } from './namespaces.ts';
import { type Cluster, script } from './picket.ts';

const [gatewayHost, targetHost] = [1, 4];
const agentHosts = [2, 3];
const gatewayPort = 7_443;
/** Open on every address that lives. */
export const openPort = 8_080;

const forward =
  'const n=require("net");n.createServer(a=>{const b=n.connect(process.argv[1]);a.pipe(b);b.pipe(a);a.on("error",()=>b.destroy());b.on("error",()=>a.destroy())}).listen(+process.argv[2],process.argv[3],()=>console.log("up"))';
const listen =
  'require("net").createServer({backlog:4096},s=>s.destroy()).listen(+process.argv[1],"0.0.0.0",4096,()=>console.log("up"))';

export interface SweepSite {
  /** One for each name of `agents`, in order. */
  start(agent: number): AgentProcess;
  close(): void;
}

export interface SiteAsked {
  readonly tenant: string;
  readonly partition: string;
  readonly agents: readonly string[];
  /** A network behind the target. */
  readonly network: string;
  /** Of it: what lives. */
  readonly living: readonly string[];
}

export async function sweepSite(net: Cluster, asked: SiteAsked): Promise<SweepSite> {
  const hosts = network(4);
  const children: ChildProcess[] = [];
  let relay: Server | null = null;
  const close = () => {
    for (const child of children) child.kill('SIGKILL');
    relay?.close();
    hosts.close();
  };
  const on = async (host: number, ...args: string[]) => {
    const [command, ...rest] = [...hosts.on(host), process.execPath, '-e', ...args];
    const child = spawn(command!, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    await new Promise<void>((resolve) => child.stdout!.once('data', () => resolve()));
  };
  const ip = (host: number, ...args: string[]) => {
    const [command, ...rest] = [...hosts.on(host), 'ip', ...args];
    execFileSync(command!, rest, { stdio: 'pipe' });
  };
  try {
    const gateways = await net.ask<{ metadata: { address: string } }[]>('registry', '--kind', 'gateway');
    const [host, port] = gateways[0]!.metadata.address.split(':');
    const path = join(net.data, 'gateway.sock');
    relay = createServer((from) => {
      const to = connect({ host, port: Number(port) });
      from.pipe(to);
      to.pipe(from);
      from.on('error', () => to.destroy());
      to.on('error', () => from.destroy());
    });
    await new Promise<void>((done) => relay!.listen(path, done));
    await on(gatewayHost, forward, path, String(gatewayPort), `10.80.0.${gatewayHost}`);
    for (const living of asked.living) ip(targetHost, 'route', 'add', 'local', living, 'dev', 'lo');
    await on(targetHost, listen, String(openPort));
    const folders: string[] = [];
    for (const [at, name] of asked.agents.entries()) {
      ip(agentHosts[at]!, 'route', 'add', asked.network, 'via', `10.80.0.${targetHost}`);
      folders.push(await enrol(net, asked, name, hosts.on(agentHosts[at]!)));
    }
    return { start: (agent) => startAgent(['--dir', folders[agent]!], hosts.on(agentHosts[agent]!)), close };
  } catch (error) {
    close();
    throw error;
  }
}

/** Where nothing but the gateway is: the way leads through this thread, which must not wait for it. */
async function enrol(
  net: Cluster,
  { tenant, partition }: SiteAsked,
  name: string,
  before: readonly string[],
): Promise<string> {
  const made = await net.ask<{ token: string }>(
    ...['package', 'create', '--tenant', tenant, '--name', name, '--partition', partition],
    ...['--endpoint', `10.80.0.${gatewayHost}:${gatewayPort}`],
  );
  const [token, dir] = [join(net.data, `token_${name}`), join(net.data, `edge_${name}`)];
  execFileSync('sh', ['-c', `umask 077; cat > ${token}`], { input: made.token });
  const [command, ...rest] = [
    ...before,
    process.execPath,
    script,
    'enroll',
    '--token-file',
    token,
    '--dir',
    dir,
  ];
  await promisify(execFile)(command!, rest);
  return dir;
}

/** `picket sweep run` until it ends; `seen` hears how far it is, from the lines that it prints for people. */
export async function runWatched(
  net: Cluster,
  sweep: readonly string[],
  seen: (percent: number, line: string) => void,
): Promise<{ status: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [script, 'sweep', 'run', ...sweep, '--data', net.data], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (part: Buffer) => {
    out += part.toString();
  });
  child.stderr.on('data', (part: Buffer) => {
    err += part.toString();
    for (const line of part.toString().split('\n')) {
      const percent = /(\d+) %/.exec(line)?.[1];
      if (percent !== undefined) seen(Number(percent), line);
    }
  });
  const status = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { status, out, err };
}

export interface RunRow {
  id: string;
  state: string;
  seconds: number;
  addresses: number;
  done: number;
  live: number;
  untold: number;
  refused: number;
  sent: number;
  rate_held: number;
  slices: number;
  slices_done: number;
  agents: string[];
  under_way: { slice: number; agent: string; done: number; rate: number }[];
  redone_count: number;
  redone: { slice: number; agent: string; why: string }[];
  why: string | null;
}

/** What the documents of a run hold: each host with the ports that answered, once for each time that it is in one. */
export async function documentsOf(net: Cluster, tenant: string, runId: string) {
  const rows = await net.ask<{ id: string; status: string; kind: string }[]>(
    ...['document', 'list', '--tenant', tenant, '--limit', '1000'],
  );
  const hosts: { host: string; ports: { port: number; available: boolean }[]; icmp?: { rtt: number } }[] = [];
  const slices = new Set<number>();
  for (const { id, status, kind } of rows) {
    if (kind !== 'sweep' || status !== 'whole') continue;
    const { out } = await net.run('document', 'get', id, '--tenant', tenant);
    for (const head of JSON.parse(out) as { run: string; slice: number; hosts: typeof hosts }[]) {
      if (head.run !== runId) continue;
      slices.add(head.slice);
      hosts.push(...head.hosts);
    }
  }
  return { slices, hosts };
}
