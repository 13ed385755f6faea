/**
 * All sites of a simulated cluster, their network and their lives, and everything that can be done to them. Between a
 * history (which says when) and the parts. Collects what the checks find wrong.
 */
import { type Random, seededRandom } from '../../runtime/index.ts';
import { certificatesShare, guestsShare, recordedEvery, tenantsShare } from './bounds.ts';
import { Certificates } from './certificates.ts';
import { ChildLedger } from './child-ledger.ts';
import { startChildren } from './child-load.ts';
import { EventLoop, timerPart } from './event-loop.ts';
import { addGuests, startGuest, startHost } from './guests.ts';
import type { Announcement } from './insides.ts';
import { Ledger } from './ledger.ts';
import { Life } from './life.ts';
import { startLoad } from './load.ts';
import { type Host, Network } from './network.ts';
import { worldStartWallMs } from './process-clock.ts';
import { SimStore } from './sim-store.ts';
import { startTenants } from './tenant-load.ts';
import { Trace } from './trace.ts';

/** A place where lives of one node name follow each other. */
export interface Site {
  readonly index: number;
  readonly name: string;
  readonly role: string;
  /** Whose node it is; null: ours. */
  readonly tenant: string | null;
  readonly host: Host;
  seeds: readonly string[];
  life: Life | null;
  bootMax: number;
  skewMs: number;
}

/** Something that was done to the world, for whoever judges what followed. `a` and `b`: sites; `b` null: all others. */
export interface Disturbance {
  readonly kind: string;
  readonly a: string;
  readonly b: string | null;
  readonly fromMs: number;
  toMs: number;
}

/** Told of what the nodes say, as they say it. */
export interface WorldWatch {
  started?(life: Life): void;
  announced?(life: Life, announcement: Announcement): void;
  linkUp?(life: Life, peer: string): void;
  linkLost?(life: Life, peer: string, reason: string): void;
  /** It was killed, or stopped. */
  gone?(life: Life): void;
  /** It was stopped, and goes on. */
  resumed?(life: Life): void;
  leaves?(life: Life): void;
}

/** Changes every life before it begins: where a planted fault gets in. */
export type Plant = (life: Life, world: World) => void;

export class World {
  readonly loop = new EventLoop();
  readonly random: Random;
  readonly trace: Trace;
  readonly network: Network;
  readonly ledger = new Ledger();
  readonly children = new ChildLedger();
  readonly sites: Site[] = [];
  /** Nodes of a tenant, in the histories that take them: none of `living`. */
  readonly guests: Site[] = [];
  readonly guestCounts = { news: 0, answered: 0 };
  readonly lives: Life[] = [];
  readonly failures: string[] = [];
  readonly disturbances: Disturbance[] = [];
  readonly watches: WorldWatch[] = [];
  readonly plant: Plant | null;
  private readonly supersededNow = new Set<string>();
  withLoad = true;
  /** To measure: calls and registrations alone, no parts, no recorder. Who makes it calm makes no faults either. */
  readonly isCalm: boolean;
  /** With the flight recorder on, as in a product. */
  readonly isRecorded: boolean;
  /** When all faults were ended; null in the middle of them. */
  healedAtMs: number | null = null;
  /** Of the wall clocks of all, beside what each is off. */
  wallShiftMs = 0;
  /** When more than a week passed at once. */
  readonly weeksAtMs: number[] = [];
  /** In histories whose cores hold tenants. */
  store: SimStore | null = null;
  /** In histories whose certificates are short. */
  certificates: Certificates | null = null;
  /** While set nobody takes, changes or gives up names: what was on its way arrives, and lists can be compared. */
  isStill = false;

  constructor(seed: number, nodes: number, plant: Plant | null = null, traceLines = 0, isCalm = false) {
    this.random = seededRandom(seed);
    this.isCalm = isCalm;
    this.isRecorded = seed % recordedEvery === 0 && !isCalm;
    this.plant = plant;
    this.trace = new Trace(traceLines);
    this.network = new Network(this.loop, this.random, this.trace, nodes + 2);
    for (let at = 0; at < nodes; at += 1) this.addSite(at);
    const addresses = this.sites.map(({ host }) => host.address);
    // Some clusters know every address, some only the first.
    const known = this.chance(0.5) ? addresses : addresses.slice(0, 1 + this.below(2));
    for (const site of this.sites) site.seeds = known;
    if (!isCalm) this.addParts();
    for (const from of this.sites) {
      for (const to of this.sites)
        this.network.setLatency(from.host, to.host, 0.1 + this.random.next() * 1.5);
    }
  }

  /** What only some histories have, by their seed. */
  private addParts(): void {
    if (this.chance(tenantsShare)) this.store = new SimStore(this);
    if (this.chance(certificatesShare)) this.certificates = new Certificates(this);
    if (this.chance(guestsShare)) addGuests(this);
  }

  chance(share: number): boolean {
    return this.random.next() < share;
  }

  /** A whole number from 0 to below the bound. */
  below(bound: number): number {
    return Math.floor(this.random.next() * bound);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  living(): Life[] {
    return this.sites.flatMap(({ life }) => (life === null ? [] : [life]));
  }

  lifeOf(name: string, boot: number): Life | undefined {
    return this.lives.find((life) => life.name === name && life.boot === boot);
  }

  fail(what: string): void {
    this.failures.push(what);
    this.trace.say(this.loop.nowMs, 'CHECK', what);
  }

  /** A new life of a site; its boot is higher than that of any earlier one unless told. */
  start(site: Site, boot?: number): Life {
    const wallMs = Math.floor(worldStartWallMs + this.loop.nowMs + site.skewMs);
    const next = boot ?? Math.max(wallMs, site.bootMax + 1);
    const life = new Life(this, site, next, site.skewMs);
    site.bootMax = Math.max(site.bootMax, next);
    site.life = life;
    this.lives.push(life);
    this.trace.say(this.loop.nowMs, site.name, `starts with boot ${next}`);
    this.plant?.(life, this);
    for (const watch of this.watches) watch.started?.(life);
    life.begin();
    if (site.tenant !== null) {
      startGuest(this, life);
      return life;
    }
    if (this.withLoad) {
      startLoad(this, life);
      if (!this.isCalm) startChildren(this, life);
      if (this.guests.length > 0) startHost(this, life);
    }
    if (this.store !== null && site.role === 'core') startTenants(this, this.store, life);
    return life;
  }

  /** kill -9, or the power: without it nobody is told. */
  crash(life: Life, withPower: boolean): void {
    if (life.ended) return;
    this.trace.say(this.loop.nowMs, life.name, withPower ? 'is killed' : 'loses its power');
    life.ended = true;
    life.endedAtMs = this.loop.nowMs;
    life.site.life = null;
    this.network.processEnded(life.site.host, withPower);
    this.children.lifeEnded(life, this.loop.nowMs);
    for (const watch of this.watches) watch.gone?.(life);
  }

  /** SIGTERM: it hands its children over, says goodbye and ends. */
  leave(life: Life, left: () => void): void {
    this.trace.say(this.loop.nowMs, life.name, 'is told to stop');
    life.leaving = true;
    for (const watch of this.watches) watch.leaves?.(life);
    void life.node.stop().then(() => {
      this.crash(life, true);
      left();
    });
  }

  pause(life: Life): void {
    if (life.ended || life.paused) return;
    this.trace.say(this.loop.nowMs, life.name, 'is stopped');
    life.paused = true;
    life.pausedAtMs = this.loop.nowMs;
    for (const watch of this.watches) watch.gone?.(life);
  }

  resume(life: Life): void {
    if (life.ended || !life.paused) return;
    this.trace.say(this.loop.nowMs, life.name, 'goes on');
    life.resumedAtMs = this.loop.nowMs;
    for (const watch of this.watches) watch.resumed?.(life);
    this.loop.resume(life);
  }

  disturb(kind: string, a: string, b: string | null, forMs = 0): Disturbance {
    const nowMs = this.loop.nowMs;
    const disturbance = { kind, a, b, fromMs: nowMs, toMs: nowMs + forMs };
    this.disturbances.push(disturbance);
    return disturbance;
  }

  logged(life: Life, level: string, message: string, fields: Readonly<Record<string, unknown>>): void {
    // Stacks name files and lines: not the same in two builds of the same code.
    const { stack: _stack, ...told } = fields;
    this.trace.say(this.loop.nowMs, life.name, `${level} ${message} ${JSON.stringify(told)}`);
  }

  announced(life: Life, announcement: Announcement): void {
    for (const watch of this.watches) watch.announced?.(life, announcement);
  }

  /** Whether the site's life has been told that it is not the highest. */
  isSuperseding(name: string): boolean {
    return this.supersededNow.has(name);
  }

  /** A later boot of its name is known: the process ends, and whoever runs it starts it with a higher one. */
  superseded(life: Life, detail: string): void {
    if (life.ended) return;
    this.trace.say(this.loop.nowMs, life.name, `is superseded: ${detail}`);
    this.supersededNow.add(life.name);
    this.loop.put(0, timerPart, null, () => {
      this.supersededNow.delete(life.name);
      if (life.ended) return;
      this.crash(life, true);
      this.disturb('restart', life.name, null, 1_000);
      this.loop.put(500, timerPart, null, () => {
        if (life.site.life === null) this.start(life.site);
      });
    });
  }

  private addSite(index: number): void {
    const name = `node_${index}`;
    const role = index < 3 ? 'core' : 'poller';
    const identity = { kind: 'node', trustDomain: 'sim.local', role, name } as const;
    const host = this.network.addHost(name, identity);
    this.sites.push({ index, name, role, tenant: null, host, seeds: [], life: null, bootMax: 0, skewMs: 0 });
  }
}
