/**
 * The gateway of a poller with many agents of many tenants: what an agent costs while it pushes every 30 s, and how long all
 * of them take to be back after the poller ended, beside the same handshakes with a bare TLS server. Four processes: a core, the
 * poller, the agents, and this one.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { type Authority, createAuthority, issueNode } from '../certs/index.ts';
import { systemClock } from '../runtime/index.ts';
import type { Bench, Figures, Running } from './bench.ts';
import {
  edgeBackTimeoutMs,
  edgeLookMs,
  edgeMadeAtOnce,
  edgePushEveryMs,
  edgePushForMs,
  edgeSettleMs,
} from './limits.ts';
import type { EdgeAgentsOrder, EdgeAgentsReport } from './ours/edge-agents.ts';
import type { EdgeNodeOrder, EdgeNodeReport } from './ours/edge-node.ts';
import { ask, ended } from './worker-process.ts';

const trustDomain = 'bench.local';
const clock = systemClock();
const say = (line: string) => void process.stderr.write(`edge: ${line}\n`);
const pause = (ms: number) => new Promise<void>((resolve) => void clock.timer(ms, resolve));

/** Twelve characters, first a letter: the number in base 32. */
export function tenantIdOf(number: number): string {
  const digits = 'abcdefghijklmnopqrstuvwxyz234567';
  let id = '';
  for (let left = number; id.length < 11; left = Math.floor(left / 32)) id = digits[left % 32] + id;
  return `t${id}`;
}

class EdgeWorld {
  private readonly authority: Authority;
  private readonly tenantIds: readonly string[];
  private readonly count: number;
  private readonly core = fork(workerPath('edge-node'), { execArgv: ['--expose-gc'] });
  private readonly agents = fork(workerPath('edge-agents'));
  private poller: ChildProcess | null = null;
  private coreAddress = '';
  private pollerListen = '';
  private gatewayAddress = '';

  private constructor(authority: Authority, agents: number, tenants: number) {
    this.authority = authority;
    this.count = agents;
    this.tenantIds = Array.from({ length: tenants }, (_, at) => tenantIdOf(at));
  }

  static async open(agents: number, tenants: number): Promise<EdgeWorld> {
    const world = new EdgeWorld(await createAuthority(trustDomain, clock), agents, tenants);
    try {
      await world.begin();
      return world;
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  private async begin(): Promise<void> {
    const { authority, tenantIds, count } = this;
    const credential = await issueNode(authority, { role: 'core', name: 'core_1' }, clock);
    const start = { name: 'core_1', trustDomain, credential, listen: '127.0.0.1:0', seeds: [] };
    this.coreAddress = (await node(this.core, { type: 'core', tenantIds, ...start }, 'listening')).address;
    for (let first = 0; first < count; first += edgeMadeAtOnce) {
      const some = Math.min(edgeMadeAtOnce, count - first);
      const order = { type: 'make', authority, tenantIds, first, count: some } as const;
      await edge(this.agents, order, 'done');
      if (count > edgeMadeAtOnce) say(`${first + some} of ${count} agents have a certificate`);
    }
    [this.pollerListen, this.gatewayAddress] = [await freeAddress(), await freeAddress()];
  }

  async measure(): Promise<Figures> {
    const { core } = this;
    const bareMs = await this.bare();
    say(`${this.count} handshakes with a bare server: ${seconds(bareMs)}`);
    const { atMs: openMs } = await this.startPoller();
    const empty = await this.usage();
    await edge(this.agents, { type: 'connect', address: this.gatewayAddress }, 'done');
    const firstMs = (await this.allIn()) - openMs;
    say(`all were in after ${seconds(firstMs)}`);
    await pause(edgeSettleMs);
    const before = await this.usage();
    const push = { type: 'push', everyMs: edgePushEveryMs, forMs: edgePushForMs } as const;
    const pushed = await edge(this.agents, push, 'pushed');
    const after = await this.usage();
    const cpu = (after.cpuMs - before.cpuMs) / (after.atMs - before.atMs);
    say(
      `${pushed.stored} pushes were stored, ${pushed.refused} refused; ${(100 * cpu).toFixed(1)} % of a core`,
    );
    const agentBytes = Math.max(0, after.rssBytes - empty.rssBytes) / this.count;
    const early = await node(core, { type: 'suspicions' }, 'suspicions');
    await this.killPoller();
    const { atMs: againMs } = await this.startPoller();
    const fresh = await this.usage();
    // That the one that was killed is held to be dead is right.
    await node(core, { type: 'suspicions' }, 'suspicions');
    const backMs = (await this.allIn()) - againMs;
    const { count: late } = await node(core, { type: 'suspicions' }, 'suspicions');
    const back = await this.usage();
    const backCpuMs = (back.cpuMs - fresh.cpuMs) / this.count;
    say(`all were back after ${seconds(backMs)}, ${backCpuMs.toFixed(2)} ms of the poller's CPU for each`);
    await this.killPoller();
    return {
      agents: this.count,
      agent_bytes: agentBytes,
      poller_cpu_share: cpu,
      push_p99_ms: pushed.p99Ms,
      pushes_refused: pushed.refused,
      bare_s: bareMs / 1_000,
      first_s: firstMs / 1_000,
      back_s: backMs / 1_000,
      back_ratio: backMs / bareMs,
      back_cpu_ms: backCpuMs,
      suspected: early.count + late,
    };
  }

  private async bare(): Promise<number> {
    const credential = await issueNode(this.authority, { role: 'poller', name: 'poller_1' }, clock);
    const worker = fork(workerPath('edge-node'));
    try {
      const { address } = await node(
        worker,
        { type: 'bare', credential, listen: '127.0.0.1:0' },
        'listening',
      );
      let tookMs = 0;
      for (let first = 0; first < this.count; first += edgeMadeAtOnce) {
        const order = { type: 'bare', address, first, count: edgeMadeAtOnce } as const;
        tookMs += (await edge(this.agents, order, 'done')).tookMs;
      }
      return tookMs;
    } finally {
      await ended(worker);
    }
  }

  private async startPoller() {
    const credential = await issueNode(this.authority, { role: 'poller', name: 'poller_1' }, clock);
    this.poller = fork(workerPath('edge-node'), { execArgv: ['--expose-gc'] });
    const { pollerListen: listen, gatewayAddress, coreAddress } = this;
    const start = { name: 'poller_1', trustDomain, credential, listen, seeds: [coreAddress] };
    return await node(this.poller, { type: 'poller', gateway: gatewayAddress, ...start }, 'listening');
  }

  /** kill -9. */
  private async killPoller(): Promise<void> {
    const worker = this.poller!;
    await new Promise<void>((resolve) => {
      worker.once('exit', () => resolve());
      worker.kill('SIGKILL');
    });
    for (let now = this.count; now > 0; await pause(edgeLookMs))
      now = (await edge(this.agents, { type: 'counts' }, 'counts')).connected;
  }

  private usage() {
    return node(this.poller!, { type: 'usage' }, 'usage');
  }

  /** When the last one was. */
  private async allIn(): Promise<number> {
    const untilMs = clock.monotonicMs() + edgeBackTimeoutMs;
    for (;;) {
      const { connected, lastInAtMs } = await edge(this.agents, { type: 'counts' }, 'counts');
      if (connected === this.count) return lastInAtMs;
      if (clock.monotonicMs() > untilMs)
        throw new Error(`${connected} of ${this.count} agents are connected`);
      await pause(edgeLookMs);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.core, this.agents, this.poller].map((worker) => worker && ended(worker)));
  }
}

function node<T extends EdgeNodeReport['type']>(worker: ChildProcess, order: EdgeNodeOrder, wanted: T) {
  return ask<EdgeNodeReport, T>(worker, order, wanted);
}

function edge<T extends EdgeAgentsReport['type']>(worker: ChildProcess, order: EdgeAgentsOrder, wanted: T) {
  return ask<EdgeAgentsReport, T>(worker, order, wanted);
}

function workerPath(name: string): string {
  return fileURLToPath(new URL(`./ours/${name}.js`, import.meta.url));
}

function freeAddress(): Promise<string> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(`127.0.0.1:${port}`));
    });
  });
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

async function open(agents: number, tenants: number): Promise<Running> {
  const world = await EdgeWorld.open(agents, tenants);
  let isWarm = false;
  return {
    // What there is to warm up is the first half of a round: the certificates are made when it opens.
    async round() {
      if (!isWarm) {
        isWarm = true;
        return {};
      }
      return await world.measure();
    },
    close: () => world.close(),
  };
}

export const edgeAgentsDefault = 5_000;
export const edgeTenantsDefault = 1_000;

export function edgeBench(agents = edgeAgentsDefault, tenants = edgeTenantsDefault): Bench {
  const neither = (key: string) => ({ key, better: 'neither' }) as const;
  const less = (key: string) => ({ key, better: 'less' }) as const;
  return {
    name: 'edge',
    about: `${agents} agents of ${tenants} tenants on one gateway, and all of them back after its end (--agents N --tenants N)`,
    figures: [
      neither('agents'),
      ...['agent_bytes', 'poller_cpu_share', 'push_p99_ms', 'pushes_refused'].map(less),
      ...['bare_s', 'first_s', 'back_s', 'back_ratio', 'back_cpu_ms', 'suspected'].map(less),
    ],
    rounds: 1,
    contenders: [{ name: 'ours', open: () => open(agents, tenants) }],
  };
}
