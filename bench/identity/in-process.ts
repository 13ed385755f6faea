/** Forked processes in which the rate and the cost of a way of deciding are measured, each without the garbage of other measurements. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Figures } from '../bench.ts';
import { costTimeoutMs } from '../limits.ts';
import type { IdentityOrder, IdentityReport } from '../ours/identity-worker.ts';
import { ask, ended } from '../worker-process.ts';
import type { SteadyPlan } from './steady.ts';
import type { TruthPlan } from './truth.ts';
import type { Way } from './ways.ts';

export interface Rated {
  /** Updates a second, of all of the truth once more. */
  round(): Promise<number>;
  close(): Promise<void>;
}

export async function openRated(way: Way, plan: TruthPlan): Promise<Rated> {
  const worker = forked([]);
  const close = () => ended(worker);
  try {
    await ask<IdentityReport, 'held'>(worker, told({ type: 'hold', way, plan }), 'held');
  } catch (error) {
    await close();
    throw error;
  }
  return {
    round: async () => (await ask<IdentityReport, 'rate'>(worker, told({ type: 'round' }), 'rate')).perS,
    close,
  };
}

/** What `identityCost` tells, of ours. */
export async function costInProcess(plan: SteadyPlan): Promise<Figures> {
  // A million devices take more than Node's own bound: some 4 kB each, and what is measured apart once more.
  const worker = forked(plan.devices > 200_000 ? [`--max-old-space-size=${heapMbFor(plan.devices)}`] : []);
  try {
    const order = told({ type: 'cost', plan });
    return (await ask<IdentityReport, 'cost'>(worker, order, 'cost', costTimeoutMs)).figures;
  } finally {
    await ended(worker);
  }
}

function heapMbFor(devices: number): number {
  return Math.ceil((devices * 8_192) / 2 ** 20);
}

/** With the flags of V8 that a node is started with, which are none, and not with those of this process. */
function forked(execArgv: string[]): ChildProcess {
  return fork(fileURLToPath(new URL('../ours/identity-worker.js', import.meta.url)), { execArgv });
}

function told(order: IdentityOrder): IdentityOrder {
  return order;
}
