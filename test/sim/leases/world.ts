/**
 * One platform of a few cores and pollers over one simulated database: starts, stops, kills and looks. Between a history
 * (who lets time pass), its faults and load (who change things here) and the judge.
 */
import { tenantKey } from '../../../actors/messages.ts';
import { type Random, seededRandom } from '../../../runtime/index.ts';
import { tenantRow } from '../../contract/tenant-row.ts';
import { EventLoop, socketPart } from '../event-loop.ts';
import { Trace } from '../trace.ts';
import { clockSkewMaxMs, startMsMax } from './bounds.ts';
import { type Core, startSimCore } from './core.ts';
import { ModelDatabase } from './database.ts';
import type { Flaw } from './flaws.ts';
import { Judge } from './judge.ts';
import { PlayedCluster } from './played-cluster.ts';
import { playedPoller } from './played-poller.ts';
import { SimProcess } from './sim-process.ts';

export interface Site {
  readonly name: string;
  readonly role: 'core' | 'poller';
  boot: number;
  life: { readonly process: SimProcess; readonly core: Core | null } | null;
}

export interface Plan {
  readonly seed: number;
  readonly flaw: Flaw | null;
  readonly traceLines: number;
}

export class World {
  readonly loop = new EventLoop();
  readonly random: Random;
  readonly trace: Trace;
  readonly database: ModelDatabase;
  readonly judge: Judge;
  readonly cluster: PlayedCluster;
  readonly sites: readonly Site[];
  readonly tenants: readonly string[];
  /** A day passes with nothing running: its checks are seldom due. */
  readonly hasDayOff: boolean;
  private readonly flaw: Flaw | null;

  constructor({ seed, flaw, traceLines }: Plan) {
    this.flaw = flaw;
    this.random = seededRandom(seed);
    this.trace = new Trace(traceLines);
    this.database = new ModelDatabase(this.loop, this.random, flaw);
    this.judge = new Judge(this.database, (what) => this.say('WORLD', what));
    this.cluster = new PlayedCluster(this.loop, this.random);
    const siteOf = (role: Site['role'], count: number): Site[] =>
      Array.from({ length: count }, (_, at) => ({ name: `${role}_${at + 1}`, role, boot: 0, life: null }));
    this.sites = [...siteOf('core', 2 + this.below(3)), ...siteOf('poller', 1 + this.below(2))];
    this.hasDayOff = this.chance(0.12);
    const count = this.chance(0.1) ? 24 : 2 + this.below(5);
    this.tenants = Array.from({ length: count }, (_, at) => `tenant${letters(at)}`);
    for (const id of this.tenants) this.database.tenantRows.set(id, tenantRow(id, id));
  }

  begin(): void {
    for (const site of this.sites) {
      this.loop.put(this.random.next() * startMsMax, socketPart, null, () => {
        if (site.life === null) this.start(site);
      });
    }
  }

  start(site: Site): void {
    site.boot += 1;
    const skewMs = this.chance(0.3) ? (this.random.next() * 2 - 1) * clockSkewMaxMs : 0;
    const { name, role, boot } = site;
    const process = new SimProcess(this.loop, {
      ...{ name, role, boot, skewMs, chance: this.random.next() },
      log: (level, message, fields) => this.say(name, `${level} ${message} ${JSON.stringify(fields)}`),
    });
    this.say('WORLD', `${name} starts, boot ${boot}`);
    const cluster = this.cluster.join(process);
    if (role === 'poller') process.system.spawn(playedPoller(cluster));
    const core = role === 'core' ? startSimCore(process, cluster, this.database, this.flaw) : null;
    site.life = { process, core };
  }

  kill(site: Site): void {
    if (site.life === null) return;
    this.say('WORLD', `${site.name} is killed`);
    site.life.process.ended = true;
    site.life = null;
    this.cluster.changed(site.name, true);
  }

  /** Told to stop; it is gone when its tree has ended. */
  drain(site: Site): void {
    const { life } = site;
    if (life?.core == null) return;
    this.say('WORLD', `${site.name} is told to stop`);
    const { process, core } = life;
    void process.system.ended(core.tree.ref).then(() => {
      if (site.life === life) this.kill(site);
    });
    process.system.exit(core.tree.ref, 'shutdown');
  }

  cores(): Site[] {
    return this.sites.filter(({ role, life }) => role === 'core' && life !== null);
  }

  /** Cores on which the tenant's tree runs under a lease, with the epoch that it tells. */
  activeOn(tenantId: string): { readonly site: Site; readonly epoch: number }[] {
    const { partition, kind } = tenantKey(tenantId);
    const active = [];
    for (const site of this.cores()) {
      for (const { key, metadata } of this.cluster.seats.get(site.name)!.own.values()) {
        if (key.tenant === tenantId && key.kind === kind && key.partition === partition)
          active.push({ site, epoch: metadata.epoch as number });
      }
    }
    return active;
  }

  chance(share: number): boolean {
    return this.random.next() < share;
  }

  below(count: number): number {
    return Math.floor(this.random.next() * count);
  }

  pick<T>(of: readonly T[]): T {
    return of[this.below(of.length)]!;
  }

  say(who: string, what: string): void {
    this.trace.say(this.loop.nowMs, who, what);
  }
}

function letters(at: number): string {
  let text = '';
  for (let rest = at, place = 0; place < 6; place += 1, rest = Math.floor(rest / 26))
    text = String.fromCharCode(97 + (rest % 26)) + text;
  return text;
}
