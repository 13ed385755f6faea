/**
 * A slice as a command to an edge agent (`sweep.run`, and `sweep.stop` for a run that is not wanted any more), and what the
 * agent says of it. Pure. The agent is a stranger: what it says is counted within the slice that it was given.
 */
import { sweepGraceMs } from './limits.ts';
import { readObject } from './order-payload.ts';
import type { SweepCounts } from './ports/sweep.ts';
import type { SliceJob } from './sweep-messages.ts';

/** An agent that takes these commands says so by this word among its capabilities. */
export const sweepCapability = 'sweep';
export const sweepRunCommand = 'sweep.run';
export const sweepStopCommand = 'sweep.stop';

export function orderOf(job: SliceJob): Uint8Array {
  const { runId: run, slice, attempt, sweep, addresses, from, to, ratePerS: rate, terms } = job;
  const { networks, exclusions, ports, icmp, timeoutMs: timeout_ms } = terms;
  const order = { run, slice, attempt, sweep, addresses, from, to, rate, networks, exclusions, ports, icmp };
  return Buffer.from(JSON.stringify({ ...order, timeout_ms }));
}

export function stopOf(runId: string, slice: number): Uint8Array {
  return Buffer.from(JSON.stringify({ run: runId, slice }));
}

/** Whole seconds: twice what it should take, and a while for its document. */
export function orderLifeS({ from, to, terms, ratePerS }: SliceJob): number {
  const probes = (to - from) * (terms.ports.length + (terms.icmp ? 2 : 0));
  return Math.ceil(((probes / ratePerS) * 2_000 + terms.timeoutMs * 2 + sweepGraceMs) / 1_000);
}

export interface SliceSaid {
  readonly counts: SweepCounts;
  readonly why: string | null;
  /** Other with each word, while it is at work. */
  readonly beat: number;
}

const whyCharactersMax = 300;

/** Null: it is none of these. */
export function readSliceSaid(
  payload: Uint8Array,
  { from, to }: Pick<SliceJob, 'from' | 'to'>,
): SliceSaid | null {
  const said = readObject(payload);
  if (said === null) return null;
  const most = to - from;
  const whole = (value: unknown, max: number) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? Math.min(value, max) : 0;
  const done = whole(said.done, most);
  const counts: SweepCounts = {
    done,
    live: whole(said.live, done),
    refused: whole(said.refused, done),
    untold: whole(said.untold, Number.MAX_SAFE_INTEGER),
    sent: whole(said.sent, Number.MAX_SAFE_INTEGER),
  };
  const why = typeof said.why === 'string' ? said.why.slice(0, whyCharactersMax) : null;
  return { counts, why, beat: whole(said.beat, Number.MAX_SAFE_INTEGER) };
}
