/**
 * When each agent that only listens is asked, and by which poller: one at a time, by one poller, which is the same for as long as
 * the pollers are. Pure: the shell (`source-keeper.ts`) sends, reads, writes and keeps the one timer.
 *
 *     rows        what the tenant has now                     tick     time has gone on
 *     polled      a poller's answer                           gone     a poller has gone, and what it had under way
 *     suspended   nothing is asked while it is
 *
 *     poll        ask it, by this poller                      cancel   the answer is no longer wanted
 *     note        how it ended, to be written                 wake     the next tick
 */
import { ownerOf } from '../cluster/index.ts';
import {
  pollAnswerGraceMs,
  pollMsMax,
  pollRetryMsMax,
  pollRetryMsMin,
  pollRoomMs,
  pollsAtOncePerTenantMax,
} from './limits.ts';
import { type PollReport, sequenceKey } from './poll-job.ts';
import type { AgentSource, SourceState, StatedSource } from './ports/agent-source.ts';
import { phaseOf } from './schedule.ts';

interface UnderWay {
  readonly number: number;
  readonly poller: string;
  /** When its answer is no longer waited for. */
  readonly untilMs: number;
}

export interface Planned {
  source: AgentSource;
  state: SourceState | null;
  dueMs: number;
  /** Polls in a row that did not reach it. */
  failures: number;
  underWay: UnderWay | null;
}

export interface PollPlan {
  readonly sources: Map<string, Planned>;
  suspended: boolean;
  numbers: number;
  /** The rows were read before: what is new since was added just now. */
  isRead: boolean;
}

export interface PollerThere {
  readonly name: string;
  /** Partitions that it serves; empty serves all. */
  readonly partitions: readonly string[];
}

/** `nowMs` is monotonic; `chance` is from 0 up to 1. */
export type PlanEvent =
  | { type: 'rows'; rows: readonly StatedSource[]; nowMs: number }
  | { type: 'tick'; pollers: readonly PollerThere[]; nowMs: number; chance: () => number }
  | { type: 'polled'; id: string; number: number; report: PollReport; nowMs: number; chance: () => number }
  | { type: 'gone'; poller: string; nowMs: number; chance: () => number }
  | { type: 'suspended'; suspended: boolean };

export type PlanEffect =
  | { type: 'poll'; planned: Planned; number: number; poller: string }
  | { type: 'cancel'; id: string; number: number; poller: string }
  | { type: 'note'; id: string; state: SourceState }
  | { type: 'wake'; atMs: number };

export function newPlan(): PollPlan {
  return { sources: new Map(), suspended: false, numbers: 0, isRead: false };
}

/** From 1 to 30 s, twice as long each time, of which up to a half is chance: pollers do not come back to a host at once. */
export function retryMs(failures: number, chance: number): number {
  const wholeMs = Math.min(pollRetryMsMax, pollRetryMsMin * 2 ** Math.min(16, Math.max(0, failures - 1)));
  return Math.max(pollRetryMsMin, wholeMs * (1 - chance / 2));
}

export function stepPlan(plan: PollPlan, event: PlanEvent): PlanEffect[] {
  const effects: PlanEffect[] = [];
  if (event.type === 'rows') takeRows(plan, event.rows, event.nowMs, effects);
  else if (event.type === 'tick') tick(plan, event, effects);
  else if (event.type === 'polled') polled(plan, event, effects);
  else if (event.type === 'gone') gone(plan, event);
  else if (event.suspended !== plan.suspended) {
    plan.suspended = event.suspended;
    if (event.suspended) for (const planned of plan.sources.values()) cancel(planned, effects);
  }
  const atMs = nextMs(plan);
  if (atMs !== null) effects.push({ type: 'wake', atMs });
  return effects;
}

/** What was taken of this very source, for the next questions. */
export function sequencesOf({ source, state }: Pick<Planned, 'source' | 'state'>): Record<string, string> {
  if (state === null || state.version !== source.version) return {};
  const held = state.services.filter(({ sequence }) => sequence !== '');
  return Object.fromEntries(held.map((one) => [sequenceKey(one), one.sequence]));
}

function takeRows(plan: PollPlan, rows: readonly StatedSource[], nowMs: number, effects: PlanEffect[]): void {
  const isFirst = !plan.isRead;
  plan.isRead = true;
  const present = new Set(rows.map(({ source }) => source.id));
  for (const [id, planned] of plan.sources) {
    if (present.has(id)) continue;
    cancel(planned, effects);
    plan.sources.delete(id);
  }
  for (const { source, state } of rows) {
    const known = plan.sources.get(source.id);
    if (known?.source.version === source.version) continue;
    if (known !== undefined) cancel(known, effects);
    // Spread over the first interval, so that a core that takes a tenant over does not dial everybody at once.
    const spreadMs = isFirst ? phaseOf(source.id, Math.min(source.intervalMs, pollRetryMsMax)) : 0;
    const fresh = { source, state: known?.state ?? state, failures: 0, underWay: null };
    plan.sources.set(source.id, { ...fresh, dueMs: nowMs + spreadMs });
  }
}

function tick(plan: PollPlan, event: PlanEvent & { type: 'tick' }, effects: PlanEffect[]): void {
  const { nowMs, pollers, chance } = event;
  let underWay = 0;
  for (const planned of plan.sources.values()) {
    if (planned.underWay !== null && planned.underWay.untilMs <= nowMs) {
      cancel(planned, effects);
      failed(planned, nowMs, chance);
    }
    if (planned.underWay !== null) underWay += 1;
  }
  if (plan.suspended) return;
  const due = [...plan.sources.values()].filter((one) => one.underWay === null && one.dueMs <= nowMs);
  for (const planned of due.sort((a, b) => a.dueMs - b.dueMs)) {
    if (underWay >= pollsAtOncePerTenantMax) {
      planned.dueMs = nowMs + pollRoomMs;
      continue;
    }
    const poller = pollerOf(planned.source, pollers);
    if (poller === null) {
      planned.dueMs = nowMs + pollRetryMsMin;
      continue;
    }
    plan.numbers += 1;
    planned.underWay = { number: plan.numbers, poller, untilMs: nowMs + pollMsMax + pollAnswerGraceMs };
    underWay += 1;
    effects.push({ type: 'poll', planned, number: plan.numbers, poller });
  }
}

/** The same poller for as long as it is there, so that it keeps its connection. */
function pollerOf({ id, partition }: AgentSource, pollers: readonly PollerThere[]): string | null {
  const fit = pollers.filter(({ partitions }) => partitions.length === 0 || partitions.includes(partition));
  return fit.length === 0
    ? null
    : ownerOf(
        id,
        fit.map(({ name }) => name),
      );
}

/** An answer that nobody waits for any more changes nothing: its source was changed, removed, or given to another poller. */
function polled(plan: PollPlan, event: PlanEvent & { type: 'polled' }, effects: PlanEffect[]): void {
  const planned = plan.sources.get(event.id);
  if (planned === undefined || planned.underWay?.number !== event.number) return;
  planned.underWay = null;
  const { report, nowMs, chance } = event;
  const services = withSequences(planned, report);
  planned.state = { ...report, services, version: planned.source.version };
  effects.push({ type: 'note', id: event.id, state: planned.state });
  if (report.code !== 'ok') {
    failed(planned, nowMs, chance);
    return;
  }
  planned.failures = 0;
  // On its own grid, without making good what was missed.
  const { intervalMs } = planned.source;
  planned.dueMs += Math.max(1, Math.ceil((nowMs - planned.dueMs) / intervalMs)) * intervalMs;
}

/** Where a question failed, what was taken before is still what is there. */
function withSequences(planned: Planned, { services, code }: PollReport) {
  const before = sequencesOf(planned);
  // A poll that reached nobody says nothing of any service: what was taken of each is kept.
  if (code !== 'ok' && services.length === 0 && planned.state?.version === planned.source.version)
    return planned.state.services;
  return services.map((one) => {
    const sequence = one.sequence === '' ? (before[sequenceKey(one)] ?? '') : one.sequence;
    return { ...one, sequence };
  });
}

function gone(plan: PollPlan, { poller, nowMs }: PlanEvent & { type: 'gone' }): void {
  for (const planned of plan.sources.values()) {
    if (planned.underWay?.poller !== poller) continue;
    planned.underWay = null;
    // Not the agent's failure: whoever has it now asks it soon.
    planned.dueMs = nowMs + pollRetryMsMin;
  }
}

function failed(planned: Planned, nowMs: number, chance: () => number): void {
  planned.failures += 1;
  planned.dueMs = nowMs + retryMs(planned.failures, chance());
}

function cancel(planned: Planned, effects: PlanEffect[]): void {
  if (planned.underWay === null) return;
  const { number, poller } = planned.underWay;
  effects.push({ type: 'cancel', id: planned.source.id, number, poller });
  planned.underWay = null;
}

function nextMs(plan: PollPlan): number | null {
  let next: number | null = null;
  for (const { underWay, dueMs } of plan.sources.values()) {
    if (underWay === null && plan.suspended) continue;
    const atMs = underWay === null ? dueMs : underWay.untilMs;
    if (next === null || atMs < next) next = atMs;
  }
  return next;
}
