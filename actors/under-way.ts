/** The jobs that a poller has: what is known of each, and what every part of the poller does with one. */
import type { Self, Span } from '../runtime/index.ts';
import { jobStep, withStep } from './check-trace.ts';
import type { EdgeHeld } from './edge-jobs.ts';
import type { Job, NotRun, NumberedJob } from './messages.ts';
import { type Homes, homeOf, sendLater } from './poller-homes.ts';
import type { Roster } from './roster.ts';

export interface UnderWay {
  number: number;
  job: Job;
  /** The node of an agent of the cluster, or what `edgeName` calls one at the edge. */
  agent: string | null;
  attempt: number;
  takenAtMs: number;
  /** When the agent's answer is no longer waited for. */
  answerByMs: number;
  /** Its time at the agent that has it; null: it is not followed. */
  step?: Span | null;
}

export interface PollerState extends Homes {
  agents: Roster;
  /** Edge agents that have jobs of ours, by `edgeName`. */
  edge: Map<string, EdgeHeld>;
  underWay: Map<number, UnderWay>;
  /** Jobs that no agent was there for yet. */
  parked: UnderWay[];
  numbers: number;
  toAgents: Map<string, NumberedJob[]>;
  sweeping: boolean;
  /** When an agent was last there to be chosen. */
  hadAgentMs: number;
}

export type UnderWaySelf = Self<PollerState>;

/** It goes out with the next batch to its agent. */
export function queueJob(self: UnderWaySelf, agent: string, one: UnderWay): void {
  const { toAgents } = self.state;
  one.step = jobStep(self.tracing, one.job, 'run at agent');
  const numbered = { number: one.number, job: withStep(one.job, one.step) };
  const batch = toAgents.get(agent);
  if (batch === undefined) toAgents.set(agent, [numbered]);
  else batch.push(numbered);
}

export function notRun(self: UnderWaySelf, job: Job, reason: string, as: NotRun['as']): void {
  homeOf(self, job.tenantId).notRun.push({ checkId: job.checkId, dueAtMs: job.dueAtMs, reason, as });
  sendLater(self);
}
