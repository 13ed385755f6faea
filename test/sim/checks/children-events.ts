/**
 * Supervised children as things happen to them: never two of one while the nodes see each other, nor for longer than a
 * second after; what crashed is back, whoever else fails; what a dead node ran is taken over in time; and a count that was
 * handed over arrives.
 */
import { keyOfChild, placementText } from '../../../cluster/child-spec.ts';
import { type ChildSpec, ownerOf } from '../../../cluster/index.ts';
import {
  childRestartsMax,
  childRestartsWithinMs,
  handedKeptMs,
  rowsReadMs,
  strangerKeptMs,
} from '../../../cluster/limits.ts';
import {
  childBackMs,
  childOnceMs,
  childTakeoverMs,
  deathNoticedMs,
  excuseMs,
  noticeSlackMs,
  retransmissionMsMax,
  storeLostMs,
} from '../bounds.ts';
import { handoffKey, type Instance } from '../child-ledger.ts';
import { timerPart } from '../event-loop.ts';
import { insidesOf, wantedChild } from '../insides.ts';
import type { Life } from '../life.ts';
import type { Disturbance, World } from '../world.ts';
import type { Check } from './check.ts';

/** Nodes come and go in them, and see each other all the same. */
const orderly: ReadonlySet<string> = new Set(['crash', 'leave', 'restart']);
const blinds = ({ kind }: Disturbance) => !orderly.has(kind);
const lookAgainMs = 50;

export const childEvents: Check = {
  name: 'child events',
  begin(world) {
    if (!world.withLoad) return;
    const ends = new Ends(world);
    const asked: StopsAsked = new Set();
    world.children.watches.push({
      began(instance, handed) {
        judgeTwins(world, instance);
        judgeHolder(world, instance);
        judgeHanded(world, instance, handed);
      },
      ended(instance, reason) {
        judgeEnd(world, asked, instance, reason);
        if (instance.crashing) ends.crashed(instance);
      },
      startFailed: (life, id) => ends.startFailed(life, id),
    });
    world.watches.push({
      started: (life) => noteStops(world, life, asked),
      gone: (life) => {
        if (life.ended && !life.leaving) judgeTakeover(world, life);
      },
    });
  },
  always: (world) => judgeMissing(world),
};

/** Since when nothing has been wrong but what `which` lets pass. */
function calmSinceMs(world: World, which: (one: Disturbance) => boolean): number {
  let sinceMs = 0;
  for (const one of world.disturbances) if (which(one)) sinceMs = Math.max(sinceMs, one.toMs);
  return sinceMs;
}

function judgeTwins(world: World, instance: Instance): void {
  const { id, life } = instance;
  for (const other of world.children.instancesOf(id)) {
    // Its end is told a little later than the next one begins.
    const isOver = other.life === life && life.node.system.find(other.ref) === null;
    if (other === instance || isOver) continue;
    const blindMs = calmSinceMs(world, blinds);
    if (world.loop.nowMs - blindMs > excuseMs && !areSidesOfStart(world, life, other.life))
      world.fail(`${life.name} runs ${id}, and ${other.life.name} does; all could see each other`);
    else watchTwins(world, instance, other);
  }
}

/**
 * A node that has found nobody since it started, or only others that started with it, is one side of a split until somebody else
 * finds it: no chain of links leads from one to the other.
 */
function areSidesOfStart(world: World, a: Life, b: Life): boolean {
  const youngMs = Math.max(a.startedAtMs, b.startedAtMs);
  if (world.loop.nowMs - youngMs > excuseMs) return false;
  const living = new Map(world.living().map((life) => [life.name, life]));
  const reached = new Set([a.name]);
  for (const name of reached)
    for (const peer of living.get(name)?.linkedSinceMs.keys() ?? []) reached.add(peer);
  return !reached.has(b.name);
}

/** Looks again until one of them has ended. */
function watchTwins(world: World, a: Instance, b: Instance): void {
  world.loop.put(lookAgainMs, timerPart, null, () => {
    const { nowMs } = world.loop;
    const running = world.children.running.get(a.id);
    if (running?.has(a) !== true || !running.has(b)) return;
    const names = [a.life.name, b.life.name];
    const healedMs = calmSinceMs(
      world,
      (one) => names.includes(one.a) || (one.b !== null && names.includes(one.b)),
    );
    const linkedMs = Math.max(
      a.life.linkedSinceMs.get(b.life.name) ?? nowMs,
      b.life.linkedSinceMs.get(a.life.name) ?? nowMs,
    );
    // A row that became another kind has another name, which guards nothing: who has not read it goes on with the former.
    const readMs = a.kind === b.kind ? 0 : Math.max(rowsReadBy(world, a.life), rowsReadBy(world, b.life));
    const sinceMs = Math.max(healedMs + retransmissionMsMax, linkedMs, readMs, a.sinceMs, b.sinceMs);
    if (nowMs - sinceMs > childOnceMs + 2 * lookAgainMs)
      world.fail(
        `${a.id} runs on ${names.join(' and ')}, which have seen each other for ${nowMs - sinceMs} ms`,
      );
    else watchTwins(world, a, b);
  });
}

/**
 * When a node knows the rows at the latest that it was not told of, or could not read: it reads them again after `rowsReadMs`.
 * What was lost may have been lost while a reading was under way that failed.
 */
function rowsReadBy(world: World, life: Life): number {
  const lostAtMs = world.children.rowsLostAtMs.get(life);
  return lostAtMs === undefined ? 0 : lostAtMs + storeLostMs + rowsReadMs;
}

function judgeHanded(
  world: World,
  { id, serial, life, kind }: Instance,
  handed: { readonly serial: number; readonly value: number } | null,
): void {
  const last = world.children.handoffs.get(handoffKey({ id, serial }));
  const { nowMs } = world.loop;
  if (handed !== null) {
    if (last === undefined || last.serial !== handed.serial || handed.serial !== serial)
      world.fail(`${life.name} was handed ${id} #${handed.serial}, it runs #${serial}`);
    // Of two that ran on sides which did not see each other either may be the one that is given.
    else if (handed.value !== last.value && nowMs - calmSinceMs(world, blinds) > excuseMs + nowMs - last.atMs)
      world.fail(`${life.name} was handed ${id} with ${handed.value}, it had ${last.value}`);
    if (last !== undefined) last.isTaken = true;
    return;
  }
  if (kind !== 'counter' || last === undefined || last.isTaken || last.serial !== serial) return;
  last.isTaken = true;
  // A taker that died with it cannot be told from one that never got it.
  const calmMs = nowMs - calmSinceMs(world, ({ kind: one }) => one !== 'leave');
  if (nowMs - last.atMs < handedKeptMs && calmMs > excuseMs + nowMs - last.atMs)
    world.fail(`${life.name} was not handed ${id}, of which ${last.from.name} gave ${last.value}`);
}

/** A node starts nothing that it sees on another which it does not hold for dead, whatever goes on. */
function judgeHolder(world: World, { id, life }: Instance): void {
  const want = wantedChild(life.node, id)?.want;
  const holder = want && life.node.names.entry(keyOfChild(want.spec))?.node;
  if (holder === undefined || holder === null || holder === life.name) return;
  const status = life.node.members.list().find(({ name }) => name === holder)?.status;
  if (status === 'up' || status === 'suspect')
    world.fail(`${life.name} runs ${id}, which it sees on ${holder}, which is ${status}`);
}

/** A node starts what is its own by those whom it sees, and who is only suspected is seen. */
function judgeOwner(world: World, life: Life, serves: ReadonlySet<string>, spec: ChildSpec): void {
  const takers = life.node.members.live(spec.role).filter((name) => name === life.name || serves.has(name));
  const owner = ownerOf(placementText(keyOfChild(spec)), takers);
  if (owner !== life.name) world.fail(`${life.name} starts ${spec.id}, which belongs on ${owner}`);
}

/** Children that a node has decided to stop, by node, boot and id. */
type StopsAsked = Set<string>;

function noteStops(world: World, life: Life, asked: StopsAsked): void {
  const { loop } = insidesOf(life.node).supervisor;
  const perform = loop.perform.bind(loop);
  loop.perform = (effect) => {
    if (effect.type === 'stop') asked.add(keyOf(life, effect.id));
    else if (effect.type === 'start') judgeOwner(world, life, loop.state.serves, effect.want.spec);
    perform(effect);
  };
}

/** None is stopped for nothing, and a node that leaves asks each for its state. */
function judgeEnd(world: World, asked: StopsAsked, instance: Instance, reason: string): void {
  const { id, kind, serial, life, handedOff } = instance;
  const wasAsked = asked.delete(keyOf(life, id));
  if (reason !== 'shutdown') return;
  if (!wasAsked && !life.leaving) world.fail(`${life.name} ended ${id} #${serial} for nothing`);
  if (!life.leaving || kind !== 'counter' || handedOff) return;
  if (wantedChild(life.node, id)?.want?.spec.args[1] === serial)
    world.fail(`${life.name} leaves, and ${id} was not asked for its state`);
}

/** What crashed, and how often: up to so many times it is started again at once, whatever becomes of the others. */
class Ends {
  private readonly world: World;
  private readonly endsMs = new Map<string, number[]>();
  private readonly putOff = new Set<string>();

  constructor(world: World) {
    this.world = world;
  }

  startFailed(life: Life, id: string): void {
    this.putOff.add(keyOf(life, id));
  }

  crashed({ id, serial, life }: Instance): void {
    const { world } = this;
    const key = keyOf(life, id);
    const { nowMs } = world.loop;
    const recent = (this.endsMs.get(key) ?? []).filter((atMs) => nowMs - atMs < childRestartsWithinMs);
    recent.push(nowMs);
    this.endsMs.set(key, recent);
    if (recent.length > childRestartsMax) this.putOff.add(key);
    if (this.putOff.has(key) || world.children.isFailing(id, nowMs)) return;
    world.loop.put(childBackMs, timerPart, null, () => {
      if (life.ended || life.paused || life.leaving || life.resumedAtMs > nowMs) return;
      if (this.putOff.has(key)) return;
      const child = wantedChild(life.node, id);
      if (child?.want?.spec.args[1] !== serial || child.owner !== life.name) return;
      if (['failed', 'queued', 'starting'].includes(child.phase))
        world.fail(`${life.name}: ${id} crashed ${recent.length} times and is ${child.phase}`);
    });
  }
}

function keyOf(life: Life, id: string): string {
  return `${life.name}.${life.boot}/${id}`;
}

/** What a node ran that was killed runs elsewhere when its death had time to be noticed; judged when nothing else went on. */
function judgeTakeover(world: World, gone: Life): void {
  const fromMs = world.loop.nowMs;
  const lost = [...world.children.missing].flatMap(([id, atMs]) => (atMs === fromMs ? [id] : []));
  const newest = Math.max(...world.living().map((life) => life.startedAtMs));
  if (lost.length === 0 || newest > fromMs - excuseMs) return;
  const { site } = gone;
  world.loop.put(deathNoticedMs + noticeSlackMs + childTakeoverMs, timerPart, null, () => {
    const isAlone = world.disturbances.every(
      ({ toMs, a, fromMs: atMs }) => toMs < fromMs - excuseMs || (a === gone.name && atMs >= fromMs),
    );
    if (!isAlone || site.life !== null) return;
    for (const id of lost) {
      if (world.children.missing.get(id) === fromMs && isDue(world, id))
        world.fail(`${id} of ${gone.name} runs nowhere ${world.loop.nowMs - fromMs} ms after its death`);
    }
  });
}

/** Ids of which nothing runs, although all want it and nothing has happened for long enough. */
function judgeMissing(world: World): void {
  const { missing } = world.children;
  if (missing.size === 0) return;
  const { nowMs } = world.loop;
  const startedMs = Math.max(...world.living().map((life) => life.startedAtMs));
  const fromMs = Math.max(
    calmSinceMs(world, () => true),
    startedMs,
  );
  for (const [id, sinceMs] of missing) {
    if (world.living().every(({ node }) => wantedChild(node, id) === null)) missing.delete(id);
    else if (nowMs - Math.max(fromMs, sinceMs) > missingMs && isDue(world, id))
      world.fail(`${id} runs nowhere since ${nowMs - sinceMs} ms`);
  }
}

/** All want it, alike; somebody may run it; and it did not fail. */
function isDue(world: World, id: string): boolean {
  const living = world.living();
  const children = living.map(({ node }) => wantedChild(node, id));
  const [first] = children;
  if (first === undefined || first === null) return false;
  return (
    living.some(({ site }) => site.role === first.want!.spec.role) &&
    children.every((one) => one?.want?.version === first.want!.version && one.phase !== 'failed')
  );
}

const missingMs = deathNoticedMs + noticeSlackMs + childTakeoverMs + strangerKeptMs + rowsReadMs;
