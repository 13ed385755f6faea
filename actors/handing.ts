/**
 * Where a dispatch of a tenant goes, and what is remembered of it: to an edge agent of its partition that runs the check by
 * itself, to one that can be told, or in the default partition to whichever poller. Between the scheduler's decision and its messages.
 */
import { awaitPush } from './awaited-instants.ts';
import { type Candidate, choosePoller, isCustomersNetwork } from './dispatch.ts';
import { canRun, chooseEdgeAgent, type EdgeCandidate } from './edge-agents.ts';
import { handedTo } from './handouts.ts';
import type { Dispatch } from './job.ts';
import type { SchedulerState } from './scheduler-state.ts';

export type Handing =
  | { readonly type: 'awaited' }
  | { readonly type: 'poller'; readonly poller: string; readonly agentId: string | null }
  | { readonly type: 'nobody' }
  /** Only an agent of the customer's network may run it, and none does. */
  | { readonly type: 'refused'; readonly reason: string; readonly as: 'gap' | 'skipped' };

interface Handed {
  readonly poller: string;
  readonly partition: string;
  readonly agentId: string | null;
}

export type HandedOut = Map<string, Handed>;

/** Decides, and notes the decision. */
export function handOut(state: SchedulerState, pollers: readonly Candidate[], dispatch: Dispatch): Handing {
  const { check, dueAtMs, attempt, except = null } = dispatch;
  const isAsked = state.accounting.extra.get(check.id)?.dueMs === dueAtMs;
  // Who runs it by itself does so anyway; what a person asks for, and what somebody else has lost, has to be told.
  const runner = isAsked || attempt > 1 ? null : state.edge.runnerOf(check);
  if (runner !== null && awaitPush(state.accounting, check.id, dueAtMs, runner)) return { type: 'awaited' };
  const isReached = ({ node }: EdgeCandidate) =>
    pollers.some(({ name, status }) => name === node && status === 'available');
  const agent = chooseEdgeAgent(state.edge.of(check.partition), check, except, isReached);
  if (agent === null && isCustomersNetwork(check.partition)) return noAgent(state, dispatch);
  const choice = agent === null ? choosePoller(pollers, check, null) : { chosen: agent.node };
  if ('refused' in choice) return { type: 'nobody' };
  const [poller, agentId] = [choice.chosen, agent?.name ?? null];
  state.pollers.addLoad(poller, 1);
  if (agentId !== null) state.edge.addLoad(check.partition, agentId, 1);
  state.handed.set(handKey(check.id, dueAtMs), { poller, partition: check.partition, agentId });
  handedTo(state.accounting, check.id, dueAtMs, poller, agentId);
  return { type: 'poller', poller, agentId };
}

/** What an agent gave back is told with why it did; else it is a gap for as long as nobody can run it. */
function noAgent(state: SchedulerState, { check, because }: Dispatch): Handing {
  if (because !== undefined) return { type: 'refused', reason: because, as: 'skipped' };
  const there = [...state.edge.of(check.partition)];
  const isUnable = there.length > 0 && !there.some((one) => canRun(one, check.kind));
  return { type: 'refused', reason: isUnable ? 'no_capable_agent' : 'no_agent', as: 'gap' };
}

export function takeBack(state: SchedulerState, checkId: string, dueAtMs: number): void {
  const key = handKey(checkId, dueAtMs);
  const handed = state.handed.get(key);
  if (handed === undefined) return;
  state.handed.delete(key);
  state.pollers.addLoad(handed.poller, -1);
  if (handed.agentId !== null) state.edge.addLoad(handed.partition, handed.agentId, -1);
}

/** What the poller had counts for nobody any more. */
export function forgetPoller(state: SchedulerState, poller: string): void {
  for (const [key, handed] of [...state.handed]) {
    if (handed.poller !== poller) continue;
    state.handed.delete(key);
    if (handed.agentId !== null) state.edge.addLoad(handed.partition, handed.agentId, -1);
  }
}

function handKey(checkId: string, dueAtMs: number): string {
  return `${checkId}|${dueAtMs}`;
}
