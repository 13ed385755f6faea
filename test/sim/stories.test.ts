/** Faults that histories found, told again by hand: they do not depend on what a seed happens to do. */
import { expect, it } from 'vitest';
import { keyOfChild, placementText } from '../../cluster/child-spec.ts';
import { type ChildSpec, ownerOf } from '../../cluster/index.ts';
import type { Ref } from '../../runtime/index.ts';
import { certificateLifeMs, excuseMs } from './bounds.ts';
import { Certificates } from './certificates.ts';
import { deaths } from './checks/deaths.ts';
import { childKinds } from './child.ts';
import { outsidePromises } from './event-loop.ts';
import { joinedAfterMs } from './join.ts';
import type { Life } from './life.ts';
import { type WorkerProbe, watcher, worker } from './worker.ts';
import { World } from './world.ts';

const probe: WorkerProbe = { started() {}, told() {}, astray() {} };

function quietWorld(nodes: number, isShort = false): { world: World; lives: Life[] } {
  const world = new World(1, nodes);
  world.withLoad = false;
  world.store = null;
  world.certificates = isShort ? new Certificates(world) : null;
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

it('takes what vouched for the dead, and came late, for no sign of now', async () => {
  const told = await outsidePromises(() => {
    const { world, lives } = quietWorld(3);
    const [seer, witness, gone] = lives as [Life, Life, Life];
    // From here on only the witness hears it, and is asked for it.
    world.network.cut(gone.site.host, seer.site.host);
    world.loop.runUntil(world.loop.nowMs + 3_000);
    const announced = announcementsTo(world, seer);
    world.network.cut(witness.site.host, seer.site.host);
    world.loop.runUntil(world.loop.nowMs + 700);
    world.crash(gone, false);
    world.loop.runUntil(world.loop.nowMs + 1_500);
    world.network.heal(witness.site.host, seer.site.host);
    world.loop.runUntil(world.loop.nowMs + 3_500);
    return announced.filter((one) => one.startsWith(gone.name));
  });
  expect(told).toEqual(['node_2 down']);
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
  const { twiceMs, ...rest } = await outsidePromises(() => standingStill(quietWorld(3), 8_000));
  expect(twiceMs).toBeLessThanOrEqual(5);
  // What ran meanwhile is not ended for the name that the sleeper had: it moves back, with its state.
  expect(rest).toEqual({ lostCounts: 0, restarts: 3, settled: ['node_1'] });
});

it('ends them also when the first that it sees is that no certificate which it knows is good any more', async () => {
  const { twiceMs, ...rest } = await outsidePromises(() => {
    const scene = quietWorld(3, true);
    return standingStill(scene, certificateLifeMs + 1_000);
  });
  expect(twiceMs).toBeLessThanOrEqual(5);
  expect(rest).toEqual({ lostCounts: 0, restarts: 3, settled: ['node_1'] });
});

/** A node that runs a child stands still for so long; what became of the child within 10 s after it goes on. */
function standingStill({ world, lives }: { world: World; lives: Life[] }, forMs: number) {
  for (const one of lives) void one.node.supervisor.serve(childKinds(world, one));
  world.loop.runUntil(world.loop.nowMs + 2_000);
  const spec = specOn(lives, lives[1]!);
  void lives[0]!.node.supervisor.start(spec).catch(() => {});
  world.loop.runUntil(world.loop.nowMs + 2_000);
  const [first] = world.children.instancesOf(spec.id);
  world.pause(lives[1]!);
  world.loop.runUntil(world.loop.nowMs + forMs);
  const second = world.children.instancesOf(spec.id).find((one) => one !== first);
  second!.value = 7;
  world.resume(lives[1]!);
  let twiceMs = 0;
  for (let ms = 0; ms < 10_000; ms++) {
    world.loop.runUntil(world.loop.nowMs + 1);
    if (world.children.instancesOf(spec.id).length > 1) twiceMs++;
  }
  const last = world.children.instancesOf(spec.id);
  return {
    twiceMs,
    lostCounts: last.filter(({ value }) => value !== 7).length,
    restarts: world.children.counts.ran,
    settled: last.map(({ life: at }) => at.name),
  };
}

it('starts nothing on a newcomer that runs on a node of which its only seed, just restarted, has told it', async () => {
  const twiceMs = await outsidePromises(() => [160, 240].map(newcomerAfterItsSeed));
  expect(twiceMs).toEqual([0, 0]);
});

/** How long children ran twice when a poller that knows only the first core starts so long before that one is back. */
function newcomerAfterItsSeed(earlierMs: number): number {
  const world = new World(3, 6);
  world.withLoad = false;
  world.store = null;
  world.certificates = null;
  // Far enough from each other that a link takes its time, as it does with TLS.
  for (const from of world.sites)
    for (const to of world.sites) world.network.setLatency(from.host, to.host, 20 + 40 * world.random.next());
  const addresses = world.sites.map(({ host }) => host.address);
  for (const site of world.sites) site.seeds = site.index === 5 ? addresses.slice(0, 1) : addresses;
  const lives = world.sites.slice(0, 5).map((site) => world.start(site));
  const serve = (one: Life) => void one.node.supervisor.serve(childKinds(world, one));
  world.loop.runUntil(3_000);
  for (const one of lives.slice(3)) serve(one);
  world.loop.runUntil(5_000);
  const ids = Array.from({ length: 60 }, (_, n) => `child ${n}`);
  for (const id of ids) {
    const spec: ChildSpec = { id, kind: 'counter', role: 'poller', args: [id, 1] };
    void lives[1]!.node.supervisor.start(spec).catch(() => {});
  }
  world.loop.runUntil(8_000);
  world.crash(lives[0]!, true);
  world.loop.runUntil(9_000);
  serve(world.start(world.sites[5]!));
  world.loop.runUntil(9_000 + earlierMs);
  world.start(world.sites[0]!);
  let twiceMs = 0;
  for (let ms = 0; ms < 4_000; ms++) {
    world.loop.runUntil(world.loop.nowMs + 1);
    if (ids.some((id) => world.children.instancesOf(id).length > 1)) twiceMs++;
  }
  return twiceMs;
}

function specOn(lives: readonly Life[], owner: Life): ChildSpec {
  const names = lives.map(({ name }) => name);
  for (let n = 0; ; n++) {
    const id = `child ${n}`;
    const spec: ChildSpec = { id, kind: 'counter', role: owner.site.role, args: [id, 1] };
    if (ownerOf(placementText(keyOfChild(spec)), names) === owner.name) return spec;
  }
}
