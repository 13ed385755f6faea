/** One fuzz target in a thread of its own: feeds it, measures the heap after a collection, reports. */
import { parentPort, workerData } from 'node:worker_threads';
import { seededRandom } from '../../runtime/index.ts';
import { fuzzTargets } from '../fuzz/targets.ts';
import { reportInputs } from './bounds.ts';

export interface SoakReport {
  readonly at: number;
  readonly perSecond: number;
  readonly grownBytes: number;
  readonly failure: string | null;
}

interface Order {
  readonly target: string;
  readonly inputs: number;
  readonly seed: number;
}

function heldBytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function soak({ target: wanted, inputs, seed }: Order): void {
  const target = fuzzTargets.find(({ name }) => name === wanted)!.make();
  const random = seededRandom(seed);
  const startMs = performance.now();
  let startBytes = 0;
  for (let at = 1; at <= inputs; at += 1) {
    try {
      target.run(random);
    } catch (error) {
      const failure = `input ${at} of seed ${seed}: ${error instanceof Error ? error.stack : String(error)}`;
      parentPort?.postMessage({ at, perSecond: 0, grownBytes: 0, failure } satisfies SoakReport);
      return;
    }
    if (at === Math.min(1_000, inputs)) startBytes = heldBytes();
    if (at % reportInputs !== 0 && at !== inputs) continue;
    const perSecond = (at * 1_000) / (performance.now() - startMs);
    const grownBytes = Math.max(0, heldBytes() - startBytes);
    parentPort?.postMessage({ at, perSecond, grownBytes, failure: null } satisfies SoakReport);
  }
}

soak(workerData as Order);
