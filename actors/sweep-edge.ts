/**
 * Slices that edge agents have: each ordered as a command, asked about until it is over, and taken back. Between a tenant's
 * keeper, whose part it is, and the actors of the agents on their pollers.
 */
import { messageOf, type Ref, type Self } from '../runtime/index.ts';
import { sweepCallMs } from './limits.ts';
import type { SliceOutcome, SweepCounts } from './ports/sweep.ts';
import type { CommandedAgentProtocol, OrderSeen, SliceJob } from './sweep-messages.ts';
import {
  orderLifeS,
  orderOf,
  readSliceSaid,
  stopOf,
  sweepRunCommand,
  sweepStopCommand,
} from './sweep-order.ts';

export interface EdgeSlice {
  readonly job: SliceJob;
  readonly agent: string;
  readonly ref: Ref<CommandedAgentProtocol>;
  /** Null: it is not ordered yet. */
  commandId: string | null;
  /** Of its last word, as it came. */
  beat: string;
  asking: boolean;
}

/** What came of a question, for the keeper to take up. */
export type EdgeWord =
  | { readonly number: number; readonly commandId: string | null }
  | { readonly number: number; readonly seen: OrderSeen | null }
  | { readonly number: number; readonly failed: string };

export type EdgeNews =
  | { type: 'progress'; counts: SweepCounts }
  | { type: 'done'; outcome: SliceOutcome }
  | { type: 'lost'; why: string };

export function orderSlice(self: Self<unknown>, one: EdgeSlice): Promise<EdgeWord> {
  const { job, ref } = one;
  const { number } = job;
  return self
    .call(ref, sweepCallMs)
    .order(sweepRunCommand, orderOf(job), orderLifeS(job))
    .then(
      (commandId) => ({ number, commandId }),
      (error: unknown) => ({ number, failed: messageOf(error) }),
    );
}

export function askSlice(self: Self<unknown>, one: EdgeSlice): Promise<EdgeWord> | null {
  const { job, ref, commandId } = one;
  if (commandId === null || one.asking) return null;
  one.asking = true;
  const { number } = job;
  return self
    .call(ref, sweepCallMs)
    .orderState(commandId)
    .then(
      (seen) => ({ number, seen }),
      (error: unknown) => ({ number, failed: messageOf(error) }),
    );
}

/** It is another's now, or nobody's: the agent is told to stop, if it hears. */
export function takeSlice(self: Self<unknown>, { job, ref, commandId }: EdgeSlice): void {
  if (commandId !== null) self.cast(ref).cancel(commandId);
  const stopped = self.call(ref, sweepCallMs).order(sweepStopCommand, stopOf(job.runId, job.slice), 60);
  stopped.catch(() => {});
}

/** Of the agent's own words, which are written down. */
const whyCharactersMax = 300;
const live: ReadonlySet<string> = new Set(['queued', 'sent', 'acknowledged', 'running']);

/** Null: nothing new. */
export function newsOf(one: EdgeSlice, word: EdgeWord): EdgeNews | null {
  const { job, agent } = one;
  if ('failed' in word) return { type: 'lost', why: `agent_lost: ${word.failed}` };
  if ('commandId' in word) {
    one.commandId = word.commandId;
    return word.commandId === null ? { type: 'lost', why: 'agent_busy' } : null;
  }
  one.asking = false;
  const { seen } = word;
  if (seen === null) return { type: 'lost', why: 'agent_lost: nothing is known of its command any more' };
  const said = readSliceSaid(seen.payloadJson, job);
  if (live.has(seen.state)) {
    const beat = `${seen.state} ${said?.beat ?? ''}`;
    if (beat === one.beat) return null;
    one.beat = beat;
    return said === null ? null : { type: 'progress', counts: said.counts };
  }
  if (seen.state !== 'completed' || said === null)
    return { type: 'lost', why: seen.message.slice(0, whyCharactersMax) || `agent_${seen.state}` };
  const { counts, why } = said;
  if (counts.done !== job.to - job.from)
    return { type: 'lost', why: 'bad_answer: it is not all of the slice' };
  return { type: 'done', outcome: { slice: job.slice, agent, counts, why } };
}
