/**
 * Orders to a forked worker of a bench and the one report that answers each, and its end. Between a bench and the programs
 * in `ours/` that it drives.
 */
import type { ChildProcess } from 'node:child_process';
import { answerTimeoutMs, closeTimeoutMs } from './limits.ts';

type Answer = { readonly type: string };

/** Sends an order and takes the one report that answers it. A report `failed` has a `reason`. */
export function ask<R extends Answer, T extends R['type']>(
  worker: ChildProcess,
  order: object,
  wanted: T,
  timeoutMs = answerTimeoutMs,
): Promise<R & { type: T }> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer);
      worker.removeAllListeners();
      act();
    };
    const timer = setTimeout(
      () => settle(() => reject(new Error(`no ${wanted} from a worker within ${timeoutMs} ms`))),
      timeoutMs,
    );
    worker.once('error', (error) => settle(() => reject(error)));
    worker.once('exit', (code, signal) =>
      settle(() => reject(new Error(`a worker ended (${code ?? signal})`))),
    );
    worker.once('message', (report: R) =>
      settle(() => {
        if (report.type === wanted) resolve(report as R & { type: T });
        else
          reject(new Error((report as { reason?: string }).reason ?? `${report.type} instead of ${wanted}`));
      }),
    );
    worker.send(order);
  });
}

/** A worker ends when its parent leaves it; one that does not is killed. */
export async function ended(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => worker.kill('SIGKILL'), closeTimeoutMs);
    worker.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    if (worker.connected) worker.disconnect();
  });
}
