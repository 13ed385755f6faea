/**
 * Names on three nodes: how fast one of them takes many, how soon the others see the last, what a name costs there, how soon
 * one change is seen, how fast a name of another node is found, and how soon a new node knows them all.
 */
import { type Bench, type Figures, quantile } from './bench.ts';
import { propagationUpdates, remoteLookups } from './limits.ts';
import { horde, type NameNodes, ours } from './name-nodes.ts';
import { perSecond } from './ours/callers.ts';

const holder = 'core_1';
const newcomer = 'core_3';
const few = 10_000;
const many = 50_000;

interface Filled {
  readonly perS: number;
  readonly visibleMs: number;
}

/** `held`: how many there are before. */
async function fill(nodes: NameNodes, held: number, count: number): Promise<Filled> {
  const told = nodes.askAll({ type: 'await_names', count: held + count }, 'reached', [holder]);
  told.catch(() => {});
  const order = { type: 'register', first: held, count } as const;
  const { elapsedMs, lastAtMs } = await nodes.ask(holder, order, 'registered');
  const atMs = Math.max(...(await told).map((one) => one.atMs));
  return { perS: perSecond(count, elapsedMs), visibleMs: Math.max(0, atMs - lastAtMs) };
}

async function empty(nodes: NameNodes): Promise<void> {
  await nodes.ask(holder, { type: 'clear' }, 'reached');
  await nodes.askAll({ type: 'await_names', count: 0 }, 'reached');
}

async function registryRound(nodes: NameNodes): Promise<Figures> {
  const small = await fill(nodes, 0, few);
  await empty(nodes);
  const heap = async () => (await nodes.ask(newcomer, { type: 'heap' }, 'heap')).bytes;
  const before = await heap();
  const large = await fill(nodes, 0, many);
  const bytes = (await heap()) - before;
  await empty(nodes);
  return {
    register_10k_per_s: small.perS,
    register_50k_per_s: large.perS,
    visible_10k_ms: small.visibleMs,
    visible_50k_ms: large.visibleMs,
    name_bytes: bytes / many,
  };
}

async function propagationRound(nodes: NameNodes): Promise<Figures> {
  const order = { type: 'await_lags', count: propagationUpdates } as const;
  const told = nodes.askAll(order, 'lags', [holder]);
  told.catch(() => {});
  await nodes.ask(holder, { type: 'update', id: 4_999, times: propagationUpdates }, 'reached');
  const lagsMs = (await told).flatMap((one) => one.lagsMs);
  return { p50_ms: quantile(lagsMs, 0.5), p99_ms: quantile(lagsMs, 0.99) };
}

async function lookupRound(nodes: NameNodes): Promise<Figures> {
  const order = { type: 'look_up', names: many, times: remoteLookups } as const;
  const { elapsedMs } = await nodes.ask('core_2', order, 'elapsed');
  return { remote_per_s: perSecond(remoteLookups, elapsedMs) };
}

async function syncRound(nodes: NameNodes): Promise<Figures> {
  const learn = async (names: number) => {
    await nodes.kill(newcomer);
    return await nodes.start(newcomer, names);
  };
  await fill(nodes, 0, few);
  const fewMs = await learn(few);
  await fill(nodes, few, many - few);
  const manyMs = await learn(many);
  await empty(nodes);
  return { names_10k_ms: fewMs, names_50k_ms: manyMs };
}

export const registry: Bench = {
  name: 'registry',
  about: 'names taken on one of three nodes, when the others see them, and what one costs them',
  figures: [
    { key: 'register_10k_per_s', better: 'more' },
    { key: 'register_50k_per_s', better: 'more' },
    { key: 'visible_10k_ms', better: 'less' },
    { key: 'visible_50k_ms', better: 'less' },
    { key: 'name_bytes', better: 'less' },
  ],
  rounds: 5,
  contenders: [ours(3, async () => {}, registryRound), horde],
};

export const propagation: Bench = {
  name: 'propagation',
  about: 'one name changed among 10,000: when the two other nodes see it',
  figures: [
    { key: 'p50_ms', better: 'less' },
    { key: 'p99_ms', better: 'less' },
  ],
  rounds: 5,
  contenders: [ours(3, (nodes) => fill(nodes, 0, few), propagationRound), horde],
};

export const lookup: Bench = {
  name: 'lookup',
  about: 'names of another node found a second, of 50,000',
  figures: [{ key: 'remote_per_s', better: 'more' }],
  rounds: 5,
  contenders: [ours(3, (nodes) => fill(nodes, 0, many), lookupRound), horde],
};

export const sync: Bench = {
  name: 'sync',
  about: 'a new node joins two others, until it knows their 10,000 or 50,000 names',
  figures: [
    { key: 'names_10k_ms', better: 'less' },
    { key: 'names_50k_ms', better: 'less' },
  ],
  rounds: 5,
  contenders: [ours(3, async () => {}, syncRound), horde],
};
