/**
 * Supervised children over three nodes: how fast many are started that were asked for together, how soon all run again
 * after one node was killed, and what a split that healed left of their names.
 */
import type { Bench, Figures, Running } from './bench.ts';
import { perSecond } from './ours/callers.ts';
import { SupervisorNodes } from './supervisor-nodes.ts';

const children = 10_000;
/** The one that is killed or cut off; never the one that is asked to start children. */
const victim = 'core_3';

async function running(
  prepare: (nodes: SupervisorNodes) => Promise<unknown>,
  round: (nodes: SupervisorNodes, number: number) => Promise<Figures>,
): Promise<Running> {
  const nodes = await SupervisorNodes.open();
  try {
    await prepare(nodes);
  } catch (error) {
    await nodes.close();
    throw error;
  }
  let number = 0;
  return {
    async round() {
      number += 1;
      return await round(nodes, number);
    },
    close: () => nodes.close(),
  };
}

/** Asked for on one node, started on three: until that one finds each by name. */
async function startRound(nodes: SupervisorNodes, number: number): Promise<Figures> {
  const first = number * children;
  const { elapsedMs } = await nodes.ask(
    'core_1',
    { type: 'start_children', first, count: children },
    'elapsed',
  );
  const counted = await nodes.askAll(nodes.names, { type: 'count' }, 'counted');
  const actors = counted.reduce((sum, one) => sum + one.actors, 0);
  if (actors !== children) throw new Error(`${actors} of ${children} children run`);
  await nodes.ask('core_1', { type: 'stop_children', first, count: children }, 'elapsed');
  const none = { type: 'await_children', count: 0, except: null, placed: false } as const;
  await nodes.askAll(nodes.names, none, 'children');
  return { start_10k_per_s: perSecond(children, elapsedMs) };
}

function fill(nodes: SupervisorNodes): Promise<unknown> {
  return nodes.ask('core_1', { type: 'start_children', first: 0, count: children }, 'elapsed');
}

/** From kill -9 until both survivors see all children run on the two of them. Then the third comes back and gets its own. */
async function failoverRound(nodes: SupervisorNodes): Promise<Figures> {
  const survivors = nodes.names.filter((name) => name !== victim);
  const order = { type: 'await_children', count: children, except: victim, placed: false } as const;
  const told = nodes.askAll(survivors, order, 'children');
  told.catch(() => {});
  const killedAtMs = Date.now();
  await nodes.kill(victim);
  const allAtMs = Math.max(...(await told).map(({ atMs }) => atMs));
  const counted = await nodes.askAll(survivors, { type: 'count' }, 'counted');
  const actors = counted.reduce((sum, one) => sum + one.actors, 0);
  await nodes.start(victim);
  await nodes.askAll(nodes.names, { ...order, except: null, placed: true }, 'children');
  return { all_running_ms: allAtMs - killedAtMs, children_after: actors };
}

/** Both sides run all children; then the links are let again. From the first meeting until nothing changes any more. */
async function splitRound(nodes: SupervisorNodes): Promise<Figures> {
  const others = nodes.names.filter((name) => name !== victim);
  const whole = { type: 'await_children', count: children, except: null, placed: true } as const;
  await nodes.askAll(nodes.names, whole, 'children');
  const cut = (from: readonly string[], name: string) => nodes.ask(name, { type: 'cut', from }, 'done');
  await Promise.all([cut(others, victim), ...others.map((name) => cut([victim], name))]);
  await nodes.askAll(others, { ...whole, except: victim }, 'children');
  await nodes.ask(victim, { ...whole, except: others[0]! }, 'children');
  await nodes.ask(victim, { ...whole, except: others[1]! }, 'children');
  const healedAtMs = Date.now();
  await Promise.all(nodes.names.map((name) => cut([], name)));
  await until(async () => {
    const counted = await nodes.askAll(nodes.names, { type: 'count' }, 'counted');
    return counted.every(({ metAtMs }) => metAtMs >= healedAtMs) && counted.every(isQuiet);
  });
  const counted = await nodes.askAll(nodes.names, { type: 'count' }, 'counted');
  const actors = counted.reduce((sum, one) => sum + one.actors, 0);
  if (actors !== children) throw new Error(`${actors} of ${children} children run after the split`);
  const lost = Math.max(...counted.map(({ names }) => children - names));
  const metAtMs = Math.min(...counted.map((one) => one.metAtMs));
  const settledAtMs = Math.max(...counted.map(({ changedAtMs }) => changedAtMs));
  return { names_lost: lost, settled_ms: settledAtMs - metAtMs };
}

const quietMs = 2_000;

function isQuiet({ changedAtMs }: { changedAtMs: number }): boolean {
  return Date.now() - changedAtMs > quietMs;
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 300; turn += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('the nodes did not come to rest');
}

export const supervisor: Bench = {
  name: 'supervisor',
  about: '10,000 supervised children asked for together, started over three nodes',
  figures: [{ key: 'start_10k_per_s', better: 'more' }],
  rounds: 9,
  contenders: [{ name: 'ours', open: () => running(async () => {}, startRound) }],
};

export const failover: Bench = {
  name: 'failover',
  about: 'kill -9 of one of three nodes with 10,000 supervised children: when all run again',
  figures: [
    { key: 'all_running_ms', better: 'less' },
    { key: 'children_after', better: 'neither' },
  ],
  rounds: 5,
  contenders: [{ name: 'ours', open: () => running(fill, failoverRound) }],
};

export const split: Bench = {
  name: 'split',
  about:
    'one of three nodes cut off and back, with 10,000 supervised children: names lost, duplicates settled',
  figures: [
    { key: 'names_lost', better: 'less' },
    { key: 'settled_ms', better: 'less' },
  ],
  rounds: 3,
  contenders: [{ name: 'ours', open: () => running(fill, splitRound) }],
};
