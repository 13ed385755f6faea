/**
 * Forked nodes that hold names over mTLS on loopback, for the benches of the registry and of hung nodes: as many as asked
 * for, with one that comes anew, is stopped, or is ended. Knows nothing of what is measured.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Authority, createAuthority, issueNode } from '../certs/index.ts';
import { systemClock } from '../runtime/index.ts';
import { type Contender, type Figures, PeerAbsent, type Running } from './bench.ts';
import type { NameNodeOrder, NameOrder, NameReport } from './ours/names-worker.ts';
import { ask, ended } from './worker-process.ts';

const trustDomain = 'bench.local';
const clock = systemClock();

interface NameNode {
  readonly worker: ChildProcess;
  readonly address: string;
}

export class NameNodes {
  private readonly authority: Authority;
  private readonly nodes = new Map<string, NameNode>();

  private constructor(authority: Authority) {
    this.authority = authority;
  }

  /** `core_1` and so on, each of which sees all. */
  static async open(count: number): Promise<NameNodes> {
    const nodes = new NameNodes(await createAuthority(trustDomain, clock));
    try {
      for (let n = 1; n <= count; n += 1) await nodes.start(`core_${n}`, 0);
      await nodes.askAll({ type: 'await_members', count }, 'reached');
      return nodes;
    } catch (error) {
      await nodes.close();
      throw error;
    }
  }

  get names(): string[] {
    return [...this.nodes.keys()];
  }

  /** The ports that they listen on. */
  get ports(): number[] {
    return [...this.nodes.values()].map(({ address }) => Number(address.slice(address.lastIndexOf(':') + 1)));
  }

  /** How long the node took, from its own start in a process that was there, until it saw so many names. */
  async start(name: string, names: number): Promise<number> {
    const worker = fork(fileURLToPath(new URL('./ours/names-worker.js', import.meta.url)));
    try {
      const credential = await issueNode(this.authority, { role: 'core', name }, clock);
      const seeds = [...this.nodes.values()].map(({ address }) => address);
      const members = this.nodes.size + 1;
      const order: NameNodeOrder = { type: 'start', name, trustDomain, credential, seeds, members, names };
      const { address, elapsedMs } = await ask<NameReport, 'started'>(worker, order, 'started');
      this.nodes.set(name, { worker, address });
      return elapsedMs;
    } catch (error) {
      await ended(worker);
      throw error;
    }
  }

  ask<T extends NameReport['type']>(
    name: string,
    order: NameOrder,
    wanted: T,
  ): Promise<NameReport & { type: T }> {
    return ask<NameReport, T>(this.nodes.get(name)!.worker, order, wanted);
  }

  /** All but those that are named in `without`. */
  askAll<T extends NameReport['type']>(
    order: NameOrder,
    wanted: T,
    without: readonly string[] = [],
  ): Promise<(NameReport & { type: T })[]> {
    const asked = this.names.filter((name) => !without.includes(name));
    return Promise.all(asked.map((name) => this.ask(name, order, wanted)));
  }

  signal(name: string, signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.nodes.get(name)!.worker.kill(signal);
  }

  /** kill -9, which ends a stopped process too. The others have seen it go when this resolves. */
  async kill(name: string): Promise<void> {
    const { worker } = this.nodes.get(name)!;
    this.nodes.delete(name);
    await new Promise<void>((resolve) => {
      worker.once('exit', () => resolve());
      worker.kill('SIGKILL');
    });
    await this.askAll({ type: 'await_members', count: this.nodes.size }, 'reached');
  }

  async close(): Promise<void> {
    await Promise.all([...this.nodes.values()].map(({ worker }) => ended(worker)));
  }
}

/** Waits that are part of a measurement, or between two. */
export function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => void clock.timer(forMs, resolve));
}

/** Ours, on so many nodes. */
export function ours(
  count: number,
  prepare: (nodes: NameNodes) => Promise<unknown>,
  round: (nodes: NameNodes) => Promise<Figures>,
): Contender {
  const open = async (): Promise<Running> => {
    const nodes = await NameNodes.open(count);
    try {
      await prepare(nodes);
    } catch (error) {
      await nodes.close();
      throw error;
    }
    return { round: () => round(nodes), close: () => nodes.close() };
  };
  return { name: 'ours', open };
}

/** Elixir's registry is no program that these benches start: said, not left out in silence. */
export const horde: Contender = {
  name: 'horde',
  open: () => Promise.reject(new PeerAbsent('it is not run by this bench')),
};
