/**
 * One life of a node: a process with the real `ClusterNode` in it, its services and its load. Between the world (which
 * starts, stops and kills it) and the checks (which look into it). What it holds is written down here by the load, so
 * that it can be compared with what its registry says.
 */
import { ClusterNode, formatKey, type Transport } from '../../cluster/index.ts';
import { type Ref, seededRandom } from '../../runtime/index.ts';
import type { Due, Process } from './event-loop.ts';
import { GuestTransport, guestAccess } from './guests.ts';
import { observe, unrecorded } from './insides.ts';
import type { HeldName } from './ledger.ts';
import { type ProcessClock, processClock } from './process-clock.ts';
import { SimTransport } from './sim-transport.ts';
import type { Site, World } from './world.ts';

export class Life implements Process {
  readonly name: string;
  readonly site: Site;
  readonly boot: number;
  readonly clock: ProcessClock;
  readonly node: ClusterNode;
  readonly startedAtMs: number;
  ended = false;
  paused = false;
  /** It was told to stop, and hands over what it has. */
  leaving = false;
  held: Due[] = [];
  endedAtMs: number | null = null;
  /** When it last went on after a pause. */
  pausedAtMs = 0;
  resumedAtMs = 0;
  /** Names that actors of this life hold, as they know it. */
  readonly holds = new Map<string, HeldName>();
  /** The supervised services as they run now, by their place. */
  readonly services = new Map<string, Ref>();
  /** Peers whose link is up, since when. */
  readonly linkedSinceMs = new Map<string, number>();
  /** How often the link to a peer was lost. */
  readonly losses = new Map<string, number>();

  constructor(world: World, site: Site, boot: number, skewMs: number) {
    this.name = site.name;
    this.site = site;
    this.boot = boot;
    this.startedAtMs = world.loop.nowMs;
    const chance = world.random.next();
    this.clock = processClock(world.loop, this, Math.floor(chance * 1e9), skewMs);
    this.node = new ClusterNode({
      name: site.name,
      role: site.role,
      boot,
      pid: 1_000 + site.index,
      advertise: null,
      seeds: site.seeds,
      tenant: site.tenant,
      tenantAccess: world.guests.length > 0 && site.tenant === null ? guestAccess : null,
      transport: this.transportIn(world),
      clock: this.clock,
      random: seededRandom(Math.floor(chance * 2 ** 32)),
      log: (level, message, fields) => world.logged(this, level, message, fields),
      onSuperseded: (detail) => world.superseded(this, detail),
    });
    if (!world.isRecorded) unrecorded(this.node, world.isCalm);
    observe(this.node, {
      announced: (announcement) => world.announced(this, announcement),
      linkUp: (peer, peerBoot) => {
        if (!this.linkedSinceMs.has(peer)) this.linkedSinceMs.set(peer, world.loop.nowMs);
        for (const watch of world.watches) watch.linkUp?.(this, peer);
        world.trace.say(world.loop.nowMs, this.name, `link up to ${peer} of boot ${peerBoot}`);
      },
      linkDown: (peer, peerBoot, reason) => {
        this.linkedSinceMs.delete(peer);
        this.losses.set(peer, (this.losses.get(peer) ?? 0) + 1);
        for (const watch of world.watches) watch.linkLost?.(this, peer, reason);
        world.trace.say(world.loop.nowMs, this.name, `link lost to ${peer} of boot ${peerBoot}: ${reason}`);
      },
      withdrew: () => this.holds.clear(),
    });
  }

  private transportIn(world: World): Transport {
    const transport = new SimTransport(world.network, this.site.host, this);
    if (this.site.tenant === null) return transport;
    return new GuestTransport(transport, (secret, from) =>
      world.fail(`${from} sent ${secret} to ${this.name}`),
    );
  }

  begin(): void {
    void this.node.start();
  }

  hold(name: HeldName): void {
    this.holds.set(formatKey(name.key), name);
  }

  /** The actor has ended: what it held it holds no more. */
  letGo(ref: Ref): void {
    for (const [text, held] of this.holds) if (held.ref.id === ref.id) this.holds.delete(text);
  }
}
