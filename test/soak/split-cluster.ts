/**
 * Nodes as real processes, each on a host of its own in network namespaces, and what can be done to them: packets dropped
 * one way or both, a process paused. Asks them what they see; the tests judge it. Needs root, `ip` and `nft`.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createAuthority, issueNode } from '../../certs/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { type Network, namespacesMissing, network } from '../e2e/namespaces.ts';
import { until } from '../e2e/picket.ts';
import type { HolderOrder } from './split-holder.ts';
import type { Line, Sight, SplitOrder, SplitReport } from './split-node.ts';

export const nodeNames = ['core_1', 'core_2', 'core_3'] as const;
const port = 7_400;
const answerMs = 150_000;
const meetMs = 30_000;

/** Why it cannot be here; null when it can. */
export const splitsMissing = namespacesMissing ?? packetFilterMissing();

function packetFilterMissing(): string | null {
  try {
    // Changes nothing: the check alone needs the program, the right and the kernel's part.
    execFileSync('nft', ['--check', 'add', 'table', 'inet', 'picket_try'], { stdio: 'pipe' });
    return null;
  } catch (error) {
    return `no packet filter (nft): ${(error as Error).message.split('\n')[0]}`;
  }
}

export interface SplitOptions {
  /** Unless told, three: `nodeNames`. */
  readonly names?: readonly string[];
  /** Every node also holds tenants of a database and writes for them; null: none does. */
  readonly holder?: HolderOrder | null;
}

export class SplitCluster {
  readonly names: readonly string[];
  private readonly hosts: Network;
  private readonly workers = new Map<string, ChildProcess>();

  private constructor(names: readonly string[], hosts: Network) {
    this.names = names;
    this.hosts = hosts;
  }

  /** `program`: the built `split-node.js`. Resolves when each sees all. */
  static async open(
    program: string,
    { names = nodeNames, holder = null }: SplitOptions = {},
  ): Promise<SplitCluster> {
    const cluster = new SplitCluster(names, network(names.length));
    try {
      const clock = systemClock();
      const authority = await createAuthority('splits.test', clock);
      const addresses = names.map((_, index) => `10.80.0.${index + 1}:${port}`);
      for (const [index, name] of names.entries()) {
        const [command, ...rest] = [...cluster.hosts.on(index + 1), process.execPath, program];
        const worker = spawn(command!, rest, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
        cluster.workers.set(name, worker);
        const credential = await issueNode(authority, { role: 'core', name }, clock);
        const listen = addresses[index]!;
        const seeds = addresses.filter((address) => address !== listen);
        await cluster.ask(name, { type: 'start', credential, listen, seeds, holder }, 'started');
      }
      await cluster.sightsUntil('all to be up', meetMs, isWhole);
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  async ask<T extends SplitReport['type']>(
    name: string,
    order: SplitOrder,
    wanted: T,
  ): Promise<SplitReport & { type: T }> {
    const worker = this.workers.get(name)!;
    const report = await new Promise<SplitReport>((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        worker.off('message', onMessage);
        worker.off('exit', onExit);
      };
      const onMessage = (answer: SplitReport) => {
        end();
        resolve(answer);
      };
      const onExit = () => {
        end();
        reject(new Error(`${name} has ended`));
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`${name} does not answer ${order.type}`));
      }, answerMs);
      worker.on('message', onMessage).on('exit', onExit);
      worker.send(order);
    });
    if (report.type === wanted) return report as SplitReport & { type: T };
    throw new Error(`${name}: ${report.type === 'failed' ? report.reason : report.type}`);
  }

  /** The same to every node, one after the other. */
  async askAll(order: SplitOrder): Promise<void> {
    for (const name of this.names) await this.ask(name, order, 'done');
  }

  look(name: string, names = false): Promise<Sight> {
    return this.ask(name, { type: 'look', names }, 'sight');
  }

  /** What each of these sees, as soon as `holds` says nothing against it. */
  async sightsUntil(
    what: string,
    withinMs: number,
    against: (sights: readonly Sight[]) => string | null,
    { names = false, of = this.names } = {},
  ): Promise<readonly Sight[]> {
    return await until(what, withinMs, async () => {
      const sights = await Promise.all(of.map((name) => this.look(name, names)));
      const fault = against(sights);
      if (fault !== null) throw new Error(fault);
      return sights;
    });
  }

  /** Packets from one host to the other are dropped where they come in. */
  drop(from: string, to: string): void {
    const rules = [
      'add table inet cut',
      'add chain inet cut in { type filter hook input priority 0; }',
      `add rule inet cut in ip saddr 10.80.0.${this.hostOf(from)} drop`,
    ];
    this.within(to, 'nft', rules.join('; '));
  }

  /** Nothing gets from the one side to the other any more. */
  part(here: readonly string[], there: readonly string[]): void {
    for (const one of here) {
      for (const other of there) {
        this.drop(one, other);
        this.drop(other, one);
      }
    }
  }

  /** One against all others. */
  isolate(name: string): void {
    this.part(
      [name],
      this.names.filter((other) => other !== name),
    );
  }

  mend(): void {
    for (const name of this.names) this.within(name, 'nft', 'add table inet cut; delete table inet cut');
  }

  signal(name: string, signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.workers.get(name)!.kill(signal);
  }

  async close(): Promise<void> {
    const ends = [...this.workers.values()].map(async (worker) => {
      if (worker.exitCode !== null || worker.signalCode !== null) return;
      const ended = new Promise((resolve) => worker.once('exit', resolve));
      worker.kill('SIGKILL');
      await ended;
    });
    await Promise.all(ends);
    this.hosts.close();
  }

  private within(name: string, ...command: string[]): void {
    const [first, ...rest] = [...this.hosts.on(this.hostOf(name)), ...command];
    execFileSync(first!, rest, { stdio: 'pipe' });
  }

  private hostOf(name: string): number {
    return this.names.indexOf(name) + 1;
  }
}

/** Of all nodes: each sees all of them up. */
export function isWhole(sights: readonly Sight[]): string | null {
  const wrong = sights.find(({ members }) => sights.some(({ node }) => members[node] !== 'up'));
  return wrong === undefined ? null : JSON.stringify(wrong.members);
}

/** Every id is held by one living actor, all nodes see it where that lives, and they see nothing else; else what is wrong. */
export function isExact(sights: readonly Sight[], ids: readonly string[]): string | null {
  const lives = new Map<string, string>();
  for (const { node, living } of sights) {
    for (const id of living) {
      const other = lives.get(id);
      if (other !== undefined) return `${id} lives on ${other} and on ${node}`;
      lives.set(id, node);
    }
  }
  const lost = ids.filter((id) => !lives.has(id));
  if (lost.length > 0) return `${lost.length} are lost: ${lost.slice(0, 3).join(', ')}`;
  if (lives.size !== ids.length) return `${lives.size - ids.length} live that nobody asked for`;
  for (const { node: seer, names } of sights) {
    const wrong = names.find(([id, node]) => lives.get(id) !== node);
    if (wrong !== undefined) return `${seer} sees ${wrong[0]} on ${wrong[1]}`;
    if (names.length !== ids.length) return `${seer} sees ${names.length} of ${ids.length}`;
  }
  return null;
}

export function said({ log }: Sight, message: string): Line[] {
  return log.filter((line) => line.message === message);
}
