/**
 * Three forked nodes that run supervised children over mTLS on loopback, for the benches that start children, kill a node, or
 * cut one off. Knows nothing of what is measured.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Authority, createAuthority, issueNode } from '../certs/index.ts';
import { systemClock } from '../runtime/index.ts';
import type { NodeOrder, SupervisorOrder, SupervisorReport } from './ours/supervisor-worker.ts';
import { ask, ended } from './worker-process.ts';

const trustDomain = 'bench.local';
const clock = systemClock();

export class SupervisorNodes {
  readonly names = ['core_1', 'core_2', 'core_3'] as const;
  private readonly authority: Authority;
  private readonly workers = new Map<string, ChildProcess>();
  private readonly addresses = new Map<string, string>();

  private constructor(authority: Authority) {
    this.authority = authority;
  }

  static async open(): Promise<SupervisorNodes> {
    const nodes = new SupervisorNodes(await createAuthority(trustDomain, clock));
    try {
      for (const name of nodes.names) nodes.addresses.set(name, `127.0.0.1:${await freePort()}`);
      await Promise.all(nodes.names.map((name) => nodes.start(name)));
      return nodes;
    } catch (error) {
      await nodes.close();
      throw error;
    }
  }

  /** Resolves when it sees all three. */
  async start(name: string): Promise<void> {
    const worker = fork(fileURLToPath(new URL('./ours/supervisor-worker.js', import.meta.url)));
    this.workers.set(name, worker);
    const credential = await issueNode(this.authority, { role: 'core', name }, clock);
    const seeds = [...this.addresses].filter(([other]) => other !== name).map(([, address]) => address);
    const listen = this.addresses.get(name)!;
    const members = this.names.length;
    const order: NodeOrder = { type: 'start', name, trustDomain, credential, listen, seeds, members };
    await this.ask(name, order, 'started');
  }

  ask<T extends SupervisorReport['type']>(
    name: string,
    order: SupervisorOrder,
    wanted: T,
  ): Promise<SupervisorReport & { type: T }> {
    return ask<SupervisorReport, T>(this.workers.get(name)!, order, wanted);
  }

  askAll<T extends SupervisorReport['type']>(
    names: readonly string[],
    order: SupervisorOrder,
    wanted: T,
  ): Promise<(SupervisorReport & { type: T })[]> {
    return Promise.all(names.map((name) => this.ask(name, order, wanted)));
  }

  /** kill -9. */
  async kill(name: string): Promise<void> {
    const worker = this.workers.get(name)!;
    await new Promise<void>((resolve) => {
      worker.once('exit', () => resolve());
      worker.kill('SIGKILL');
    });
  }

  async close(): Promise<void> {
    await Promise.all([...this.workers.values()].map(ended));
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
