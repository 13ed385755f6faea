/**
 * One node of the benches of names and of hung nodes, a process of its own: joins over mTLS, holds and changes names, counts
 * those that it sees and the nodes that it takes for dead. Driven by messages of its parent, and ends with it.
 */

import type { Credential } from '../../certs/index.ts';
import type { ClusterNode, NameEvent, RegistryKey } from '../../cluster/index.ts';
import { defineActor, type Ref, systemClock } from '../../runtime/index.ts';
import { heapBytes } from '../heap.ts';
import { burstNames, propagationGapMs, settleTimeoutMs } from '../limits.ts';
import { obeyOrders } from '../obey-orders.ts';
import { benchNode } from './bench-node.ts';
import { Deaths } from './deaths.ts';

export interface NameNodeOrder {
  readonly type: 'start';
  readonly name: string;
  readonly trustDomain: string;
  readonly credential: Credential;
  readonly seeds: readonly string[];
  /** Answers when it sees so many nodes and so many names. */
  readonly members: number;
  readonly names: number;
}

export type NameOrder =
  | NameNodeOrder
  /** Takes these names, each for an actor of its own that runs already. */
  | { readonly type: 'register'; readonly first: number; readonly count: number }
  /** Ends the actors of all names that were taken here. */
  | { readonly type: 'clear' }
  | { readonly type: 'await_names'; readonly count: number }
  | { readonly type: 'await_members'; readonly count: number }
  | { readonly type: 'heap' }
  /** Changes one name so often, one change after the other; the others note how late they saw it. */
  | { readonly type: 'update'; readonly id: number; readonly times: number }
  /** Gives those notes away, once there are so many. */
  | { readonly type: 'await_lags'; readonly count: number }
  /** Asks for so many names, of the first `names`. */
  | { readonly type: 'look_up'; readonly names: number; readonly times: number }
  /** Answers when this node takes that one for dead. */
  | { readonly type: 'await_death'; readonly of: string }
  | { readonly type: 'deaths' };

/** Instants are of the machine's monotonic clock, in milliseconds: those of several processes compare. */
export type NameReport =
  | { readonly type: 'started'; readonly address: string; readonly elapsedMs: number }
  | { readonly type: 'registered'; readonly elapsedMs: number; readonly lastAtMs: number }
  | { readonly type: 'reached'; readonly atMs: number }
  | { readonly type: 'heap'; readonly bytes: number }
  | { readonly type: 'lags'; readonly lagsMs: readonly number[] }
  | { readonly type: 'elapsed'; readonly elapsedMs: number }
  /** Deaths that were seen since the start, whoever died. */
  | { readonly type: 'deaths'; readonly count: number }
  | { readonly type: 'failed'; readonly reason: string };

interface HolderProtocol {
  start: [];
  call: { ping(): number };
  cast: Record<never, never>;
}

const clock = systemClock();
const holder = defineActor<null, HolderProtocol>({
  name: 'bench_holder',
  init: () => null,
  call: { ping: () => 0 },
  cast: {},
});

/** CLOCK_MONOTONIC, which is one for all processes of a machine; `performance.now()` begins with its process. */
function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

let node: ClusterNode;
const deaths = new Deaths();
/** The actors of the names that were taken here. */
let held: Ref[] = [];
let seen = 0;
let lagsMs: number[] = [];
let onChange: () => void = () => {};

function keyOf(n: number): RegistryKey {
  return { tenant: 'platform', partition: 'default', kind: 'bench', id: `name ${n}` };
}

function onName({ type, entry }: NameEvent): void {
  if (type === 'added') seen += 1;
  else if (type === 'removed') seen -= 1;
  else if (entry.node !== node.node) lagsMs.push(machineMs() - (entry.metadata.atMs as number));
  onChange();
}

async function start(order: NameNodeOrder): Promise<NameReport> {
  const startMs = machineMs();
  node = benchNode({ ...order, told: ['error'] });
  const forEver = new AbortController().signal;
  node.names.watch({ kind: 'bench' }, onName, forEver);
  node.members.watch(() => {
    deaths.look(node.members.list());
    onChange();
  }, forEver);
  const address = await node.start();
  await until(() => seen >= order.names, 'names');
  const elapsedMs = machineMs() - startMs;
  await until(() => node.members.live('core').length >= order.members, 'members');
  return { type: 'started', address, elapsedMs };
}

/** Looked at after each change; resolves with the instant at which it was seen to hold. */
function until(holds: () => boolean, what: string): Promise<number> {
  if (holds()) return Promise.resolve(machineMs());
  return new Promise((resolve, reject) => {
    const cancelLate = clock.timer(settleTimeoutMs, () => {
      onChange = () => {};
      reject(new Error(`${node.node}: no ${what} within ${settleTimeoutMs} ms, ${seen} names seen`));
    });
    onChange = () => {
      if (!holds()) return;
      const atMs = machineMs();
      onChange = () => {};
      cancelLate();
      resolve(atMs);
    };
  });
}

const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** In bursts, with a turn of the event loop between two, as names come from actors that start. */
async function register(first: number, count: number): Promise<NameReport> {
  const actors = Array.from({ length: count }, () => node.system.spawn(holder));
  held.push(...actors);
  await turn();
  const startMs = machineMs();
  for (let n = 0; n < count; n += 1) {
    if (n > 0 && n % burstNames === 0) await turn();
    node.names.register(keyOf(first + n), actors[n]!, { revision: n });
  }
  const lastAtMs = machineMs();
  return { type: 'registered', elapsedMs: lastAtMs - startMs, lastAtMs };
}

async function clear(): Promise<void> {
  const actors = held;
  held = [];
  for (const [n, actor] of actors.entries()) {
    if (n % burstNames === 0) await turn();
    node.system.exit(actor, 'kill');
  }
}

async function update(id: number, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    node.names.update(keyOf(id), { atMs: machineMs() });
    await new Promise<void>((resolve) => void clock.timer(propagationGapMs, resolve));
  }
}

function lookUp(names: number, times: number): number {
  // A prime step visits all names, far from the order in which they came.
  const keys = Array.from({ length: names }, (_, n) => keyOf((n * 7_919) % names));
  const startMs = machineMs();
  let found = 0;
  for (let n = 0; n < times; n += 1) if (node.names.lookup(keys[n % names]!) !== null) found += 1;
  const elapsedMs = machineMs() - startMs;
  if (found !== times) throw new Error(`${found} of ${times} names were found`);
  return elapsedMs;
}

async function obey(order: NameOrder): Promise<NameReport> {
  switch (order.type) {
    case 'start':
      return await start(order);
    case 'register':
      return await register(order.first, order.count);
    case 'clear':
      await clear();
      return { type: 'reached', atMs: machineMs() };
    case 'await_names':
      return { type: 'reached', atMs: await until(() => seen === order.count, 'names') };
    case 'await_members': {
      const all = () => node.members.live('core').length === order.count;
      return { type: 'reached', atMs: await until(all, 'members') };
    }
    case 'heap':
      return { type: 'heap', bytes: heapBytes() };
    case 'update': {
      await update(order.id, order.times);
      return { type: 'reached', atMs: machineMs() };
    }
    case 'await_lags': {
      await until(() => lagsMs.length >= order.count, 'changes');
      const given = lagsMs;
      lagsMs = [];
      return { type: 'lags', lagsMs: given };
    }
    case 'look_up':
      return { type: 'elapsed', elapsedMs: lookUp(order.names, order.times) };
    case 'await_death':
      return { type: 'reached', atMs: await until(() => deaths.isDead(order.of), 'death') };
    case 'deaths':
      return { type: 'deaths', count: deaths.count };
  }
}

obeyOrders(obey);
