/**
 * A real name server for tests: dnsmasq on a loopback port, serving a hosts file and SRV records that a test changes. Null
 * with the reason where dnsmasq is not installed.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { promises as dns } from 'node:dns';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const dnsmasqMissing =
  spawnSync('dnsmasq', ['--version']).status === 0 ? null : 'dnsmasq is not installed';

export const zone = 'picket.test';

export interface DnsRecords {
  /** Addresses of `picket.test`. */
  readonly hosts?: readonly string[];
  /** Of `_picket._tcp.picket.test`: host and port; the hosts become names with addresses. */
  readonly services?: readonly { readonly host: string; readonly port: number }[];
}

export class DnsServer {
  readonly port: number;
  private readonly folder = mkdtempSync(join(tmpdir(), 'picket-dns-'));
  private child: ChildProcess | null = null;
  private records: DnsRecords = {};

  private constructor(port: number) {
    this.port = port;
  }

  static async start(): Promise<DnsServer> {
    const server = new DnsServer(await freeUdpPort());
    await server.open();
    return server;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Serves these from now on: dnsmasq reads SRV records only at its start, so it is started anew. */
  async set(records: DnsRecords): Promise<void> {
    this.records = records;
    if (this.child === null) return;
    await this.shut();
    await this.open();
  }

  async open(): Promise<void> {
    const hosts = (this.records.hosts ?? []).map((host) => `${host} ${zone}`);
    const services = (this.records.services ?? []).map(({ host, port }, at) => ({
      line: `${host} node-${at}.${zone}`,
      srv: `--srv-host=_picket._tcp.${zone},node-${at}.${zone},${port}`,
    }));
    const file = join(this.folder, 'hosts');
    writeFileSync(
      file,
      `${[...hosts, ...services.map(({ line }) => line), '127.0.0.1 up.test'].join('\n')}\n`,
    );
    const child = spawn(
      'dnsmasq',
      [
        '--keep-in-foreground',
        '--conf-file=/dev/null',
        `--port=${this.port}`,
        '--listen-address=127.0.0.1',
        '--bind-interfaces',
        '--no-resolv',
        '--no-hosts',
        '--user=',
        '--group=',
        `--addn-hosts=${file}`,
        `--pid-file=${join(this.folder, 'pid')}`,
        '--local=/test/',
        ...services.map(({ srv }) => srv),
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let said = '';
    child.stderr!.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    this.child = child;
    for (;;) {
      if (child.exitCode !== null) throw new Error(`dnsmasq ended: ${said}`);
      const resolver = new dns.Resolver({ timeout: 200, tries: 1 });
      resolver.setServers([this.address]);
      if (await resolver.resolve4('up.test').then(Boolean, () => false)) return;
    }
  }

  async shut(): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null || child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  async close(): Promise<void> {
    await this.shut();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Free of UDP and of TCP: a name server listens to both, and the system's own choice is for one. */
export async function freeUdpPort(): Promise<number> {
  for (;;) {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const { port } = socket.address();
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (isFree) await new Promise<void>((resolve) => void server.close(() => resolve()));
    await new Promise<void>((resolve) => socket.close(resolve));
    if (isFree) return port;
  }
}
