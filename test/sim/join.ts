/**
 * How fast many nodes become one cluster: a world without load or faults whose nodes all start within some seconds, and
 * the instant at which every one sees every other. For `npm run sim -- --join` and its test.
 */
import { defineActor } from '../../runtime/index.ts';
import { joinLookMs, joinPatienceMs } from './bounds.ts';
import { timerPart } from './event-loop.ts';
import { serviceKey } from './load.ts';
import { type Site, World } from './world.ts';

/** Simulated milliseconds from the last start until all see all as up and know all names; null: not in time. */
export function joinedAfterMs(
  seed: number,
  nodes: number,
  withinMs: number,
): { ms: number | null; world: World } {
  const world = new World(seed, nodes, null);
  world.store = null;
  for (const site of world.sites) {
    world.loop.put((withinMs * site.index) / nodes, timerPart, null, () => startNamed(world, site));
  }
  world.withLoad = false;
  world.loop.runUntil(withinMs);
  while (world.loop.nowMs < withinMs + joinPatienceMs) {
    world.loop.runUntil(world.loop.nowMs + joinLookMs);
    if (isOne(world)) return { ms: world.loop.nowMs - withinMs, world };
  }
  return { ms: null, world };
}

/** Each node has one name, so that all must learn as many as there are nodes. */
function startNamed(world: World, site: Site): void {
  const { node } = world.start(site);
  node.names.register(serviceKey(site.name, 'only'), node.system.spawn(idle), {});
}

const idle = defineActor<null, { start: []; call: Record<never, never>; cast: Record<never, never> }>({
  name: 'idle',
  init: () => null,
  call: {},
  cast: {},
});

function isOne(world: World): boolean {
  const living = world.living();
  return living.every(({ node }) => {
    let up = 0;
    for (const { status } of node.members.list()) if (status === 'up') up += 1;
    return up === living.length && node.names.list({}).length === living.length;
  });
}
