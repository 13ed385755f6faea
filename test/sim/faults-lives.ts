/**
 * Faults of whole nodes: stopped, killed, told to leave, away for longer than is remembered; and what every fault is made
 * of. Beside faults.ts, which says when, and those of connections.
 */
import { weekAwayMs } from './bounds.ts';
import { timerPart } from './event-loop.ts';
import type { Life } from './life.ts';
import type { Disturbance, Site, World } from './world.ts';

/** How it is ended. */
export interface Begun {
  readonly forMs: number;
  end(): void;
}

export function between(world: World, leastMs: number, mostMs: number): number {
  return leastMs + world.random.next() * (mostMs - leastMs);
}

export function somebody(world: World): Life | null {
  const living = world.living().filter((life) => !life.paused && !life.leaving);
  return living.length === 0 ? null : world.pick(living);
}

export function two(world: World): [Site, Site] {
  const from = world.pick(world.sites);
  const others = world.sites.filter((site) => site !== from);
  return [from, world.pick(others)];
}

/** Cuts the paths from each of some to each of others, one way. */
export function cutAll(world: World, paths: readonly (readonly [Site, Site])[], forMs: number, kind: string) {
  const { network, trace, loop } = world;
  trace.say(loop.nowMs, 'WORLD', `${kind} ${paths.map(([a, b]) => `${a.name}>${b.name}`).join(' ')}`);
  const told: Disturbance[] = [];
  for (const [from, to] of paths) {
    network.cut(from.host, to.host);
    told.push(world.disturb(kind, from.name, to.name, forMs));
  }
  return {
    forMs,
    end() {
      trace.say(loop.nowMs, 'WORLD', `${kind} is over`);
      for (const [from, to] of paths) network.heal(from.host, to.host);
      for (const one of told) one.toMs = loop.nowMs;
    },
  };
}

export function bothWays(a: readonly Site[], b: readonly Site[]): [Site, Site][] {
  return a.flatMap((one) =>
    b.flatMap((two): [Site, Site][] => [
      [one, two],
      [two, one],
    ]),
  );
}

export function pauseSomebody(world: World): Begun | null {
  const life = somebody(world);
  if (life === null) return null;
  const forMs = world.chance(0.7) ? between(world, 100, 4_000) : between(world, 4_000, 12_000);
  const told = world.disturb('pause', life.name, null, forMs);
  world.pause(life);
  return {
    forMs,
    end() {
      told.toMs = world.loop.nowMs;
      world.resume(life);
    },
  };
}

export function crashSomebody(world: World): Begun | null {
  const life = somebody(world);
  if (life === null) return null;
  const { site } = life;
  const forMs = world.chance(0.5) ? between(world, 50, 2_000) : between(world, 2_000, 12_000);
  const told = world.disturb('crash', life.name, null, forMs);
  world.crash(life, world.chance(0.7));
  return {
    forMs,
    end() {
      told.toMs = world.loop.nowMs;
      if (site.life === null) world.start(site);
    },
  };
}

/** It hands over and goes, and comes again. */
export function letLeave(world: World): Begun | null {
  const life = somebody(world);
  if (life === null || world.living().length < 2) return null;
  const { site } = life;
  const forMs = between(world, 500, 9_000);
  const told = world.disturb('leave', life.name, null, forMs);
  let isBack = false;
  const back = () => {
    told.toMs = world.loop.nowMs;
    if (site.life === null) world.start(site);
  };
  world.leave(life, () => isBack && world.loop.put(1, timerPart, null, back));
  return {
    forMs,
    end() {
      isBack = true;
      if (life.ended) back();
    },
  };
}

/**
 * One node is cut off, another is killed meanwhile and starts again; then more time passes than is remembered of what
 * lives wrote that are over.
 */
export function awayForAWeek(world: World): Begun | null {
  if (world.certificates !== null) return null;
  const [away, killed] = two(world);
  const others = world.sites.filter((site) => site !== away);
  let isOver = false;
  const later = (ms: number, act: () => void) => world.loop.put(ms, timerPart, null, () => isOver || act());
  const cut = cutAll(world, bothWays([away], others), weekAwayMs, 'isolated');
  later(200, () => {
    const told = world.disturb('crash', killed.name, null, 1_000);
    if (killed.life !== null && !killed.life.leaving) world.crash(killed.life, true);
    world.loop.put(1_000, timerPart, null, () => {
      told.toMs = world.loop.nowMs;
      if (killed.life === null) world.start(killed);
    });
  });
  later(weekAwayMs - 2_500, () => passAWeek(world));
  return {
    forMs: weekAwayMs,
    end() {
      isOver = true;
      cut.end();
    },
  };
}

/** On all wall clocks at once, as for machines that were frozen together. */
function passAWeek(world: World): void {
  world.trace.say(world.loop.nowMs, 'WORLD', 'more than a week passes');
  world.weeksAtMs.push(world.loop.nowMs);
  world.wallShiftMs += 8 * 24 * 3_600_000;
  for (const site of world.sites) {
    site.skewMs += 8 * 24 * 3_600_000;
    if (site.life !== null) site.life.clock.skewMs = site.skewMs;
  }
}
