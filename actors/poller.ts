/**
 * The poller of a node: takes jobs from the tenants' schedulers, gives each to an agent, watches over its answer, and
 * brings the results home to whichever core holds the tenant by then. Has no database.
 */
import type { Cluster, NameEntry } from '../cluster/index.ts';
import { defineActor, type Ref, type Self } from '../runtime/index.ts';
import type { ResultRow } from './check.ts';
import { type Candidate, chooseAgent } from './dispatch.ts';
import {
  agentGraceMs,
  attemptsMax,
  batchItemsMax,
  batchMs,
  noAgentWaitMs,
  pollerHeldMs,
  pollerHeldResultsMax,
  pollerRetryMs,
  redispatchLeftMs,
} from './limits.ts';
import {
  type AgentProtocol,
  agentKey,
  type Finished,
  type Job,
  type NotRun,
  type NumberedJob,
  type PollerProtocol,
  pollerKey,
  type SchedulerProtocol,
  schedulerKey,
} from './messages.ts';

interface UnderWay {
  number: number;
  job: Job;
  agent: string | null;
  attempt: number;
  takenAtMs: number;
  /** When the agent's answer is no longer waited for. */
  answerByMs: number;
}

interface Home {
  rows: ResultRow[];
  notRun: NotRun[];
  sinceMs: number;
}

interface PollerState {
  agents: Map<string, { entry: NameEntry; load: number; monitor: number }>;
  underWay: Map<number, UnderWay>;
  /** Jobs that no agent was there for yet. */
  parked: UnderWay[];
  /** Sent with the next batch, or held while no core has the tenant. */
  homes: Map<string, Home>;
  heldRows: number;
  dropped: number;
  numbers: number;
  toAgents: Map<string, NumberedJob[]>;
  sweeping: boolean;
  sending: boolean;
}

type PollerSelf = Self<PollerState>;

export function poller({ cluster }: { cluster: Cluster }) {
  return defineActor<PollerState, PollerProtocol>({
    name: 'poller',
    init(self) {
      const changed = () => self.cast(self.ref as Ref<PollerProtocol>).agentsChanged();
      cluster.names.watch({ tenant: 'platform', kind: 'agent' }, changed, self.signal);
      const metadata = { status: 'available', partitions: [] };
      cluster.names.register(pollerKey(cluster.node), self.ref, metadata);
      return {
        agents: new Map(),
        underWay: new Map(),
        parked: [],
        homes: new Map(),
        heldRows: 0,
        dropped: 0,
        numbers: 0,
        toAgents: new Map(),
        sweeping: false,
        sending: false,
      };
    },
    call: {
      totals: ({ state }) => ({
        underWay: state.underWay.size,
        held: state.heldRows,
        dropped: state.dropped,
      }),
    },
    cast: {
      run(self, jobs) {
        const nowMs = self.monotonicMs();
        for (const job of jobs) {
          self.state.numbers += 1;
          const { numbers: number } = self.state;
          assign(self, { number, job, agent: null, attempt: 0, takenAtMs: nowMs, answerByMs: 0 });
        }
        sendJobs(self, cluster);
        sweepLater(self);
      },
      finished(self, agent, items) {
        for (const item of items) finish(self, agent, item);
      },
      agentsChanged: (self) => agentsChanged(self, cluster),
    },
    info(self, info) {
      if (info.type === 'down') agentDown(self, info.monitor, cluster);
      else if (info.type === 'timeout' && info.tag === 'sweep') sweep(self, cluster);
      else if (info.type === 'timeout' && info.tag === 'send') sendHome(self, cluster);
    },
  });
}

/** Chooses an agent, or parks the job for a moment: an agent that restarts is to cost no gap. */
function assign(self: PollerSelf, one: UnderWay): void {
  const { state } = self;
  const nowMs = self.monotonicMs();
  const candidates: Candidate[] = [...state.agents].map(([name, { entry, load }]) => ({
    name,
    load,
    status: String(entry.metadata.status),
    partitions: texts(entry.metadata.partitions),
    capabilities: texts(entry.metadata.capabilities),
  }));
  const choice = chooseAgent(candidates, one.job, one.agent);
  if ('refused' in choice) {
    if (nowMs - one.takenAtMs < noAgentWaitMs) state.parked.push(one);
    else notRun(self, one.job, choice.refused, 'gap');
    return;
  }
  one.agent = choice.chosen;
  one.attempt += 1;
  one.answerByMs = nowMs + one.job.timeoutMs + agentGraceMs;
  state.underWay.set(one.number, one);
  state.agents.get(choice.chosen)!.load += 1;
  const batch = state.toAgents.get(choice.chosen);
  const numbered = { number: one.number, job: one.job };
  if (batch === undefined) state.toAgents.set(choice.chosen, [numbered]);
  else batch.push(numbered);
}

function sendJobs(self: PollerSelf, cluster: Cluster): void {
  const { state } = self;
  const batches = [...state.toAgents];
  state.toAgents.clear();
  for (const [name, jobs] of batches) {
    const ref = cluster.names.lookup<AgentProtocol>(agentKey(name));
    for (let at = 0; at < jobs.length; at += batchItemsMax) {
      const part = jobs.slice(at, at + batchItemsMax);
      const sent = ref !== null && self.cast(ref).run(part, self.ref as Ref<PollerProtocol>);
      if (!sent) for (const { number } of part) lostAt(self, state.underWay.get(number), 'agent_busy');
    }
  }
  // What could not be sent was given to another agent above, at most `attemptsMax` times.
  if (state.toAgents.size > 0) sendJobs(self, cluster);
}

function finish(self: PollerSelf, agent: string, item: Finished): void {
  const { state } = self;
  const one = state.underWay.get(item.number);
  if (one === undefined || one.agent !== agent) return;
  release(state, one);
  const { number: _, ...outcome } = item;
  const { checkId, dueAtMs, tenantId } = one.job;
  homeOf(self, tenantId).rows.push({ checkId, dueAtMs, ...outcome, agent, poller: self.ref.node });
  state.heldRows += 1;
  sendLater(self);
}

/** The agent will not answer: another one has a try while there is time. */
function lostAt(self: PollerSelf, one: UnderWay | undefined, reason: string): void {
  if (one === undefined) return;
  release(self.state, one);
  const leftMs = one.job.leftMs - (self.monotonicMs() - one.takenAtMs);
  if (one.attempt >= attemptsMax || leftMs < redispatchLeftMs) notRun(self, one.job, reason, 'skipped');
  else assign(self, one);
}

function release(state: PollerState, one: UnderWay): void {
  state.underWay.delete(one.number);
  const agent = one.agent === null ? undefined : state.agents.get(one.agent);
  if (agent !== undefined) agent.load -= 1;
}

function notRun(self: PollerSelf, job: Job, reason: string, as: NotRun['as']): void {
  homeOf(self, job.tenantId).notRun.push({ checkId: job.checkId, dueAtMs: job.dueAtMs, reason, as });
  sendLater(self);
}

function agentsChanged(self: PollerSelf, cluster: Cluster): void {
  const { state } = self;
  const present = new Map(
    cluster.names.list({ tenant: 'platform', kind: 'agent' }).map((one) => [one.key.id, one]),
  );
  for (const [name, entry] of present) {
    const known = state.agents.get(name);
    if (known !== undefined && known.entry.ref.toString() === entry.ref.toString()) known.entry = entry;
    else {
      if (known !== undefined) dropAgent(self, name);
      state.agents.set(name, { entry, load: 0, monitor: self.monitor(entry.ref) });
    }
  }
  for (const name of [...state.agents.keys()]) if (!present.has(name)) dropAgent(self, name);
  unpark(self);
  sendJobs(self, cluster);
}

function agentDown(self: PollerSelf, monitor: number, cluster: Cluster): void {
  for (const [name, agent] of self.state.agents) if (agent.monitor === monitor) dropAgent(self, name);
  sendJobs(self, cluster);
  // Its link may be back while its name never went: then nothing else would tell us.
  self.after(pollerRetryMs, 'sweep');
  self.state.sweeping = true;
}

function dropAgent(self: PollerSelf, name: string): void {
  const { state } = self;
  const agent = state.agents.get(name);
  if (agent === undefined) return;
  self.demonitor(agent.monitor);
  state.agents.delete(name);
  state.toAgents.delete(name);
  for (const one of [...state.underWay.values()]) if (one.agent === name) lostAt(self, one, 'agent_lost');
}

function unpark(self: PollerSelf): void {
  const parked = self.state.parked.splice(0);
  for (const one of parked) assign(self, one);
}

function sweepLater(self: PollerSelf): void {
  const { state } = self;
  if (state.sweeping || state.underWay.size + state.parked.length === 0) return;
  state.sweeping = true;
  self.after(pollerRetryMs, 'sweep');
}

function sweep(self: PollerSelf, cluster: Cluster): void {
  const { state } = self;
  state.sweeping = false;
  const nowMs = self.monotonicMs();
  for (const one of [...state.underWay.values()]) {
    if (one.answerByMs <= nowMs) lostAt(self, one, 'agent_silent');
  }
  agentsChanged(self, cluster);
  sweepLater(self);
}

function homeOf(self: PollerSelf, tenantId: string): Home {
  let home = self.state.homes.get(tenantId);
  if (home === undefined) {
    home = { rows: [], notRun: [], sinceMs: self.monotonicMs() };
    self.state.homes.set(tenantId, home);
  }
  return home;
}

function sendLater(self: PollerSelf, delayMs = batchMs): void {
  if (self.state.sending) return;
  self.state.sending = true;
  self.after(delayMs, 'send');
}

function sendHome(self: PollerSelf, cluster: Cluster): void {
  const { state } = self;
  state.sending = false;
  for (const [tenantId, home] of [...state.homes]) {
    const scheduler = cluster.names.lookup<SchedulerProtocol>(schedulerKey(tenantId));
    if (scheduler === null || !deliver(self, scheduler, home)) hold(self, tenantId, home);
    if (home.rows.length === 0 && home.notRun.length === 0) state.homes.delete(tenantId);
  }
  if (state.homes.size > 0) sendLater(self, pollerRetryMs);
}

/** False when the link refused a part: what is left of the home stays. */
function deliver(self: PollerSelf, scheduler: Ref<SchedulerProtocol>, home: Home): boolean {
  while (home.rows.length > 0) {
    const part = home.rows.slice(0, batchItemsMax);
    if (!self.cast(scheduler).results(part)) return false;
    home.rows.splice(0, part.length);
    self.state.heldRows -= part.length;
  }
  if (home.notRun.length > 0 && !self.cast(scheduler).notRun(home.notRun)) return false;
  home.notRun = [];
  return true;
}

/** No core holds the tenant now: results wait within bounds. What is dropped is a gap that the next holder writes. */
function hold(self: PollerSelf, tenantId: string, home: Home): void {
  const { state } = self;
  const tooLong = self.monotonicMs() - home.sinceMs > pollerHeldMs;
  const over = state.heldRows - pollerHeldResultsMax;
  const drop = tooLong ? home.rows.length : Math.min(home.rows.length, Math.max(0, over));
  if (drop === 0) return;
  home.rows.splice(0, drop);
  home.notRun = [];
  state.heldRows -= drop;
  state.dropped += drop;
  self.log('warn', 'results dropped: no core holds the tenant', { tenant: tenantId, dropped: drop });
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? (value as string[]) : [];
}
