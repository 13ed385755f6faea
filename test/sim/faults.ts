/**
 * What goes wrong in a simulated world, when and for how long, by chance from the seed. Every fault is written into the
 * world's disturbances, so that the checks know what a node may be blamed for, and every one can be healed at once.
 */
import { certificateSkewMaxMs, clockSkewMaxMs, faultEveryMs } from './bounds.ts';
import { timerPart } from './event-loop.ts';
import {
  awayForAWeek,
  type Begun,
  between,
  bothWays,
  crashSomebody,
  cutAll,
  letLeave,
  pauseSomebody,
  somebody,
  two,
} from './faults-lives.ts';
import { troubleGuest } from './guests.ts';
import { insidesOf } from './insides.ts';
import type { Site, World } from './world.ts';

interface Fault {
  readonly share: number;
  /** Answers how it is ended, or null when it is over at once. */
  begin(world: World): Begun | null;
}

export class Faults {
  private readonly world: World;
  private readonly open = new Set<() => void>();
  private untilMs = 0;
  private everyMs = 0;

  constructor(world: World) {
    this.world = world;
  }

  begin(forMs: number): void {
    this.world.healedAtMs = null;
    this.untilMs = this.world.loop.nowMs + forMs;
    this.everyMs = this.world.pick(faultEveryMs);
    this.later();
  }

  /** Everything works again: cuts are healed, who was stopped goes on, who was killed is started. */
  healAll(): void {
    const { world } = this;
    for (const end of [...this.open]) end();
    world.trace.say(world.loop.nowMs, 'WORLD', 'is healed');
    world.healedAtMs = world.loop.nowMs;
    for (const site of [...world.sites, ...world.guests]) if (site.life === null) world.start(site);
  }

  private later(): void {
    const { world } = this;
    const delayMs = world.random.next() * 2 * this.everyMs;
    if (world.loop.nowMs + delayMs >= this.untilMs) return;
    world.loop.put(delayMs, timerPart, null, () => {
      this.one();
      this.later();
    });
  }

  private one(): void {
    const { world } = this;
    let at = world.random.next() * sharesTotal;
    const fault = faults.find(({ share }) => {
      at -= share;
      return at < 0;
    });
    const begun = fault?.begin(world) ?? null;
    if (begun === null) return;
    const end = () => {
      if (!this.open.delete(end)) return;
      begun.end();
    };
    this.open.add(end);
    world.loop.put(begun.forMs, timerPart, null, end);
  }
}

function halves(world: World): [Site[], Site[]] {
  const left: Site[] = [];
  const right: Site[] = [];
  for (const site of world.sites) (world.chance(0.5) ? left : right).push(site);
  return [left, right];
}

const faults: readonly Fault[] = [
  {
    share: 3,
    begin: (world) => cutAll(world, [two(world)], between(world, 200, 9_000), 'one way cut'),
  },
  {
    share: 2,
    begin(world) {
      const [a, b] = two(world);
      return cutAll(world, bothWays([a], [b]), between(world, 200, 9_000), 'path cut');
    },
  },
  {
    share: 2,
    begin(world) {
      const [left, right] = halves(world);
      return cutAll(world, bothWays(left, right), between(world, 500, 12_000), 'split');
    },
  },
  {
    // Two sides that only one node can still reach.
    share: 1,
    begin(world) {
      const [left, right] = halves(world);
      if (left.length < 2) return null;
      return cutAll(
        world,
        bothWays(left.slice(1), right),
        between(world, 500, 12_000),
        'split with a bridge',
      );
    },
  },
  {
    share: 1,
    begin(world) {
      const site = world.pick(world.sites);
      const others = world.sites.filter((one) => one !== site);
      return cutAll(world, bothWays([site], others), between(world, 500, 9_000), 'isolated');
    },
  },
  { share: 4, begin: (world) => pauseSomebody(world) },
  { share: 2, begin: (world) => crashSomebody(world) },
  { share: 1.5, begin: (world) => letLeave(world) },
  { share: 0.5, begin: (world) => awayForAWeek(world) },
  { share: 2, begin: troubleGuest },
  { share: 1.5, begin: (world) => world.certificates?.revokeSomebody() ?? null },
  { share: 3, begin: (world) => loseConnection(world) },
  { share: 1, begin: (world) => forgetConnection(world) },
  { share: 2, begin: (world) => delayPaths(world) },
  { share: 2, begin: (world) => moveClock(world) },
  { share: 2, begin: (world) => dialTwice(world) },
  { share: 1, begin: (world) => readSlowly(world) },
  { share: 1, begin: (world) => loseStore(world) },
];
const sharesTotal = faults.reduce((sum, { share }) => sum + share, 0);

/** Both ends of one connection lose it, one of them perhaps later. */
function loseConnection(world: World): null {
  const life = somebody(world);
  const ends = life === null ? [] : [...life.site.host.ends];
  if (life === null || ends.length === 0) return null;
  const end = world.pick(ends);
  const laterMs = world.chance(0.5) ? 0 : between(world, 0, 3_000);
  world.trace.say(world.loop.nowMs, 'WORLD', `a connection of ${life.name} and ${end.to.name} is reset`);
  world.disturb('reset', life.name, end.to.name, laterMs);
  end.lost('ECONNRESET');
  world.loop.put(laterMs, timerPart, null, () => end.other.lost('ECONNRESET'));
  return null;
}

/** Something on the way forgets a connection: bytes vanish both ways, and nobody is told. */
function forgetConnection(world: World): null {
  const life = somebody(world);
  const ends = life === null ? [] : [...life.site.host.ends];
  if (life === null || ends.length === 0) return null;
  const end = world.pick(ends);
  world.trace.say(world.loop.nowMs, 'WORLD', `a connection of ${life.name} and ${end.to.name} is forgotten`);
  world.disturb('forgotten', life.name, end.to.name, 10_000);
  end.blackhole();
  end.other.blackhole();
  return null;
}

function delayPaths(world: World) {
  const { network } = world;
  const [a, b] = two(world);
  const delayMs = between(world, 5, 400);
  const before = network.jitterMs;
  network.setLatency(a.host, b.host, delayMs);
  network.jitterMs = delayMs / 2;
  const forMs = between(world, 1_000, 9_000);
  const told = world.disturb('delay', a.name, b.name, forMs);
  return {
    forMs,
    end() {
      told.toMs = world.loop.nowMs;
      network.setLatency(a.host, b.host, 0.3);
      network.jitterMs = Math.min(before, 0.2);
    },
  };
}

function moveClock(world: World): null {
  const site = world.pick(world.sites);
  const mostMs = world.certificates === null ? clockSkewMaxMs : certificateSkewMaxMs;
  const stepMs = Math.min(mostMs, world.chance(0.7) ? 60_000 : clockSkewMaxMs);
  const offMs = site.skewMs - world.wallShiftMs + between(world, -stepMs, stepMs);
  site.skewMs = world.wallShiftMs + Math.max(-mostMs, Math.min(mostMs, offMs));
  if (site.life !== null) site.life.clock.skewMs = site.skewMs;
  world.trace.say(world.loop.nowMs, 'WORLD', `the wall clock of ${site.name} is off by ${site.skewMs}`);
  return null;
}

/** Two nodes dial each other, linked or not. */
function dialTwice(world: World): null {
  const [a, b] = two(world);
  world.trace.say(world.loop.nowMs, 'WORLD', `${a.name} and ${b.name} dial each other`);
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    if (from.life !== null && !from.life.paused)
      insidesOf(from.life.node).mesh.dialAddress(to.host.address, null);
  }
  return null;
}

function readSlowly(world: World) {
  const life = somebody(world);
  if (life === null) return null;
  const forMs = between(world, 200, 4_000);
  const ends = [...life.site.host.ends].map((end) => end.other);
  const told = world.disturb('slow reader', life.name, null, forMs);
  for (const end of ends) end.stall();
  return {
    forMs,
    end() {
      told.toMs = world.loop.nowMs;
      for (const end of ends) end.unstall();
    },
  };
}

/** One core, or all of them, cannot reach the database; what they asked may have been done. */
function loseStore(world: World) {
  const { store, trace, loop } = world;
  if (store === null) return null;
  const names = world.chance(0.5) ? world.sites.map(({ name }) => name) : [world.pick(world.sites).name];
  trace.say(loop.nowMs, 'WORLD', `the store is away for ${names.join(' ')}`);
  for (const name of names) store.away.add(name);
  return {
    forMs: between(world, 300, 9_000),
    end() {
      for (const name of names) store.away.delete(name);
    },
  };
}
