/**
 * Supervised children when the world has settled: all nodes want the same, by what was asked for and taken back; exactly
 * that runs, each once, from the spec that is wanted, on the node that placement names, and its name leads there.
 */
import { keyOfChild, placementText } from '../../../cluster/child-spec.ts';
import { ownerOf } from '../../../cluster/index.ts';
import type { Write } from '../child-ledger.ts';
import { insidesOf, wantsOf } from '../insides.ts';
import type { Life } from '../life.ts';
import type { World } from '../world.ts';
import type { Check } from './check.ts';

/** What the nodes agreed upon when they were last compared, and who was there. */
interface Agreement {
  readonly wanted: ReadonlySet<number>;
  readonly removed: ReadonlySet<number>;
  readonly lives: ReadonlySet<Life>;
}

/** Around the instant at which a week passes: how long a node may have been cut off from the others. */
const absenceMs = 15_000;

const agreements = new WeakMap<World, Agreement[]>();

export const children: Check = {
  name: 'children',
  begin: (world) => void agreements.set(world, []),
  settled(world) {
    const living = world.living();
    const [first] = living;
    if (first === undefined || !world.withLoad) return;
    for (const life of living) compareWants(world, first, life);
    compareWrites(world, living);
    compareRows(world, first);
    for (const life of living) compareRunning(world, life);
    compareNames(world, living);
  },
};

function compareWants(world: World, a: Life, b: Life): void {
  const [here, there] = [wantsOf(a.node), wantsOf(b.node)];
  for (const [id, { want }] of here) {
    const other = there.get(id)?.want;
    if (other === undefined || other === null) world.fail(`${b.name} does not want ${id}, as ${a.name} does`);
    else if (other.version !== want!.version)
      world.fail(`${b.name} wants ${id} as ${other.version}, ${a.name} as ${want!.version}`);
  }
  for (const id of there.keys()) if (!here.has(id)) world.fail(`${b.name} wants ${id}, ${a.name} does not`);
}

/** What somebody who lives has started, or knew, is there unless it was stopped; what was stopped is not. */
function compareWrites(world: World, living: readonly Life[]): void {
  const [first] = living;
  const held = new Set<number>();
  for (const siblings of insidesOf(first!.node).supervisor.specs.state.entries.values())
    for (const { spec } of siblings) held.add(spec.args[1] as number);
  const agreed = agreements.get(world)!;
  const isKnown = (serial: number, of: 'wanted' | 'removed') =>
    agreed.some((one) => one[of].has(serial) && living.some((life) => one.lives.has(life)));
  for (const write of world.children.writes.values()) {
    const { serial, id, writer, removers } = write;
    const isRemoved = removers.some((life) => !life.ended) || isKnown(serial, 'removed');
    if (isRemoved && held.has(serial))
      world.fail(`${id} #${serial} was stopped by ${namesOf(removers)} and is wanted again`);
    const isOwn = !writer.ended && !isOfAbsence(world, write);
    const isWanted = removers.length === 0 && (isOwn || isKnown(serial, 'wanted'));
    if (isWanted && !held.has(serial))
      world.fail(`${id} #${serial} of ${writer.name} is wanted by nobody, and was never stopped`);
  }
  agreed.push({ wanted: held, removed: absent(world.children.writes, held), lives: new Set(living) });
}

/** A node that was away for longer than lives are remembered loses what it alone had started. */
function isOfAbsence({ weeksAtMs }: World, { atMs }: Write): boolean {
  return weeksAtMs.some((weekMs) => atMs > weekMs - absenceMs && atMs < weekMs + absenceMs);
}

function absent(writes: ReadonlyMap<number, Write>, held: ReadonlySet<number>): Set<number> {
  return new Set([...writes.keys()].filter((serial) => !held.has(serial)));
}

function namesOf(lives: readonly Life[]): string {
  return [...new Set(lives.map(({ name }) => name))].join(', ');
}

function compareRows(world: World, life: Life): void {
  const wants = wantsOf(life.node);
  const { rows } = world.children;
  for (const [id, { args }] of rows) {
    const wanted = wants.get(id)?.want?.spec.args[1];
    if (wanted !== args[1]) world.fail(`${life.name} wants the row ${id} as #${wanted}, it is #${args[1]}`);
  }
  for (const [id, { want }] of wants)
    if (want!.source === 'row' && !rows.has(id)) world.fail(`${life.name} wants ${id}, which is no row`);
}

/** Of what belongs on this node. */
function compareRunning(world: World, life: Life): void {
  const { children: ledger } = world;
  const peers = world.living().filter(({ site }) => site.role === life.site.role);
  const names = peers.map(({ name }) => name);
  for (const [id, { want, phase }] of wantsOf(life.node)) {
    const { spec } = want!;
    if (spec.role !== life.site.role || ownerOf(placementText(keyOfChild(spec)), names) !== life.name)
      continue;
    const running = ledger.instancesOf(id);
    const where = running.map((one) => one.life.name).join(', ');
    if (running.length > 1) world.fail(`${id} runs on ${where}`);
    else if (running.length === 0 && phase !== 'failed')
      world.fail(`${id} runs nowhere, on ${life.name} it is ${phase}`);
    else if (running.length === 0 && !ledger.failingUntilMs.has(id))
      world.fail(`${id} is put off on ${life.name}, and did not fail`);
    else if (running.length === 1 && running[0]!.life !== life)
      world.fail(`${id} runs on ${where}, it belongs on ${life.name}`);
    else if (running.length === 1 && running[0]!.serial !== spec.args[1])
      world.fail(`${id} runs as #${running[0]!.serial}, wanted is #${spec.args[1]}`);
  }
  for (const running of ledger.running.values()) {
    for (const { id, serial, life: at } of running)
      if (at === life && !wantsOf(life.node).has(id)) world.fail(`${life.name} runs ${id} #${serial}: why?`);
  }
}

function compareNames(world: World, living: readonly Life[]): void {
  for (const life of living) {
    for (const kind of ['counter', 'plain']) {
      const listed = life.node.names.list({ kind });
      const running = [...world.children.running.values()].flatMap((ones) => [...ones]);
      if (listed.length !== running.filter((one) => one.kind === kind).length)
        world.fail(`${life.name} lists ${listed.length} children of the kind ${kind}`);
      for (const { key, ref } of listed) {
        const [one] = world.children.instancesOf(key.id);
        if (one === undefined || one.ref.id !== ref.id || one.ref.boot !== ref.boot || one.kind !== kind)
          world.fail(`${life.name} lists the child ${key.id} as ${ref}, it is ${one?.ref ?? 'nowhere'}`);
      }
    }
  }
}
