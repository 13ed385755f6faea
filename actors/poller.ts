/**
 * The poller of a node: takes jobs from the tenants' schedulers, gives each to an agent, watches over its answer, and
 * brings the results home to whichever core holds the tenant by then. Has no database.
 */
import type { Cluster } from '../cluster/index.ts';
import { defineActor, type Self } from '../runtime/index.ts';
import { chooseAgent, isCustomersNetwork } from './dispatch.ts';
import { assignEdge, edgeDown, releaseEdge, returnJob } from './edge-jobs.ts';
import {
  agentGraceMs,
  attemptsMax,
  batchItemsMax,
  noAgentWaitMs,
  pollerRetryMs,
  redispatchLeftMs,
} from './limits.ts';
import {
  type AgentProtocol,
  agentKey,
  type Finished,
  type PollerProtocol,
  platformTenant,
  pollerKey,
} from './messages.ts';
import { homeOf, sendHome, sendLater } from './poller-homes.ts';
import { Roster } from './roster.ts';
import { notRun, type PollerState, queueJob, type UnderWay } from './under-way.ts';

type PollerSelf = Self<PollerState, PollerProtocol>;

export function poller({ cluster }: { cluster: Cluster }) {
  return defineActor<PollerState, PollerProtocol>({
    name: 'poller',
    init(self) {
      const changed = () => self.cast(self.ref).agentsChanged();
      // Jobs of a tenant's poller are run by the tenant's agents: ours would run for it what it likes, wherever it likes.
      const tenant = cluster.tenant ?? platformTenant;
      cluster.names.watch({ tenant, kind: 'agent' }, changed, self.signal);
      // A tenant's poller is there to be chosen when the tenant has an agent for it.
      const status = cluster.tenant === null ? 'available' : 'no_agent';
      cluster.names.register(pollerKey(cluster.node), self.ref, { status, partitions: [] });
      return {
        agents: new Roster('agent', [tenant]),
        edge: new Map(),
        underWay: new Map(),
        parked: [],
        homes: new Map(),
        heldRows: 0,
        dropped: 0,
        numbers: 0,
        toAgents: new Map(),
        sweeping: false,
        hadAgentMs: self.monotonicMs(),
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
          const one = { number, job, agent: null, attempt: 0, takenAtMs: nowMs, answerByMs: 0 };
          if (!assignEdge(self, cluster, one)) assign(self, one);
        }
        sendJobs(self, cluster);
        sweepLater(self, cluster);
      },
      finished(self, agent, items) {
        for (const item of items) finish(self, agent, item);
      },
      returned(self, items) {
        for (const { number, reason } of items) {
          const one = self.state.underWay.get(number);
          if (one !== undefined && one.job.agentId !== null) returnJob(self, one, reason);
        }
      },
      agentsChanged: (self) => agentsChanged(self, cluster),
    },
    info(self, info) {
      if (info.type === 'down') {
        if (!edgeDown(self, info.monitor)) agentDown(self, info.monitor, cluster);
      }
      if (info.type === 'timeout' && info.tag === 'sweep') sweep(self, cluster);
      else if (info.type === 'timeout' && info.tag === 'send') sendHome(self, cluster);
    },
  });
}

/** Chooses an agent, or parks the job for a moment: an agent that restarts is to cost no gap. */
function assign(self: PollerSelf, one: UnderWay): void {
  const { state } = self;
  const nowMs = self.monotonicMs();
  if (isCustomersNetwork(one.job.partition)) {
    // Whoever handed it out: a node's agent is not in that network.
    notRun(self, one.job, 'no_agent', 'gap');
    return;
  }
  const choice = chooseAgent(state.agents.candidates(), one.job, one.agent);
  if ('refused' in choice) {
    // An agent that restarts is to cost no gap; where none was for longer already, instants follow into one gap.
    const waits = nowMs - one.takenAtMs < noAgentWaitMs && nowMs - state.hadAgentMs < noAgentWaitMs;
    if (waits) state.parked.push(one);
    else notRun(self, one.job, choice.refused, 'gap');
    return;
  }
  state.hadAgentMs = nowMs;
  one.agent = choice.chosen;
  one.attempt += 1;
  one.answerByMs = nowMs + one.job.timeoutMs + agentGraceMs;
  state.underWay.set(one.number, one);
  state.agents.addLoad(choice.chosen, 1);
  queueJob(self, choice.chosen, one);
}

function sendJobs(self: PollerSelf, cluster: Cluster): void {
  const { state } = self;
  const batches = [...state.toAgents];
  state.toAgents.clear();
  for (const [name, jobs] of batches) {
    const edge = state.edge.get(name);
    const ref = edge?.ref ?? cluster.names.lookup<AgentProtocol>(agentKey(name));
    for (let at = 0; at < jobs.length; at += batchItemsMax) {
      const part = jobs.slice(at, at + batchItemsMax);
      const sent = ref !== null && self.cast(ref).run(part, self.ref);
      if (sent) continue;
      if (edge !== undefined) {
        edgeDown(self, edge.monitor);
        break;
      }
      // Its link is lost or full: all that it had is for others, or waits a moment for it. What was not sent is no try.
      for (const { number } of jobs.slice(at)) {
        const one = state.underWay.get(number);
        if (one !== undefined) one.attempt -= 1;
      }
      dropAgent(self, name);
      armSweep(self);
      break;
    }
  }
  // What could not be sent was given to another agent, at most `attemptsMax` times.
  if (state.toAgents.size > 0) sendJobs(self, cluster);
}

function finish(self: PollerSelf, agent: string, item: Finished): void {
  const { state } = self;
  const one = state.underWay.get(item.number);
  const { agentId = null } = one?.job ?? {};
  if (one === undefined || (agentId ?? one.agent) !== agent) return;
  release(self, one);
  // An agent's word is of the outcome alone, whatever else it sends.
  const { status, reason, latencyMs, startedAtMs } = item;
  const { checkId, dueAtMs, tenantId } = one.job;
  const outcome = { status, reason, latencyMs, startedAtMs };
  homeOf(self, tenantId).rows.push({ checkId, dueAtMs, ...outcome, agent, poller: self.ref.node });
  state.heldRows += 1;
  sendLater(self);
}

/** The agent will not answer: another one has a try while there is time. */
function lostAt(self: PollerSelf, one: UnderWay | undefined, reason: string): void {
  if (one === undefined) return;
  if (one.job.agentId !== null) {
    returnJob(self, one, reason);
    return;
  }
  release(self, one);
  const leftMs = one.job.leftMs - (self.monotonicMs() - one.takenAtMs);
  if (one.attempt >= attemptsMax || leftMs < redispatchLeftMs) notRun(self, one.job, reason, 'skipped');
  else assign(self, one);
}

function release(self: PollerSelf, one: UnderWay): void {
  if (one.job.agentId !== null) {
    releaseEdge(self, one);
    return;
  }
  self.state.underWay.delete(one.number);
  one.step?.end();
  if (one.agent !== null) self.state.agents.addLoad(one.agent, -1);
}

function agentsChanged(self: PollerSelf, cluster: Cluster): void {
  const { agents } = self.state;
  const before = agents.size;
  agents.refresh(self, cluster, (name) => agentGone(self, name));
  if (cluster.tenant !== null && (before === 0) !== (agents.size === 0)) {
    const status = agents.size === 0 ? 'no_agent' : 'available';
    cluster.names.update(pollerKey(cluster.node), { status, partitions: [] });
  }
  unpark(self);
  sendJobs(self, cluster);
}

function agentDown(self: PollerSelf, monitor: number, cluster: Cluster): void {
  const name = self.state.agents.monitored(monitor);
  if (name !== null) dropAgent(self, name);
  sendJobs(self, cluster);
  // Its link may be back while its name never went: then nothing else would tell us.
  armSweep(self);
}

function dropAgent(self: PollerSelf, name: string): void {
  if (self.state.agents.drop(self, name)) agentGone(self, name);
}

function agentGone(self: PollerSelf, name: string): void {
  const { state } = self;
  state.toAgents.delete(name);
  for (const one of [...state.underWay.values()]) if (one.agent === name) lostAt(self, one, 'agent_lost');
}

function unpark(self: PollerSelf): void {
  const parked = self.state.parked.splice(0);
  for (const one of parked) assign(self, one);
}

function armSweep(self: PollerSelf): void {
  if (self.state.sweeping) return;
  self.state.sweeping = true;
  self.after(pollerRetryMs, 'sweep');
}

function sweepLater(self: PollerSelf, cluster: Cluster): void {
  const { state } = self;
  if (state.agents.isShort(cluster) || state.underWay.size + state.parked.length > 0) armSweep(self);
}

function sweep(self: PollerSelf, cluster: Cluster): void {
  const { state } = self;
  state.sweeping = false;
  const nowMs = self.monotonicMs();
  for (const one of [...state.underWay.values()]) {
    if (one.answerByMs <= nowMs) lostAt(self, one, 'agent_silent');
  }
  agentsChanged(self, cluster);
  sweepLater(self, cluster);
}
