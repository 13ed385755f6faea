/** Faults that histories found, told again by hand: they do not depend on what a seed happens to do. */
import { expect, it } from 'vitest';
import { keyOfChild, placementText } from '../../cluster/child-spec.ts';
import { type ChildSpec, ownerOf } from '../../cluster/index.ts';
import type { Ref } from '../../runtime/index.ts';
import { excuseMs } from './bounds.ts';
import { deaths } from './checks/deaths.ts';
import { childKinds } from './child.ts';
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

it('lets nothing overtake that was on its way when one end alone lost the link, and tells the loss', async () => {
  const { heard, downs } = await outsidePromises(() => {
    const world = new World(1, 2);
    world.withLoad = false;
    world.store = null;
    // The later one dials; of two links the one that the first dials is kept.
    const first = world.start(world.sites[0]!);
    world.loop.runUntil(100);
    const second = world.start(world.sites[1]!);
    world.loop.runUntil(3_000);
    const told: number[] = [];
    const note: WorkerProbe = {
      ...probe,
      told: (_target, _from, _boot, sequence) => void told.push(sequence),
    };
    const ref = second.node.system.spawn(worker, note, 'thing');
    const lost = downsOf(second, first.node.system.spawn(worker, probe, 'thing'));
    world.loop.runUntil(3_100);
    const say = (sequence: number) => first.node.system.cast(ref).tell(ref, first.name, first.boot, sequence);
    world.network.cut(first.site.host, second.site.host);
    say(1);
    world.loop.runUntil(3_200);
    for (const end of [...first.site.host.ends]) end.lost('ETIMEDOUT');
    world.network.heal(first.site.host, second.site.host);
    world.loop.runUntil(3_220);
    say(2);
    world.loop.runUntil(20_000);
    return { heard: told, downs: lost };
  });
  expect(heard).toEqual([2]);
  expect(downs).toEqual(['node_down']);
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

it('counts the five seconds from when a node was last gone, not from a pause that it came back from', async () => {
  const { failures, status } = await outsidePromises(() => {
    const { world, lives } = quietWorld(3);
    const [seer, , gone] = lives as [Life, Life, Life];
    deaths.begin!(world);
    // What is younger is excused.
    world.loop.runUntil(world.loop.nowMs + excuseMs);
    world.pause(gone);
    world.loop.runUntil(world.loop.nowMs + 2_000);
    world.resume(gone);
    world.loop.runUntil(world.loop.nowMs + 1_500);
    world.crash(gone, false);
    world.loop.runUntil(world.loop.nowMs + 6_000);
    const seen = seer.node.members.list().find(({ name }) => name === gone.name);
    return { failures: world.failures, status: seen?.status };
  });
  expect({ failures, status }).toEqual({ failures: [], status: 'down' });
});

function announcementsTo(world: World, seer: Life): string[] {
  const told: string[] = [];
  world.watches.push({
    announced: (life, { name, status }) => void (life === seer && told.push(`${name} ${status}`)),
  });
  return told;
}

it('ends the children of a node that stood still before it runs any of them beside the others', async () => {
  const { twiceMs, lostCounts, restarts, settled } = await outsidePromises(() => {
    const { world, lives } = quietWorld(3);
    for (const one of lives) void one.node.supervisor.serve(childKinds(world, one));
    world.loop.runUntil(world.loop.nowMs + 2_000);
    const spec = specOn(lives, lives[1]!);
    const life = lives[0]!;
    void life.node.supervisor.start(spec).catch(() => {});
    world.loop.runUntil(world.loop.nowMs + 2_000);
    const [first] = world.children.instancesOf(spec.id);
    world.pause(lives[1]!);
    world.loop.runUntil(world.loop.nowMs + 8_000);
    const second = world.children.instancesOf(spec.id).find((one) => one !== first);
    second!.value = 7;
    world.resume(lives[1]!);
    let twice = 0;
    for (let ms = 0; ms < 10_000; ms++) {
      world.loop.runUntil(world.loop.nowMs + 1);
      if (world.children.instancesOf(spec.id).length > 1) twice++;
    }
    const last = world.children.instancesOf(spec.id);
    return {
      twiceMs: twice,
      lostCounts: last.filter(({ value }) => value !== 7).length,
      restarts: world.children.counts.ran,
      settled: last.map(({ life: at }) => at.name),
    };
  });
  expect(twiceMs).toBeLessThanOrEqual(5);
  // What ran meanwhile is not ended for the name that the sleeper had: it moves back, with its state.
  expect({ lostCounts, restarts, settled }).toEqual({ lostCounts: 0, restarts: 3, settled: ['node_1'] });
});

function specOn(lives: readonly Life[], owner: Life): ChildSpec {
  const names = lives.map(({ name }) => name);
  for (let n = 0; ; n++) {
    const id = `child ${n}`;
    const spec: ChildSpec = { id, kind: 'counter', role: owner.site.role, args: [id, 1] };
    if (ownerOf(placementText(keyOfChild(spec)), names) === owner.name) return spec;
  }
}
