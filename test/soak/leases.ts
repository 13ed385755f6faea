/**
 * `npm run soak -- leases [--histories N] [--seed S] [--flaw NAME]`: simulated histories of leases and accounts
 * (`test/sim/leases`), each from its seed. Says which seeds fail and with what, and what all of them together did.
 */
import { outsidePromises } from '../sim/event-loop.ts';
import { type Flaw, flaws } from '../sim/leases/flaws.ts';
import { type Counts, type LeaseHistory, runLeaseHistory } from '../sim/leases/history.ts';
import { historiesTold, historyLinesShown } from './bounds.ts';

export interface LeasesAsked {
  readonly histories: number;
  readonly seed: number;
  /** A fault to put in, as a trial of the judges: then histories that fail are what is wanted. */
  readonly flaw: string | null;
}

export async function soakLeases(asked: LeasesAsked, say: (text: string) => void): Promise<string | null> {
  const flaw = flaws.find((name) => name === asked.flaw) ?? null;
  if (flaw !== asked.flaw) return `no such flaw; there are ${flaws.join(', ')}`;
  let failed = 0;
  let hash = 0;
  let simulatedMs = 0;
  const counts = new Map<string, number>();
  const startMs = performance.now();
  // Stacks are made for every expected failure, and read by nobody.
  Error.stackTraceLimit = 0;
  for (let at = 0; at < asked.histories; at += 1) {
    const seed = asked.seed + at;
    const history = await outsidePromises(() => runLeaseHistory({ seed, flaw }));
    simulatedMs += history.simulatedMs;
    hash = (Math.imul(hash, 31) + Number.parseInt(history.hash.slice(0, 8), 16)) >>> 0;
    add(counts, history.counts);
    if (history.failures.length > 0) {
      failed += 1;
      await sayFailure(history, flaw, say);
    }
    if ((at + 1) % historiesTold === 0) say(`leases: ${at + 1} of ${asked.histories}, ${failed} failed`);
  }
  const tookS = (performance.now() - startMs) / 1_000;
  const text = [...counts].map(([name, value]) => `${name} ${Math.round(value * 100) / 100}`).join(', ');
  say(`leases: ${Math.round(simulatedMs / 1_000)} simulated seconds in ${tookS.toFixed(0)} s; ${text}`);
  say(`leases: histories ${asked.histories} failed ${failed} trace ${hash.toString(16).padStart(8, '0')}`);
  return failed === 0 ? null : `${failed} of ${asked.histories} histories`;
}

/** Sums, but of what is a largest value the largest. */
function add(sums: Map<string, number>, counts: Counts): void {
  for (const [name, value] of Object.entries(counts)) {
    const before = sums.get(name) ?? 0;
    const isLargest = name === 'movesPerCauseMax' || name === 'longestMs';
    sums.set(name, isLargest ? Math.max(before, value) : before + value);
  }
}

/** The seed makes the same history again, this time with its text. */
async function sayFailure(
  { seed, failures }: LeaseHistory,
  flaw: Flaw | null,
  say: (text: string) => void,
): Promise<void> {
  for (const failure of failures) say(`seed ${seed}: ${failure}`);
  if (flaw !== null) return;
  const again = await outsidePromises(() => runLeaseHistory({ seed, traceLines: historyLinesShown }));
  for (const line of again.trace()) say(`  ${line}`);
}
