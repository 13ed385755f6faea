/**
 * Three nodes with ten thousand names and a thousand supervised children, under calls, whose network splits, loses packets
 * one way and flaps, and one of which pauses, again and again. After each: every name and child once, soon, and no call
 * that never ends. Tells the times that it saw.
 */
import { fileURLToPath } from 'node:url';
import { systemClock } from '../../runtime/index.ts';
import {
  callsEndMs,
  cutMs,
  flapMs,
  flapsPerRound,
  meetMsMax,
  splitCallsPerTick,
  splitChildren,
  splitNames,
  splitSettledMsMax,
  stillMs,
} from './bounds.ts';
import { isExact, isWhole, nodeNames, SplitCluster, said, splitsMissing } from './split-cluster.ts';
import type { Sight } from './split-node.ts';

const cuts = ['symmetric', 'one_way', 'flapping', 'paused'] as const;
type Cut = (typeof cuts)[number];

interface Round {
  readonly cut: Cut;
  /** From the cut until a node called another down, and until it told of the split; null: nobody did. */
  readonly downMs: number | null;
  readonly splitMs: number | null;
  /** From its end until all were up everywhere, and from then until the last name or child moved. */
  readonly metMs: number;
  readonly settledMs: number;
}

const clock = systemClock();
const pass = (ms: number) => new Promise<void>((resolve) => void clock.timer(ms, resolve));

/** What is wrong, or null. */
export async function soakSplits(rounds: number, say: (text: string) => void): Promise<string | null> {
  if (splitsMissing !== null) {
    say(`splits: skipped: ${splitsMissing}`);
    return null;
  }
  const program = fileURLToPath(new URL('./split-node.js', import.meta.url));
  const cluster = await SplitCluster.open(program);
  try {
    const ids = await fill(cluster);
    say(`splits: ${ids.length} names and children are there`);
    for (let n = 0; n < rounds; n++) {
      const round = await play(cluster, cuts[n % cuts.length]!, ids);
      say(`splits: ${JSON.stringify(round)}`);
      if (round.settledMs > splitSettledMsMax) return `settled ${round.settledMs} ms after all had met`;
    }
    const sights = await quiet(cluster);
    say(`splits: calls ${JSON.stringify(sights.map(({ calls }) => calls))}`);
    return sights.some(({ calls }) => calls.failed.wrong_actor !== undefined)
      ? 'a wrong actor answered'
      : null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await cluster.close();
  }
}

async function fill(cluster: SplitCluster): Promise<readonly string[]> {
  const own = (name: string) =>
    Array.from({ length: Math.ceil(splitNames / nodeNames.length) }, (_, n) => `of ${name} ${n}`);
  for (const name of nodeNames) await cluster.ask(name, { type: 'take', ids: own(name) }, 'done');
  const children = Array.from({ length: splitChildren }, (_, n) => `child ${n}`);
  await cluster.ask(nodeNames[0], { type: 'start_children', ids: children }, 'done');
  const ids = [...nodeNames.flatMap(own), ...children];
  await cluster.sightsUntil('all to be there', meetMsMax, (sights) => isExact(sights, ids), { names: true });
  return ids;
}

async function load(cluster: SplitCluster, ids: readonly string[]): Promise<void> {
  // Every twentieth, or a list of all travels for each order.
  const called = ids.filter((_, n) => n % 20 === 0);
  for (const name of nodeNames)
    await cluster.ask(name, { type: 'load', ids: called, perTick: splitCallsPerTick }, 'done');
}

async function quiet(cluster: SplitCluster): Promise<readonly Sight[]> {
  for (const name of nodeNames) await cluster.ask(name, { type: 'load', ids: [], perTick: 0 }, 'done');
  return await cluster.sightsUntil('the end of all calls', callsEndMs, (sights) => {
    const open = sights.find(({ calls }) => calls.pending > 0);
    return open === undefined ? null : `${open.calls.pending}, the oldest of ${open.calls.oldestMs} ms`;
  });
}

async function play(cluster: SplitCluster, cut: Cut, ids: readonly string[]): Promise<Round> {
  await load(cluster, ids);
  const cutAtMs = clock.wallMs();
  const overAtMs = await inflict(cluster, cut);
  await cluster.sightsUntil('all to be up', meetMsMax, isWhole);
  const sights = await cluster.sightsUntil('all to stand still', meetMsMax, (seen) => {
    const lastMs = Math.max(...seen.map(({ changedAtMs, metAtMs }) => Math.max(changedAtMs, metAtMs)));
    return isWhole(seen) ?? (clock.wallMs() - lastMs >= stillMs ? null : 'something moves');
  });
  await quiet(cluster);
  await cluster.sightsUntil('each once', stillMs, (seen) => isExact(seen, ids), { names: true });
  const metAtMs = Math.max(...sights.map((sight) => sight.metAtMs));
  const changedAtMs = Math.max(...sights.map((sight) => sight.changedAtMs));
  const firstMs = (isIt: (message: string) => boolean) => {
    const lines = sights.flatMap(({ log }) => log.filter(({ message }) => isIt(message)));
    const times = lines.map(({ atMs }) => atMs - cutAtMs).filter((ms) => ms >= 0);
    return times.length === 0 ? null : Math.min(...times);
  };
  const overs = sights.map((sight) => said(sight, 'the split is over').length);
  const splits = sights.map((sight) => said(sight, 'the network is split').length);
  if (overs.some((count, index) => count > splits[index]!))
    throw new Error('the end of a split was told twice');
  return {
    cut,
    downMs: firstMs((message) => / is down$/.test(message)),
    splitMs: firstMs((message) => message === 'the network is split'),
    metMs: Math.max(0, metAtMs - overAtMs),
    settledMs: Math.max(0, changedAtMs - metAtMs),
  };
}

/** Answers when it was over. */
async function inflict(cluster: SplitCluster, cut: Cut): Promise<number> {
  let overAtMs = 0;
  const mend = (act: () => void) => {
    act();
    overAtMs = clock.wallMs();
  };
  switch (cut) {
    case 'symmetric':
      cluster.isolate('core_3');
      await pass(cutMs);
      mend(() => cluster.mend());
      break;
    case 'one_way':
      cluster.drop('core_1', 'core_3');
      await pass(cutMs);
      mend(() => cluster.mend());
      break;
    case 'flapping':
      for (let n = 0; n < flapsPerRound; n++) {
        cluster.isolate('core_3');
        await pass(flapMs);
        mend(() => cluster.mend());
        await pass(flapMs);
      }
      break;
    case 'paused':
      cluster.signal('core_3', 'SIGSTOP');
      await pass(cutMs);
      mend(() => cluster.signal('core_3', 'SIGCONT'));
      break;
  }
  return overAtMs;
}
