/**
 * Calls and casts between two processes on one machine over mTLS. Ours: two forked nodes joined through the cluster's
 * door, with membership and registry running. Beside us: two Erlang nodes with TLS distribution.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createAuthority, issueNode } from '../certs/index.ts';
import { systemClock } from '../runtime/index.ts';
import type { Bench, Running } from './bench.ts';
import { answerTimeoutMs, closeTimeoutMs } from './limits.ts';
import type { Order, Report, StartOrder } from './ours/remote-worker.ts';
import { openErlangPair } from './peers/erlang-tls.ts';

const trustDomain = 'bench.local';

async function openOurs(): Promise<Running> {
  const clock = systemClock();
  const authority = await createAuthority(trustDomain, clock);
  const workers: ChildProcess[] = [];
  const close = async () => void (await Promise.all(workers.map(ended)));
  const start = async (name: string, seeds: readonly string[]) => {
    const worker = fork(fileURLToPath(new URL('./ours/remote-worker.js', import.meta.url)));
    workers.push(worker);
    const credential = await issueNode(authority, { role: 'core', name }, clock);
    const order: StartOrder = { type: 'start', name, trustDomain, credential, seeds };
    return { worker, started: await ask(worker, order, 'started') };
  };
  try {
    const far = await start('far', []);
    const near = await start('near', [far.started.address]);
    const measure: Order = { type: 'measure', far: far.started.counter };
    return { round: async () => (await ask(near.worker, measure, 'figures')).figures, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Sends an order and takes the one report that answers it. */
function ask<T extends Report['type']>(
  worker: ChildProcess,
  order: Order,
  wanted: T,
): Promise<Report & { type: T }> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer);
      worker.removeAllListeners();
      act();
    };
    const timer = setTimeout(
      () => settle(() => reject(new Error(`no ${wanted} from a worker within ${answerTimeoutMs} ms`))),
      answerTimeoutMs,
    );
    worker.once('error', (error) => settle(() => reject(error)));
    worker.once('exit', (code, signal) =>
      settle(() => reject(new Error(`a worker ended (${code ?? signal})`))),
    );
    worker.once('message', (report: Report) =>
      settle(() => {
        if (report.type === wanted) resolve(report as Report & { type: T });
        else
          reject(new Error(report.type === 'failed' ? report.reason : `${report.type} instead of ${wanted}`));
      }),
    );
    worker.send(order);
  });
}

/** A worker ends when its parent leaves it; one that does not is killed. */
async function ended(worker: ChildProcess): Promise<void> {
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

export const remote: Bench = {
  name: 'remote',
  about: 'calls and casts between two processes over mTLS, beside OTP over TLS distribution',
  figures: [
    { key: 'call_1_per_s', better: 'more' },
    { key: 'call_100_per_s', better: 'more' },
    { key: 'call_1000_per_s', better: 'more' },
    { key: 'call_1_p50_us', better: 'less' },
    { key: 'call_1_p99_us', better: 'less' },
    { key: 'cast_100b_per_s', better: 'more' },
    { key: 'cast_10kb_mib_per_s', better: 'more' },
    { key: 'cast_1mb_mib_per_s', better: 'more' },
  ],
  rounds: 5,
  contenders: [
    { name: 'ours', open: openOurs },
    { name: 'otp', open: openErlangPair },
  ],
};
