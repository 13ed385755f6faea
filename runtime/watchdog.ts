/**
 * Watches the event loop of this process from a second thread: a loop that is blocked is reported with the stack of the
 * code that holds it, and the process ends past a limit. Starts the thread and beats for it; watchdog-worker.ts watches,
 * watchdog-judge.ts decides. Runs from the built files only: worker threads take no TypeScript.
 */
import { Worker } from 'node:worker_threads';
import { systemClock } from './clock.ts';
import { loopBeatMs, loopBlockedMsMax, loopBlockedReportMs } from './limits.ts';

export interface BlockedReport {
  readonly blockedMs: number;
  /** One line per frame, innermost first; empty when the code did not let itself be interrupted (a system call). */
  readonly stack: readonly string[];
}

export interface WatchdogOptions {
  /** Where the watching thread appends its lines (JSON): a path, or 2 for stderr. The main thread cannot write: it is blocked. */
  readonly reportTo: string | 2;
  /** Fields of every line, so that it looks like the other lines of that log. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly blockedReportMs?: number;
  readonly loopBlockedMsMax?: number;
  /** After a reported block is over: the loop runs again. */
  onBlocked(report: BlockedReport): void;
  /** The thread could not start, or ended by an error: nobody watches any more. */
  onLost(error: Error): void;
}

/** What the thread is started with. */
export interface WatchOrder {
  readonly beats: Int32Array;
  readonly reportTo: string | 2;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly pid: number;
  readonly blockedReportMs: number;
  readonly loopBlockedMsMax: number;
}

/** The answer ends the watch. Keeps no process alive by itself. */
export function startWatchdog(options: WatchdogOptions): { stop(): Promise<void> } {
  const beats = new Int32Array(new SharedArrayBuffer(4));
  const order: WatchOrder = {
    beats,
    reportTo: options.reportTo,
    fields: options.fields,
    pid: process.pid,
    blockedReportMs: options.blockedReportMs ?? loopBlockedReportMs,
    loopBlockedMsMax: options.loopBlockedMsMax ?? loopBlockedMsMax,
  };
  const worker = new Worker(new URL('./watchdog-worker.js', import.meta.url), {
    workerData: order,
    // Flags of the main thread (a program given as text, a loader) are not for this file.
    execArgv: [],
  });
  worker.on('message', (report: BlockedReport) => options.onBlocked(report));
  worker.on('error', (error) => options.onLost(error));
  // Last: whoever listens for messages holds the process again.
  worker.unref();
  const clock = systemClock({ unref: true });
  let cancel = () => {};
  const beat = () => {
    Atomics.add(beats, 0, 1);
    cancel = clock.timer(loopBeatMs, beat);
  };
  beat();
  return {
    async stop() {
      cancel();
      await worker.terminate();
    },
  };
}
