/**
 * A poller's jobs for agents in customers' networks that dialled this node: each is watched while it has some. What one cannot
 * run goes back to the tenant's scheduler, which knows the others. Between the poller and the agents' actors on its node.
 */
import type { Cluster } from '../cluster/index.ts';
import type { Ref } from '../runtime/index.ts';
import { agentGraceMs } from './limits.ts';
import { type AgentProtocol, edgeAgentKey, type Job } from './messages.ts';
import { notRun, queueJob, type UnderWay, type UnderWaySelf } from './under-way.ts';

export interface EdgeHeld {
  readonly ref: Ref<AgentProtocol>;
  readonly monitor: number;
  jobs: number;
}

/** No node's name has a stroke in it. */
function edgeName({ tenantId, partition, agentId }: Job): string {
  return `${tenantId}/${partition}/${agentId}`;
}

/** Whether it is a job for an agent at the edge, and then it was taken or given back. */
export function assignEdge(self: UnderWaySelf, cluster: Cluster, one: UnderWay): boolean {
  const { state } = self;
  const { job } = one;
  if (job.agentId === null) return false;
  const name = edgeName(job);
  const held = state.edge.get(name) ?? hold(self, cluster, name, job);
  if (held === null) {
    notRun(self, job, 'agent_lost', 'again');
    return true;
  }
  held.jobs += 1;
  one.agent = name;
  one.attempt += 1;
  one.answerByMs = self.monotonicMs() + job.timeoutMs + agentGraceMs;
  state.underWay.set(one.number, one);
  queueJob(self, name, one);
  return true;
}

/** Null: it has left this node. */
function hold(self: UnderWaySelf, cluster: Cluster, name: string, job: Job): EdgeHeld | null {
  const { tenantId, partition, agentId } = job;
  const ref = cluster.names.lookup<AgentProtocol>(edgeAgentKey(tenantId, partition, agentId!));
  if (ref === null || ref.node !== self.ref.node) return null;
  const held = { ref, monitor: self.monitor(ref), jobs: 0 };
  self.state.edge.set(name, held);
  return held;
}

/** The job is off its agent: answered, or for another. */
export function releaseEdge(self: UnderWaySelf, one: UnderWay): void {
  const { state } = self;
  const held = one.agent === null ? undefined : state.edge.get(one.agent);
  state.underWay.delete(one.number);
  one.step?.end();
  if (held === undefined) return;
  held.jobs -= 1;
  if (held.jobs > 0) return;
  self.demonitor(held.monitor);
  state.edge.delete(one.agent!);
}

export function returnJob(self: UnderWaySelf, one: UnderWay, reason: string): void {
  releaseEdge(self, one);
  notRun(self, one.job, reason, 'again');
}

/** Whether the monitor was one of these. All that the agent had goes back. */
export function edgeDown(self: UnderWaySelf, monitor: number): boolean {
  for (const [name, held] of self.state.edge) {
    if (held.monitor !== monitor) continue;
    self.state.toAgents.delete(name);
    for (const one of [...self.state.underWay.values()])
      if (one.agent === name) returnJob(self, one, 'agent_lost');
    return true;
  }
  return false;
}
