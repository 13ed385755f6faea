/**
 * Calls and casts between two processes on one machine over mTLS. Ours: two forked nodes joined through the cluster's
 * door, with membership and registry running. Beside us: two Erlang nodes with TLS distribution.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createAuthority, issueNode } from '../certs/index.ts';
import { systemClock } from '../runtime/index.ts';
import type { Bench, Running } from './bench.ts';
import type { Order, Report, StartOrder } from './ours/remote-worker.ts';
import { openErlangPair } from './peers/erlang-tls.ts';
import { ask, ended } from './worker-process.ts';

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
    return { worker, started: await ask<Report, 'started'>(worker, order, 'started') };
  };
  try {
    const far = await start('far', []);
    const near = await start('near', [far.started.address]);
    const measure: Order = { type: 'measure', far: far.started.counter };
    return {
      round: async () => (await ask<Report, 'figures'>(near.worker, measure, 'figures')).figures,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
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
