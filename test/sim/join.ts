/**
 * How fast many nodes become one cluster: a world without load or faults whose nodes all start within some seconds, and
 * the instant at which every one sees every other. For `npm run sim -- --join` and its test.
 */
import { defineActor } from '../../runtime/index.ts';
import { joinLookMs, joinPatienceMs } from './bounds.ts';
import { timerPart } from './event-loop.ts';
import type { Life } from './life.ts';
import { serviceKey } from './load.ts';
import { type Site, World } from './world.ts';

/** A world without load whose nodes start one after the other, each with one name. */
export function joiningWorld(seed: number, nodes: number, withinMs: number): World {
  const world = new World(seed, nodes, null);
  world.store = null;
  world.withLoad = false;
  for (const site of world.sites) {
    world.loop.put((withinMs * site.index) / nodes, timerPart, null, () => startNamed(world, site));
  }
  return world;
}

/** Simulated milliseconds until all see all and know all of so many names; null: not within `joinPatienceMs`. */
export function untilOneMs(world: World, names: number): number | null {
  const fromMs = world.loop.nowMs;
  while (world.loop.nowMs < fromMs + joinPatienceMs) {
    world.loop.runUntil(world.loop.nowMs + joinLookMs);
    if (isOne(world, names)) return world.loop.nowMs - fromMs;
  }
  return null;
}

/** Simulated milliseconds from the last start until all see all as up and know all names; null: not in time. */
export function joinedAfterMs(
  seed: number,
  nodes: number,
  withinMs: number,
): { ms: number | null; world: World } {
  const world = joiningWorld(seed, nodes, withinMs);
  world.loop.runUntil(withinMs);
  return { ms: untilOneMs(world, nodes), world };
}

/** Each node has one name, so that all must learn as many as there are nodes. */
function startNamed(world: World, site: Site): void {
  takeName(world.start(site), 'only');
}

/** For an actor that does nothing. */
export function takeName({ name, node }: Life, place: string): void {
  node.names.register(serviceKey(name, place), node.system.spawn(idle), {});
}

const idle = defineActor<null, { start: []; call: Record<never, never>; cast: Record<never, never> }>({
  name: 'idle',
  init: () => null,
  call: {},
  cast: {},
});

function isOne(world: World, names: number): boolean {
  const living = world.living();
  return living.every(({ node }) => {
    const others = node.members.live('core').length + node.members.live('poller').length;
    if (others !== living.length) return false;
    let up = 0;
    for (const { status } of node.members.list()) if (status === 'up') up += 1;
    return up === living.length && node.names.list({}).length === names;
  });
}
