/**
 * The ways in which the network of the split tests fails, each with how it is brought about and mended. Between the nodes
 * (split-cluster.ts) and the rounds (splits.ts), which judge what came of it.
 */
import { systemClock } from '../../runtime/index.ts';
import { apartMs, cutMs, flapCutsMs, flappingMs, flapWholeMs } from './bounds.ts';
import type { SplitCluster } from './split-cluster.ts';

export interface Cut {
  readonly name: string;
  readonly nodes: number;
  /** One node of each side, where the sides do not see each other: they take the same names meanwhile. */
  readonly sides: readonly [string, string] | null;
  /** Whose holder of tenants is stubborn meanwhile. */
  readonly stubborn: string;
  begin(cluster: SplitCluster): void;
  end(cluster: SplitCluster): void;
}

const clock = systemClock();
export const pass = (ms: number) => new Promise<void>((resolve) => void clock.timer(ms, resolve));

const mend = (cluster: SplitCluster) => cluster.mend();

export const cuts: readonly Cut[] = [
  {
    ...{ name: 'two_one', nodes: 3, sides: ['core_2', 'core_3'], stubborn: 'core_3' },
    begin: (cluster) => cluster.isolate('core_3'),
    end: mend,
  },
  {
    ...{ name: 'one_way', nodes: 3, sides: null, stubborn: 'core_3' },
    begin: (cluster) => cluster.drop('core_1', 'core_3'),
    end: mend,
  },
  {
    // core_2 hears both of two that do not hear each other.
    ...{ name: 'bridge', nodes: 3, sides: null, stubborn: 'core_1' },
    begin: (cluster) => cluster.part(['core_1'], ['core_3']),
    end: mend,
  },
  {
    ...{ name: 'flapping', nodes: 3, sides: null, stubborn: 'core_3' },
    begin: (cluster) => cluster.isolate('core_3'),
    end: mend,
  },
  {
    ...{ name: 'paused', nodes: 3, sides: null, stubborn: 'core_3' },
    begin: (cluster) => cluster.signal('core_3', 'SIGSTOP'),
    end: (cluster) => cluster.signal('core_3', 'SIGCONT'),
  },
  {
    ...{ name: 'two_two', nodes: 4, sides: ['core_1', 'core_4'], stubborn: 'core_4' },
    begin: (cluster) => cluster.part(['core_1', 'core_2'], ['core_3', 'core_4']),
    end: mend,
  },
];

/** Answers when it was over. `meanwhile`: once, when the sides are apart for certain. */
export async function inflict(
  cluster: SplitCluster,
  cut: Cut,
  meanwhile: () => Promise<void>,
): Promise<number> {
  const stubborn = (on: boolean) => cluster.ask(cut.stubborn, { type: 'stubborn', on }, 'done');
  if (cut.name === 'flapping') return await flap(cluster, cut, stubborn);
  if (cut.name !== 'paused') await stubborn(true);
  cut.begin(cluster);
  await pass(apartMs);
  await meanwhile();
  await pass(cutMs - apartMs);
  cut.end(cluster);
  const overAtMs = clock.wallMs();
  await stubborn(false);
  return overAtMs;
}

/** The holder is stubborn in every second cut. */
async function flap(
  cluster: SplitCluster,
  cut: Cut,
  stubborn: (on: boolean) => Promise<unknown>,
): Promise<number> {
  const untilMs = clock.monotonicMs() + flappingMs;
  let overAtMs = 0;
  for (let n = 0; clock.monotonicMs() < untilMs; n += 1) {
    await stubborn(n % 2 === 0);
    cut.begin(cluster);
    await pass(flapCutsMs[n % flapCutsMs.length]!);
    cut.end(cluster);
    overAtMs = clock.wallMs();
    await pass(flapWholeMs);
  }
  await stubborn(false);
  return overAtMs;
}
