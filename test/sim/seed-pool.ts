/**
 * Many histories at once, one thread for each core: seeds out, outcomes back in the order of the seeds. Between the
 * command and its threads (`seed-thread.ts`). A history shares nothing with another, so the threads say nothing else.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { IdleFigures } from './idle.ts';
import type { HistoryOutcome, JoinOutcome, Task } from './seed-thread.ts';

export interface SeedRange {
  readonly first: number;
  readonly count: number;
  readonly nodes: number | undefined;
  readonly calm: boolean;
  readonly trace: boolean;
  /** At most so many; unless told, one for each core. */
  readonly threads: number | undefined;
}

/** Tells every outcome, by seed, and answers how many threads there were. Rejects when one of them dies. */
export async function runSeeds(range: SeedRange, tell: (outcome: HistoryOutcome) => void): Promise<number> {
  const { first, count, nodes, calm, trace } = range;
  const threads = Math.min(count, range.threads ?? availableParallelism());
  const early = new Map<number, HistoryOutcome>();
  let taken = 0;
  let told = 0;
  const work = async () => {
    const thread = startThread();
    while (taken < count) {
      const at = taken;
      taken += 1;
      const seed = (first + at) >>> 0;
      early.set(at, await ask<HistoryOutcome>(thread, { type: 'history', seed, nodes, calm, trace }));
      for (let next = early.get(told); next !== undefined; next = early.get(told)) {
        early.delete(told);
        told += 1;
        tell(next);
      }
    }
    await thread.terminate();
  };
  await Promise.all(Array.from({ length: threads }, work));
  return threads;
}

export function runJoin(seed: number, nodes: number, overMs: number): Promise<JoinOutcome> {
  return runAlone({ type: 'join', seed, nodes, overMs });
}

export function runIdle(seed: number, nodes: number, overMs: number): Promise<IdleFigures> {
  return runAlone({ type: 'idle', seed, nodes, overMs });
}

async function runAlone<T>(task: Task): Promise<T> {
  const thread = startThread();
  const outcome = await ask<T>(thread, task);
  await thread.terminate();
  return outcome;
}

function startThread(): Worker {
  return new Worker(new URL('./seed-thread.js', import.meta.url));
}

function ask<T>(thread: Worker, task: Task): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number) => reject(new Error(`a thread ended with status ${code}`));
    thread.once('error', reject);
    thread.once('exit', ended);
    thread.once('message', (outcome: T) => {
      thread.off('error', reject);
      thread.off('exit', ended);
      resolve(outcome);
    });
    thread.postMessage(task);
  });
}
