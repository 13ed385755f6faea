/** Faults that histories found, told again by hand: they do not depend on what a seed happens to do. */
import { expect, it } from 'vitest';
import type { Ref } from '../../runtime/index.ts';
import { outsidePromises } from './event-loop.ts';
import { joinedAfterMs } from './join.ts';
import type { Life } from './life.ts';
import { type WorkerProbe, watcher, worker } from './worker.ts';
import { World } from './world.ts';

const probe: WorkerProbe = { started() {}, told() {}, astray() {} };

function quietWorld(nodes: number): { world: World; lives: Life[] } {
  const world = new World(1, nodes);
  world.withLoad = false;
  world.store = null;
  const lives = world.sites.map((site) => world.start(site));
  world.loop.runUntil(3_000);
  return { world, lives };
}

function downsOf(life: Life, ref: Ref): string[] {
  const downs: string[] = [];
  const { system } = life.node;
  const watching = system.spawn(watcher, (_monitor, _ref, reason) => void downs.push(reason));
  system.cast(watching).watch(ref, () => {});
  return downs;
}

it('tells a monitor of a loss that only the other end saw, though a new link takes the place of the old', async () => {
  for (const loser of [0, 1]) {
    const downs = await outsidePromises(() => {
      const { world, lives } = quietWorld(2);
      const [left, right] = [lives[loser]!, lives[1 - loser]!];
      const told = downsOf(right, left.node.system.spawn(worker, probe, 'thing'));
      world.loop.runUntil(4_000);
      // The kernel of one end gives the connection up; nothing of that ever reaches the other.
      const [end] = [...left.site.host.ends];
      world.network.cut(left.site.host, right.site.host);
      end!.lost('ETIMEDOUT');
      world.network.heal(left.site.host, right.site.host);
      world.loop.runUntil(20_000);
      expect(right.node.members.list().map(({ status }) => status)).toEqual(['up', 'up']);
      return told;
    });
    expect(downs).toEqual(['node_down']);
  }
});

it('lets thirty nodes that start within five seconds see each other and each name within a second', async () => {
  const { ms } = await outsidePromises(() => joinedAfterMs(1, 30, 5_000));
  expect(ms).not.toBeNull();
  expect(ms).toBeLessThanOrEqual(1_000);
});

it('knows a node dead within five seconds whose power went', async () => {
  const told = await outsidePromises(() => {
    const { world, lives } = quietWorld(3);
    const announced = announcementsTo(world, lives[0]!);
    world.crash(lives[2]!, false);
    world.loop.runUntil(world.loop.nowMs + 5_000);
    return announced;
  });
  expect(told).toEqual(['node_2 suspect', 'node_2 down']);
});

it('does not call a node dead that stood still for four seconds', async () => {
  const told = await outsidePromises(() => {
    const { world, lives } = quietWorld(3);
    const announced = announcementsTo(world, lives[0]!);
    world.pause(lives[1]!);
    world.loop.runUntil(world.loop.nowMs + 4_000);
    world.resume(lives[1]!);
    world.loop.runUntil(world.loop.nowMs + 3_000);
    return announced;
  });
  expect(told).toEqual(['node_1 suspect', 'node_1 up']);
});

function announcementsTo(world: World, seer: Life): string[] {
  const told: string[] = [];
  world.watches.push({
    announced: (life, { name, status }) => void (life === seer && told.push(`${name} ${status}`)),
  });
  return told;
}
