/**
 * Nodes with ten thousand names and a thousand supervised children, under calls, each holding tenants of one database,
 * whose network splits, loses packets one way, leaves a bridge and flaps, and one of which pauses. After each: every name
 * and child once, soon, no call that never ends, and no row of an older epoch after a newer one. Tells the times.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../runtime/index.ts';
import {
  callsEndMs,
  meetMsMax,
  splitCallsPerSecond,
  splitContested,
  splitSettledMsMax,
  splitTenants,
  stillMs,
} from './bounds.ts';
import { isExact, isWhole, SplitCluster, said, splitsMissing } from './split-cluster.ts';
import { type Cut, cuts, inflict } from './split-cuts.ts';
import { type SplitDatabase, splitDatabase, type WritesFound } from './split-database.ts';
import type { Sight } from './split-node.ts';

export interface SplitsAsked {
  /** How often each cut. */
  readonly rounds: number;
  /** Only these; none named: all. */
  readonly cuts: readonly string[];
  readonly names: number;
  readonly children: number;
  /** Where the flight record of all nodes is kept when it is over. */
  readonly record: string | null;
}

interface Round {
  readonly cut: string;
  /** From the cut until a node called another down, and until it told of the split; null: nobody did. */
  readonly downMs: number | null;
  readonly splitMs: number | null;
  /** From its end until all were up everywhere, and from then until the last name or child moved. */
  readonly metMs: number;
  readonly settledMs: number;
  /** Times that a node called another down, and told of a split. */
  readonly downs: number;
  readonly splits: number;
}

interface World {
  readonly cluster: SplitCluster;
  /** Every name and child that must live once. */
  readonly ids: string[];
}

const clock = systemClock();
const program = fileURLToPath(new URL('./split-node.js', import.meta.url));

/** What is wrong, or null. */
export async function soakSplits(asked: SplitsAsked, say: (text: string) => void): Promise<string | null> {
  if (splitsMissing !== null) {
    say(`splits: skipped: ${splitsMissing}`);
    return null;
  }
  const wanted = cuts.filter(({ name }) => asked.cuts.length === 0 || asked.cuts.includes(name));
  const database = await splitDatabase(splitTenants);
  try {
    for (const nodes of new Set(wanted.map((cut) => cut.nodes))) {
      const those = wanted.filter((cut) => cut.nodes === nodes);
      const fault = await soakCluster(database, those, nodes, asked, say);
      if (fault !== null) return fault;
    }
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await database.close();
  }
}

async function soakCluster(
  database: SplitDatabase,
  those: readonly Cut[],
  nodes: number,
  asked: SplitsAsked,
  say: (text: string) => void,
): Promise<string | null> {
  const { rounds, record } = asked;
  const names = Array.from({ length: nodes }, (_, n) => `core_${n + 1}`);
  const cluster = await SplitCluster.open(program, { names, holder: database.order });
  try {
    const world = { cluster, ids: await fill(cluster, asked) };
    say(`splits: ${nodes} nodes, ${world.ids.length} names and children are there`);
    let last: readonly Sight[] = [];
    for (let n = 0; n < rounds * those.length; n++) {
      const cut = those[n % those.length]!;
      const { round, sights } = await play(world, cut, n);
      last = sights;
      const found = await database.judge();
      say(`splits: ${JSON.stringify({ ...round, ...shown(found, sights) })}`);
      if (found.faults.length > 0) return found.faults.join('; ');
      if (round.settledMs > splitSettledMsMax) {
        return `settled ${round.settledMs} ms after all had met (${sights.map(({ changed }) => changed).join(', ')})`;
      }
    }
    say(`splits: calls ${JSON.stringify(last.map(({ calls }) => calls))}`);
    return last.some(({ calls }) => calls.failed.wrong_actor !== undefined) ? 'a wrong actor answered' : null;
  } finally {
    // Also of what went wrong: it tells why.
    if (record !== null) await keepRecord(cluster, `${record}.${nodes}`, say);
    await cluster.close();
  }
}

function shown({ rows, epochs }: WritesFound, sights: readonly Sight[]) {
  const sum = (of: 'accepted' | 'fenced' | 'failed') =>
    sights.reduce((total, { writes }) => total + (writes?.[of] ?? 0), 0);
  return { rows, epochs, fenced: sum('fenced'), failedWrites: sum('failed') };
}

async function keepRecord(cluster: SplitCluster, file: string, say: (text: string) => void): Promise<void> {
  const lines: string[] = [];
  for (const name of cluster.names)
    lines.push(...(await cluster.ask(name, { type: 'record' }, 'recorded')).lines);
  writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
  say(`splits: ${file}: ${lines.length} lines`);
}

async function fill(cluster: SplitCluster, asked: SplitsAsked): Promise<string[]> {
  const each = Math.ceil(asked.names / cluster.names.length);
  const own = (name: string) => Array.from({ length: each }, (_, n) => `of ${name} ${n}`);
  for (const name of cluster.names) await cluster.ask(name, { type: 'take', ids: own(name) }, 'done');
  const children = Array.from({ length: asked.children }, (_, n) => `child ${n}`);
  await cluster.ask(cluster.names[0]!, { type: 'start_children', ids: children }, 'done');
  const ids = [...cluster.names.flatMap(own), ...children];
  await cluster.sightsUntil('all to be there', meetMsMax, (sights) => isExact(sights, ids), { names: true });
  return ids;
}

async function load({ cluster, ids }: World): Promise<void> {
  // Every twentieth, or a list of all travels for each order.
  const called = ids.filter((_, n) => n % 20 === 0 || ids.length < 1_000);
  const perSecond = splitCallsPerSecond / cluster.names.length;
  await cluster.askAll({ type: 'load', ids: called, perSecond });
}

async function quiet(cluster: SplitCluster): Promise<readonly Sight[]> {
  await cluster.askAll({ type: 'load', ids: [], perSecond: 0 });
  return await cluster.sightsUntil('the end of all calls', callsEndMs, (sights) => {
    const open = sights.find(({ calls }) => calls.pending > 0);
    return open === undefined ? null : `${open.calls.pending}, the oldest of ${open.calls.oldestMs} ms`;
  });
}

async function play(world: World, cut: Cut, n: number): Promise<{ round: Round; sights: readonly Sight[] }> {
  const { cluster, ids } = world;
  await load(world);
  const cutAtMs = clock.wallMs();
  const overAtMs = await inflict(cluster, cut, async () => {
    if (cut.sides === null) return;
    const contested = Array.from(
      { length: Math.min(splitContested, Math.ceil(ids.length / 10)) },
      (_, at) => `contested ${n} ${at}`,
    );
    for (const side of cut.sides) await cluster.ask(side, { type: 'take', ids: contested }, 'done');
    ids.push(...contested);
  });
  await cluster.sightsUntil('all to be up', meetMsMax, isWhole);
  const sights = await cluster.sightsUntil('all to stand still', meetMsMax, (seen) => {
    const lastMs = Math.max(...seen.map(({ changedAtMs, metAtMs }) => Math.max(changedAtMs, metAtMs)));
    return isWhole(seen) ?? (clock.wallMs() - lastMs >= stillMs ? null : 'something moves');
  });
  const after = await quiet(cluster);
  await cluster.sightsUntil('each once', stillMs, (seen) => isExact(seen, ids), { names: true });
  return { round: roundOf(cut, sights, cutAtMs, overAtMs), sights: after };
}

function roundOf(cut: Cut, sights: readonly Sight[], cutAtMs: number, overAtMs: number): Round {
  const metAtMs = Math.max(...sights.map((sight) => sight.metAtMs));
  const changedAtMs = Math.max(...sights.map((sight) => sight.changedAtMs));
  const timesOf = (isIt: (message: string) => boolean) => {
    const lines = sights.flatMap(({ log }) => log.filter(({ message }) => isIt(message)));
    return lines.map(({ atMs }) => atMs - cutAtMs).filter((ms) => ms >= 0);
  };
  const least = (times: readonly number[]) => (times.length === 0 ? null : Math.min(...times));
  for (const sight of sights) {
    if (said(sight, 'the split is over').length > said(sight, 'the network is split').length)
      throw new Error('the end of a split was told twice');
  }
  const downs = timesOf((message) => / is down$/.test(message));
  const splits = timesOf((message) => message === 'the network is split');
  return {
    cut: cut.name,
    downMs: least(downs),
    splitMs: least(splits),
    metMs: Math.max(0, metAtMs - overAtMs),
    settledMs: Math.max(0, changedAtMs - metAtMs),
    downs: downs.length,
    splits: splits.length,
  };
}
