/**
 * A cluster of any number of real node processes on this machine, over TLS on loopback, and what can be done to them: killed,
 * stopped, started again, starved of processors. Asks them what they see; `fleet-judge.ts` and the tests judge it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { type Authority, type Credential, createAuthority, issueNode } from '../../certs/index.ts';
import { systemClock } from '../../runtime/index.ts';
import { freePort, until } from '../e2e/picket.ts';
import { isExact } from './fleet-judge.ts';
import type { FleetOrder, FleetReport, FleetSight } from './fleet-node.ts';

const answerMs = 150_000;
const meetMs = 120_000;
const exactMs = 60_000;
const clock = systemClock();

export interface FleetNode {
  readonly name: string;
  readonly listen: string;
  readonly credential: Credential;
  worker: ChildProcess;
}

export class Fleet {
  readonly nodes = new Map<string, FleetNode>();
  private readonly program: string;
  private readonly authority: Authority;
  private readonly busy: ChildProcess[] = [];

  private constructor(program: string, authority: Authority) {
    this.program = program;
    this.authority = authority;
  }

  /** `program`: the built `fleet-node.js`. Resolves when each sees all. */
  static async open(program: string, names: readonly string[]): Promise<Fleet> {
    const fleet = new Fleet(program, await createAuthority('fleet.test', clock));
    try {
      for (const name of names) {
        const credential = await issueNode(fleet.authority, { role: 'core', name }, clock);
        const listen = `127.0.0.1:${await freePort()}`;
        fleet.nodes.set(name, { name, listen, credential, worker: fleet.launch() });
      }
      await Promise.all(names.map((name) => fleet.join(name)));
      await fleet.sightsUntil('all to be up', meetMs, (sights) => fleet.isWhole(sights));
      return fleet;
    } catch (error) {
      await fleet.close();
      throw error;
    }
  }

  get names(): string[] {
    return [...this.nodes.keys()];
  }

  others(name: string): string[] {
    return this.names.filter((one) => one !== name);
  }

  pid(name: string): number {
    return this.node(name).worker.pid!;
  }

  signal(name: string, signal: NodeJS.Signals): void {
    this.node(name).worker.kill(signal);
  }

  /** Resolves when the process has ended. */
  async kill(name: string): Promise<void> {
    await ended(this.node(name).worker, (worker) => worker.kill('SIGKILL'));
  }

  /** Told to leave; the status of its process. */
  async leave(name: string): Promise<number | null> {
    const { worker } = this.node(name);
    const order: FleetOrder = { type: 'leave' };
    await ended(worker, () => worker.send(order));
    return worker.exitCode;
  }

  /** A new process for a node whose process has ended. */
  async startAgain(name: string): Promise<void> {
    this.node(name).worker = this.launch();
    await this.join(name);
  }

  ask<T extends FleetReport['type']>(
    name: string,
    order: FleetOrder,
    wanted: T,
  ): Promise<FleetReport & { type: T }> {
    const { worker } = this.node(name);
    return new Promise((resolve, reject) => {
      const end = (act: () => void) => {
        cancel();
        worker.off('message', onMessage).off('exit', onExit);
        act();
      };
      const onMessage = (report: FleetReport) =>
        end(() => {
          if (report.type === wanted) resolve(report as FleetReport & { type: T });
          else reject(new Error(`${name}: ${report.type === 'failed' ? report.reason : report.type}`));
        });
      const onExit = () => end(() => reject(new Error(`${name} has ended`)));
      const cancel = clock.timer(answerMs, () =>
        end(() => reject(new Error(`${name} does not answer ${order.type}`))),
      );
      worker.on('message', onMessage).on('exit', onExit);
      worker.send(order);
    });
  }

  async sights(of: readonly string[] = this.names): Promise<Map<string, FleetSight>> {
    const seen = await Promise.all(of.map((name) => this.ask(name, { type: 'look' }, 'sight')));
    return new Map(seen.map((sight, index) => [of[index]!, sight]));
  }

  /** What each of these sees, as soon as `against` says nothing against it. */
  async sightsUntil(
    what: string,
    withinMs: number,
    against: (sights: ReadonlyMap<string, FleetSight>) => string | null,
    of: readonly string[] = this.names,
  ): Promise<Map<string, FleetSight>> {
    return await until(what, withinMs, async () => {
      const sights = await this.sights(of);
      const fault = against(sights);
      if (fault !== null) throw new Error(fault);
      return sights;
    });
  }

  /** Every id once, seen alike by all of these. */
  async exact(ids: readonly string[], of: readonly string[] = this.names): Promise<Map<string, FleetSight>> {
    return await this.sightsUntil('every name once', exactMs, (sights) => isExact(sights, ids), of);
  }

  /** Each of `by` sees all of the fleet as up. */
  isWhole(sights: ReadonlyMap<string, FleetSight>): string | null {
    for (const [by, { members }] of sights) {
      const missing = this.names.filter((name) => members[name] !== 'up');
      if (missing.length > 0) return `${by} sees ${missing.map((name) => `${name} ${members[name]}`).join()}`;
    }
    return null;
  }

  async load(ids: readonly string[], perTick: number, of: readonly string[] = this.names): Promise<void> {
    await Promise.all(of.map((name) => this.ask(name, { type: 'load', ids, perTick }, 'done')));
  }

  /** So many processes that do nothing but compute. */
  starve(count: number): void {
    for (let n = 0; n < count; n++)
      this.busy.push(spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' }));
  }

  async feed(): Promise<void> {
    await Promise.all(this.busy.splice(0).map((one) => ended(one, () => one.kill('SIGKILL'))));
  }

  async close(): Promise<void> {
    await this.feed();
    // Also one that is stopped ends so.
    await Promise.all(this.names.map((name) => this.kill(name)));
  }

  private node(name: string): FleetNode {
    return this.nodes.get(name)!;
  }

  private launch(): ChildProcess {
    return spawn(process.execPath, [this.program], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  }

  private async join(name: string): Promise<void> {
    const { listen, credential } = this.node(name);
    const seeds = this.others(name).map((other) => this.node(other).listen);
    await this.ask(name, { type: 'start', credential, listen, seeds, serves: true }, 'started');
  }
}

async function ended(worker: ChildProcess, act: (worker: ChildProcess) => void): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const gone = new Promise((resolve) => worker.once('exit', resolve));
  act(worker);
  await gone;
}
