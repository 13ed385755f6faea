/**
 * What a simulated node does with the distributed supervisor: serves kinds, starts and stops children from all sides, lets
 * them count, crash and fail, and changes the rows of a store that say what must run for ever. Between a life and the
 * ledger of children; the rates are in bounds.ts.
 */
import type { ChildRows, ChildSpec } from '../../cluster/index.ts';
import type { Ref } from '../../runtime/index.ts';
import {
  type ChildAction,
  childActionEveryMs,
  childChangesMs,
  childFailsMs,
  childrenPool,
  childShares,
  rowsLostShare,
  rowsPool,
  storeAnswerMs,
  storeLostMs,
} from './bounds.ts';
import { type ChildProtocol, childKinds } from './child.ts';
import type { ChildLedger } from './child-ledger.ts';
import { timerPart } from './event-loop.ts';
import { insidesOf, wantedChild, wantsOf } from './insides.ts';
import type { Life } from './life.ts';
import type { World } from './world.ts';

const actions = Object.keys(childShares) as ChildAction[];
const sharesTotal = actions.reduce((sum, action) => sum + childShares[action], 0);

export function startChildren(world: World, life: Life): void {
  new ChildLoad(world, life).begin();
}

class ChildLoad {
  private readonly world: World;
  private readonly life: Life;
  private readonly ledger: ChildLedger;

  constructor(world: World, life: Life) {
    this.world = world;
    this.life = life;
    this.ledger = world.children;
  }

  begin(): void {
    const { world, life } = this;
    const serve = () =>
      void life.node.supervisor.serve(childKinds(world, life), { rows: rowsFor(world, life) });
    life.clock.timer(1, serve);
    this.later();
  }

  private later(): void {
    this.life.clock.timer(childActionEveryMs * (0.5 + this.world.random.next()), () => {
      if (this.life.leaving) return;
      this.act(this.chosen());
      this.later();
    });
  }

  private chosen(): ChildAction {
    let at = this.world.random.next() * sharesTotal;
    for (const action of actions) {
      at -= childShares[action];
      if (at < 0) return action;
    }
    return 'start';
  }

  private act(action: ChildAction): void {
    const { world } = this;
    if (action === 'count') this.count();
    else if (world.healedAtMs === null || world.loop.nowMs - world.healedAtMs < childChangesMs) {
      if (action === 'start') this.start();
      else if (action === 'stop') this.stop();
      else if (action === 'crash') this.crash();
      else if (action === 'fail') this.fail();
      else this.changeRow();
    }
  }

  private start(): void {
    const { world, life, ledger } = this;
    const id = `dyn_${world.below(childrenPool)}`;
    if (wantedChild(life.node, id) !== null) return;
    const serial = ledger.nextSerial();
    const answer = life.node.supervisor.start(specFor(world, id, serial));
    ledger.counts.started += 1;
    ledger.asked(id, world.loop.nowMs);
    ledger.writes.set(serial, { serial, id, writer: life, atMs: world.loop.nowMs, removers: [] });
    world.trace.say(world.loop.nowMs, life.name, `wants ${id} #${serial}`);
    answer.then(
      (ref) => world.trace.say(world.loop.nowMs, life.name, `is told that ${id} #${serial} is ${ref}`),
      () => {},
    );
  }

  private stop(): void {
    const { world, life } = this;
    const { entries } = insidesOf(life.node).supervisor.specs.state;
    const ids = [...entries.keys()];
    if (ids.length < childrenPool / 3) return;
    stopChild(world, life, world.pick(ids));
  }

  private somebody(): Ref<ChildProtocol> | null {
    const { node } = this.life;
    const names = node.names.list({ kind: this.world.chance(0.5) ? 'counter' : 'plain' });
    return names.length === 0 ? null : (this.world.pick(names).ref as Ref<ChildProtocol>);
  }

  private count(): void {
    const ref = this.somebody();
    if (ref !== null) this.life.node.system.cast(ref).count();
  }

  private crash(): void {
    const ref = this.somebody();
    if (ref !== null) this.life.node.system.cast(ref).crash();
  }

  /** For some seconds a child cannot start: it is tried less and less often, and nobody else notices. */
  private fail(): void {
    const { world, life, ledger } = this;
    const ids = [...wantsOf(life.node).keys()];
    if (ids.length === 0) return;
    const id = world.pick(ids);
    ledger.failingUntilMs.set(id, world.loop.nowMs + childFailsMs);
    for (const { ref } of ledger.instancesOf(id)) {
      life.node.system.cast(ref as Ref<ChildProtocol>).crash();
    }
  }

  private changeRow(): void {
    const { world, ledger } = this;
    const id = `row_${world.below(rowsPool)}`;
    if (ledger.rows.has(id) && world.chance(0.4)) ledger.rows.delete(id);
    else ledger.rows.set(id, specFor(world, id, ledger.nextSerial()));
    if (ledger.rows.has(id)) ledger.asked(id, world.loop.nowMs);
    world.trace.say(world.loop.nowMs, 'WORLD', `the row ${id} is ${ledger.rows.get(id)?.args[1] ?? 'gone'}`);
    for (const tell of [...ledger.rowWatchers]) tell();
  }
}

/** All that the node knows under the id, if anything. */
export function stopChild(world: World, life: Life, id: string): void {
  const { children: ledger, trace, loop } = world;
  const entries = insidesOf(life.node).supervisor.specs.state.entries.get(id) ?? [];
  const serials = entries.map(({ spec }) => spec.args[1] as number);
  if (serials.length === 0) return;
  for (const serial of serials) ledger.writes.get(serial)?.removers.push(life);
  ledger.counts.stopped += 1;
  trace.say(loop.nowMs, life.name, `wants ${id} no more: #${serials.join(' #')}`);
  life.node.supervisor.stop(id).catch(() => {});
}

function specFor(world: World, id: string, serial: number): ChildSpec {
  const number = Number(id.slice(4));
  const role = number % 3 === 2 && world.sites.some((site) => site.role === 'poller') ? 'poller' : 'core';
  // Now and then one id is asked for as another kind: its name is another, too.
  const isCounter = (number % 2 === 0) !== world.chance(0.1);
  const tenant = number % 4 === 3 ? { tenant: 'acme' } : {};
  return { id, kind: isCounter ? 'counter' : 'plain', role, args: [id, serial], ...tenant };
}

/** Reading takes its time, and in the middle of faults fails now and then; so does the news of a change. */
function rowsFor(world: World, life: Life): ChildRows {
  const { rows, rowWatchers } = world.children;
  const isLost = () => {
    if (world.healedAtMs !== null || !world.chance(rowsLostShare)) return false;
    world.children.rowsLostAtMs.set(life, world.loop.nowMs);
    return true;
  };
  return {
    list: () =>
      new Promise((resolve, reject) => {
        if (isLost()) life.clock.timer(storeLostMs, () => reject(new Error('the store is away')));
        else life.clock.timer(1 + world.below(storeAnswerMs), () => resolve([...rows.values()]));
      }),
    watch(onChange, signal) {
      const tell = () => {
        if (!isLost()) world.loop.put(1 + world.below(storeAnswerMs), timerPart, life, onChange);
      };
      rowWatchers.add(tell);
      signal.addEventListener('abort', () => rowWatchers.delete(tell));
    },
  };
}
