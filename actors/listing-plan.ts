/**
 * When each source of a tenant is listed: one run of a source at a time, few of a tenant, on schedule unless its breaker is open, and
 * whenever somebody asks. Pure; times are wall milliseconds, since what is kept of a run outlives the process. The shell
 * (`listing-keeper.ts`) reads rows, runs, writes and keeps the one timer.
 *
 *     rows        what the tenant has now                     asked    somebody wants a run now
 *     tick        time has gone on                            ended    a run has
 *     suspended   nothing is listed while it is
 *
 *     start       a run of it                                 cancel   its run is no longer wanted
 *     note        how far it is, to be written                wake     the next tick
 */
import { type Breaker, closedBreaker, stepBreaker } from '../sources/index.ts';
import { firstListingMsMax, listingsOfTenantMax } from './limits.ts';
import type {
  ListedSource,
  ListedSourceState,
  ListingRecord,
  StatedListedSource,
} from './ports/listed-source.ts';
import { phaseOf } from './schedule.ts';

export interface ListingUnderWay {
  readonly runId: string;
  readonly startedAtMs: number;
  readonly by: string;
}

export interface PlannedListing {
  source: ListedSource;
  state: ListedSourceState;
  /** Null: by hand only. */
  dueAtMs: number | null;
  /** Somebody asked for one, which begins when there is room. */
  wanted: { by: string; acceptEmpty: boolean } | null;
  underWay: ListingUnderWay | null;
}

export interface ListingPlan {
  readonly sources: Map<string, PlannedListing>;
  suspended: boolean;
}

export type ListingEvent =
  | { type: 'rows'; rows: readonly StatedListedSource[]; nowMs: number }
  | { type: 'asked'; id: string; by: string; acceptEmpty: boolean; nowMs: number }
  | { type: 'tick'; nowMs: number }
  | { type: 'ended'; id: string; record: ListingRecord; blames: Blame; nowMs: number }
  | { type: 'suspended'; suspended: boolean; nowMs: number };

/** Whom the end of a run speaks of: `theirs` counts for the breaker, `ours` says nothing of the other side. */
export type Blame = 'none' | 'theirs' | 'ours';

export type ListingEffect =
  | { type: 'start'; source: ListedSource; runId: string; by: string; acceptEmpty: boolean }
  | { type: 'cancel'; id: string }
  | { type: 'note'; id: string; state: ListedSourceState }
  | { type: 'wake'; atMs: number };

const neverRun: ListedSourceState = { breaker: closedBreaker, last: null, lastComplete: null };

export function newListingPlan(): ListingPlan {
  return { sources: new Map(), suspended: false };
}

export function stepListing(plan: ListingPlan, event: ListingEvent): ListingEffect[] {
  const effects: ListingEffect[] = [];
  switch (event.type) {
    case 'rows':
      takeRows(plan, event, effects);
      break;
    case 'asked': {
      const one = plan.sources.get(event.id);
      if (one !== undefined && one.underWay === null)
        one.wanted = { by: event.by, acceptEmpty: event.acceptEmpty };
      break;
    }
    case 'ended':
      end(plan, event, effects);
      break;
    case 'suspended':
      plan.suspended = event.suspended;
      if (event.suspended) cancelAll(plan, effects);
      break;
    case 'tick':
      break;
  }
  begin(plan, event.nowMs, effects);
  const atMs = nextOf(plan);
  if (atMs !== null) effects.push({ type: 'wake', atMs });
  return effects;
}

function takeRows(
  { sources }: ListingPlan,
  { rows, nowMs }: ListingEvent & { type: 'rows' },
  effects: ListingEffect[],
): void {
  const there = new Set(rows.map(({ source }) => source.id));
  for (const [id, { underWay }] of sources) {
    if (there.has(id)) continue;
    if (underWay !== null) effects.push({ type: 'cancel', id });
    sources.delete(id);
  }
  for (const { source, state } of rows) {
    const known = sources.get(source.id);
    if (known === undefined) {
      const one = { source, state: state ?? neverRun, dueAtMs: null, wanted: null, underWay: null };
      sources.set(source.id, { ...one, dueAtMs: dueOf(one, nowMs) });
    } else if (known.source.version !== source.version) {
      // What runs goes on as it was begun, but not at an agent from which it was taken.
      if (known.underWay !== null && known.source.agent !== source.agent)
        effects.push({ type: 'cancel', id: source.id });
      known.source = source;
      known.dueAtMs = dueOf(known, nowMs);
    }
  }
}

/** From when its last run began. One that is late, or has never run, begins within moments, spread by its id. */
function dueOf({ source, state }: Pick<PlannedListing, 'source' | 'state'>, nowMs: number): number | null {
  const { intervalMs, enabled, id } = source;
  if (!enabled || intervalMs === null) return null;
  const soonMs = nowMs + phaseOf(id, Math.min(intervalMs, firstListingMsMax));
  const next = state.last === null ? soonMs : Math.max(soonMs, state.last.startedAtMs + intervalMs);
  // A clock that was ahead when it last ran must not hold it for longer than its interval.
  const dueMs = Math.min(next, nowMs + intervalMs);
  return state.breaker.state === 'open' ? Math.max(dueMs, state.breaker.untilMs) : dueMs;
}

function begin(plan: ListingPlan, nowMs: number, effects: ListingEffect[]): void {
  if (plan.suspended) return;
  let room = roomIn(plan);
  // Who was asked for comes first, then who is late the longest.
  const ready = [...plan.sources.values()]
    .filter((one) => one.underWay === null && (one.wanted !== null || (one.dueAtMs ?? nowMs + 1) <= nowMs))
    .sort((a, b) => rank(a) - rank(b));
  for (const one of ready) {
    if (room <= 0) return;
    const { wanted, source } = one;
    const byHand = wanted !== null;
    const asked = stepBreaker(one.state.breaker, { type: 'asked', nowMs, byHand });
    if (!asked.mayRun) {
      one.dueAtMs = dueOf(one, nowMs);
      continue;
    }
    room -= 1;
    const runId = `${source.id}-${nowMs}`;
    const by = wanted?.by ?? 'schedule';
    one.state = { ...one.state, breaker: asked.breaker };
    one.underWay = { runId, startedAtMs: nowMs, by };
    one.wanted = null;
    effects.push({ type: 'start', source, runId, by, acceptEmpty: wanted?.acceptEmpty ?? false });
  }
}

function roomIn({ sources }: ListingPlan): number {
  let room = listingsOfTenantMax;
  for (const { underWay } of sources.values()) if (underWay !== null) room -= 1;
  return room;
}

const rank = ({ wanted, dueAtMs }: PlannedListing) => (wanted !== null ? -1 : dueAtMs!);

function end(
  { sources }: ListingPlan,
  { id, record, blames, nowMs }: ListingEvent & { type: 'ended' },
  effects: ListingEffect[],
): void {
  const one = sources.get(id);
  if (one === undefined || one.underWay?.runId !== record.runId) return;
  one.underWay = null;
  const lastComplete = record.outcome === 'complete' ? record : one.state.lastComplete;
  one.state = { breaker: breakerAfter(one.state.breaker, blames, nowMs), last: record, lastComplete };
  one.dueAtMs = dueOf(one, nowMs);
  effects.push({ type: 'note', id, state: one.state });
}

function breakerAfter(breaker: Breaker, blames: Blame, nowMs: number): Breaker {
  const types = { none: 'succeeded', theirs: 'failed', ours: 'undecided' } as const;
  return stepBreaker(breaker, { type: types[blames], nowMs }).breaker;
}

function cancelAll({ sources }: ListingPlan, effects: ListingEffect[]): void {
  for (const [id, one] of sources) {
    one.wanted = null;
    if (one.underWay !== null) effects.push({ type: 'cancel', id });
  }
}

/** What is due and has no room begins when a run ends, not at a time. */
function nextOf(plan: ListingPlan): number | null {
  if (plan.suspended || roomIn(plan) <= 0) return null;
  let atMs: number | null = null;
  for (const { dueAtMs, underWay } of plan.sources.values())
    if (dueAtMs !== null && underWay === null) atMs = atMs === null ? dueAtMs : Math.min(atMs, dueAtMs);
  return atMs;
}
