/**
 * One thread that runs histories: takes a seed, answers what came of it. Between `seed-pool.ts`, which has several of
 * them, and the history, which knows nothing of threads. The seed alone decides, so it is the same in every thread.
 */
import { parentPort } from 'node:worker_threads';
import { traceLinesKept, traceLinesShown } from './bounds.ts';
import { outsidePromises } from './event-loop.ts';
import { type HistoryReport, runHistory } from './history.ts';
import { type IdleFigures, idleFigures } from './idle.ts';
import { joinedAfterMs } from './join.ts';

export type Task =
  | {
      readonly type: 'history';
      readonly seed: number;
      readonly nodes: number | undefined;
      readonly calm: boolean;
      readonly trace: boolean;
    }
  | {
      readonly type: 'join' | 'idle';
      readonly seed: number;
      readonly nodes: number;
      readonly overMs: number;
    };

export type HistoryOutcome = Omit<HistoryReport, 'trace'> & {
  /** All events when they were asked for, the last ones when it failed, else none. */
  readonly lines: readonly string[];
};

export interface JoinOutcome {
  readonly ms: number | null;
}

async function historyOf(task: Task & { type: 'history' }): Promise<HistoryOutcome> {
  const { seed, nodes, calm, trace } = task;
  const options = { seed, nodes, calm, traceLines: trace ? Number.POSITIVE_INFINITY : 0 };
  const report = await outsidePromises(() => runHistory(options));
  const { trace: text, ...told } = report;
  if (trace) return { ...told, lines: text() };
  if (told.failures.length === 0) return { ...told, lines: [] };
  // The seed makes the same history again, this time with its text.
  Error.stackTraceLimit = 10;
  const again = await outsidePromises(() => runHistory({ ...options, traceLines: traceLinesKept }));
  Error.stackTraceLimit = 0;
  return { ...told, failures: again.failures, lines: again.trace().slice(-traceLinesShown) };
}

async function joinOf(seed: number, nodes: number, overMs: number): Promise<JoinOutcome> {
  const { ms } = await outsidePromises(() => joinedAfterMs(seed, nodes, overMs));
  return { ms };
}

function outcomeOf(task: Task): Promise<HistoryOutcome | JoinOutcome | IdleFigures> {
  if (task.type === 'history') return historyOf(task);
  const { type, seed, nodes, overMs } = task;
  if (type === 'join') return joinOf(seed, nodes, overMs);
  return outsidePromises(() => idleFigures(seed, nodes, overMs));
}

// Stacks are made for every expected failure, and read by nobody.
Error.stackTraceLimit = 0;
parentPort?.on('message', (task: Task) => {
  void outcomeOf(task).then((told) => parentPort?.postMessage(told));
});
