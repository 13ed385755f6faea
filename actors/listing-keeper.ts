/**
 * Has a tenant's sources listed, for as long as its core holds the lease: performs what listing-plan.ts decides. Between the tenant's
 * rows and the runs (`listing-run.ts`); what it writes is written under the tenant's epoch, and its end ends what runs.
 */
import type { Cluster } from '../cluster/index.ts';
import { defineActor, type Info, messageOf, type Self } from '../runtime/index.ts';
import { answer } from './answer-later.ts';
import { listedSourcesReadIdleMs, listedSourcesReadMs, sourcesRetryMs } from './limits.ts';
import { followRun } from './listing-at-agent.ts';
import type { ListingKeeperProtocol, ListingStatus } from './listing-messages.ts';
import type { AgentAt } from './listing-place.ts';
import {
  type ListingEffect,
  type ListingEvent,
  type ListingPlan,
  newListingPlan,
  type PlannedListing,
  stepListing,
} from './listing-plan.ts';
import {
  type ListingProgress,
  type ListingRun,
  type ListingRunAsked,
  type ListingRunNeeds,
  runListing,
} from './listing-run.ts';
import type { DocumentDeskProtocol } from './messages.ts';
import { documentDeskKey, listingKeeperKey } from './names.ts';
import { PlacedRun, type PlacedRunNeeds } from './placed-run.ts';
import type { ListedSourceState, ListingRecord, StatedListedSource } from './ports/listed-source.ts';
import type { ListedSourceStore } from './ports/listed-source-store.ts';
import { TenantRefusal } from './tenant-refusal.ts';

export interface ListingKeeperNeeds extends ListingRunNeeds {
  readonly cluster: Cluster;
  readonly sources: ListedSourceStore;
  readonly documents: PlacedRunNeeds['documents'];
}

interface Running {
  readonly abort: AbortController;
  readonly progress: ListingProgress;
  /** Null: this core lists it. */
  readonly placed: PlacedRun | null;
}

interface Unwritten {
  readonly state: ListedSourceState;
  /** Null: those that are there. */
  readonly ids: ReadonlySet<string> | null;
}

interface KeeperState {
  tenantId: string;
  epoch: number;
  allowAll: boolean;
  plan: ListingPlan;
  /** By source. */
  running: Map<string, Running>;
  /** External ids that are to be written with the end of a run, by source. */
  ids: Map<string, ReadonlySet<string>>;
  /** How runs ended that the store has not taken yet, by source: the latest of each. */
  unwritten: Map<string, Unwritten>;
  reading: Promise<StatedListedSource[]> | null;
  readAgain: boolean;
  readTimer: number | null;
  tickTimer: number | null;
}

type KeeperSelf = Self<KeeperState, ListingKeeperProtocol>;

interface Ended {
  readonly id: string;
  readonly record: ListingRecord;
  readonly run: ListingRun;
}

export function listingKeeper(needs: ListingKeeperNeeds) {
  return defineActor<KeeperState, ListingKeeperProtocol>({
    name: 'listing_keeper',
    init(self, tenantId, epoch, allowAll, suspended) {
      const plan = newListingPlan();
      plan.suspended = suspended;
      self.state = {
        ...{ tenantId, epoch, allowAll, plan, running: new Map(), ids: new Map(), unwritten: new Map() },
        ...{ reading: null, readAgain: false, readTimer: null, tickTimer: null },
      };
      needs.cluster.names.register(listingKeeperKey(tenantId), self.ref, {});
      read(self, needs);
      return self.state;
    },
    call: {
      statuses: ({ state }) => [...state.plan.sources.values()].map((one) => statusOf(state, one)),
      run: (self, id, by, acceptEmpty) => answer(self, () => runNow(self, needs, { id, by, acceptEmpty })),
      totals: ({ state }) => ({ sources: state.plan.sources.size, running: state.running.size }),
      take: (self, runId, by, from) => answer(self, async () => await placedOf(self, runId, by).give(from)),
      document: (self, runId, by) => answer(self, async () => placedOf(self, runId, by).document()),
      finish: (self, runId, by, totalBytes, sha256) =>
        answer(self, async () => await placedOf(self, runId, by).finish(totalBytes, sha256)),
    },
    cast: {
      changed: (self) => read(self, needs),
      terms(self, suspended) {
        step(self, needs, { type: 'suspended', suspended, nowMs: self.wallMs() });
      },
    },
    info: (self, info) => handleInfo(self, needs, info),
  });
}

function handleInfo(self: KeeperSelf, needs: ListingKeeperNeeds, info: Info): void {
  const { state } = self;
  if (info.type === 'timeout' && info.tag === 'read') read(self, needs);
  else if (info.type === 'timeout' && info.tag === 'write') write(self, needs);
  else if (info.type === 'timeout') {
    state.tickTimer = null;
    step(self, needs, { type: 'tick', nowMs: self.wallMs() });
  } else if (info.type === 'done' && info.tag === 'read') {
    state.reading = null;
    const rows = info.error === null ? (info.value as StatedListedSource[]) : null;
    if (rows !== null) step(self, needs, { type: 'rows', rows, nowMs: self.wallMs() });
    else
      self.log('warn', 'sources could not be read', {
        ...{ tenant: state.tenantId, error: messageOf(info.error) },
      });
    readLater(self, rows !== null);
    if (state.readAgain) read(self, needs);
  } else if (info.type === 'done' && info.tag === 'run') ended(self, needs, info.value as Ended);
}

function read(self: KeeperSelf, needs: ListingKeeperNeeds): void {
  const { state } = self;
  state.readAgain = state.reading !== null;
  if (state.reading !== null) return;
  if (state.readTimer !== null) self.cancel(state.readTimer);
  state.readTimer = null;
  state.reading = needs.sources.list(state.tenantId);
  self.pipe(state.reading, 'read');
}

function readLater(self: KeeperSelf, went: boolean): void {
  const { state } = self;
  const everyMs = state.plan.sources.size > 0 ? listedSourcesReadMs : listedSourcesReadIdleMs;
  const delayMs = went ? everyMs * (0.75 + self.random() / 2) : sourcesRetryMs;
  state.readTimer = self.after(delayMs, 'read');
}

/** What was added a moment ago may not have been read yet. */
async function runNow(
  self: KeeperSelf,
  needs: ListingKeeperNeeds,
  asked: { id: string; by: string; acceptEmpty: boolean },
): Promise<{ runId: string | null; isNew: boolean } | null> {
  const { plan, tenantId } = self.state;
  if (plan.suspended)
    throw new TenantRefusal('tenant_suspended', 'the tenant is suspended: nothing is listed');
  if (!plan.sources.has(asked.id)) {
    const rows = await needs.sources.list(tenantId);
    step(self, needs, { type: 'rows', rows, nowMs: self.wallMs() });
  }
  const one = plan.sources.get(asked.id);
  if (one === undefined) return null;
  if (one.underWay !== null) return { runId: one.underWay.runId, isNew: false };
  step(self, needs, { type: 'asked', ...asked, nowMs: self.wallMs() });
  return { runId: plan.sources.get(asked.id)?.underWay?.runId ?? null, isNew: true };
}

function step(self: KeeperSelf, needs: ListingKeeperNeeds, event: ListingEvent): void {
  for (const effect of stepListing(self.state.plan, event)) perform(self, needs, effect);
}

function perform(self: KeeperSelf, needs: ListingKeeperNeeds, effect: ListingEffect): void {
  const { state } = self;
  if (effect.type === 'wake') {
    if (state.tickTimer !== null) self.cancel(state.tickTimer);
    state.tickTimer = self.after(Math.max(1, effect.atMs - self.wallMs()), 'tick');
  } else if (effect.type === 'cancel') state.running.get(effect.id)?.abort.abort();
  else if (effect.type === 'start') start(self, needs, effect);
  else {
    const { ids, unwritten } = state;
    // Ids that an earlier run saw and the store did not take are still the last complete ones.
    const seen = ids.get(effect.id) ?? unwritten.get(effect.id)?.ids ?? null;
    ids.delete(effect.id);
    unwritten.set(effect.id, { state: effect.state, ids: seen });
    write(self, needs);
  }
}

/** Each until the store has taken it: what is shown of a run, and what the next one is to know. */
function write(self: KeeperSelf, needs: ListingKeeperNeeds): void {
  const { tenantId, epoch, unwritten } = self.state;
  for (const [id, one] of unwritten) {
    const taken = () => {
      if (unwritten.get(id) === one) unwritten.delete(id);
    };
    const refused = (error: unknown) => {
      if (unwritten.get(id) !== one || self.signal.aborted) return;
      self.log('warn', 'how a source was listed could not be written', {
        ...{ tenant: tenantId, source: id, error: messageOf(error) },
      });
      self.after(sourcesRetryMs, 'write');
    };
    // False: it is gone, or a later epoch has written. The tree learns of that from those who ask for the lease.
    void needs.sources.note(tenantId, epoch, id, one.state, one.ids).then(taken, refused);
  }
}

function start(self: KeeperSelf, needs: ListingKeeperNeeds, effect: ListingEffect & { type: 'start' }): void {
  const { state, signal } = self;
  const { source, runId, by, acceptEmpty } = effect;
  const abort = new AbortController();
  const progress = { page: 0, total: null, devices: 0 };
  const startedAtMs = self.wallMs();
  const { tenantId, allowAll } = state;
  const { names } = needs.cluster;
  const node = source.agent === null ? needs.cluster.node : `agent/${source.agent}`;
  const desk = names.lookup<DocumentDeskProtocol>(documentDeskKey(needs.cluster.node));
  const asked: ListingRunAsked = {
    ...{ tenantId, runId, source, acceptEmpty, allowAll, progress, signal: abort.signal, desk },
    ...{ call: self.call.bind(self), cast: self.cast.bind(self) },
  };
  const placed = source.agent === null ? null : new PlacedRun(needs, asked);
  state.running.set(source.id, { abort, progress, placed });
  const run = async (): Promise<Ended> => {
    const stop = () => abort.abort();
    signal.addEventListener('abort', stop);
    const done = await (placed === null ? runListing(needs, asked) : followRun(needs, placed));
    signal.removeEventListener('abort', stop);
    const { outcome, code, detail, page, counts, documentId } = done;
    const record = {
      ...{ runId, startedAtMs, endedAtMs: needs.clock.wallMs(), by, node },
      ...{ outcome, code, detail, page, counts, documentId },
    };
    return { id: source.id, record, run: done };
  };
  self.pipe(run(), 'run');
}

function ended(self: KeeperSelf, needs: ListingKeeperNeeds, { id, record, run }: Ended): void {
  const { state } = self;
  state.running.delete(id);
  if (run.ids !== null) state.ids.set(id, run.ids);
  const { outcome, code, detail, page, counts, documentId } = record;
  needs.turns.note(outcome, counts.listed);
  self.log(outcome === 'complete' ? 'info' : 'warn', 'a source was listed', {
    ...{ tenant: state.tenantId, source: id, outcome, code, detail, page, documentId },
    ...{ listed: counts.listed, retracted: counts.retracted },
  });
  step(self, needs, { type: 'ended', id, record, blames: run.blames, nowMs: self.wallMs() });
  // One that is gone from the plan has nothing to be written for.
  state.ids.delete(id);
}

/** The run that this agent may have to do with; whoever asks has a certificate of the tenant, and nothing is told of other runs. */
function placedOf({ state }: KeeperSelf, runId: string, by: AgentAt): PlacedRun {
  for (const { placed } of state.running.values()) if (placed?.isOf(runId, by) === true) return placed;
  const detail = `no run of a source at agent ${by.name} in partition ${by.partition} is under way under this id`;
  throw new TenantRefusal('not_placed', detail);
}

function statusOf({ running }: KeeperState, one: PlannedListing): ListingStatus {
  const { source, state, dueAtMs, wanted, underWay } = one;
  const progress = running.get(source.id)?.progress;
  return {
    ...{ id: source.id, breaker: state.breaker, dueAtMs, waits: wanted !== null },
    running: underWay === null || progress === undefined ? null : { ...underWay, ...progress },
  };
}
