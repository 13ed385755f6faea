/**
 * Who can sweep for a tenant at this moment, by their names: its agents that listen and take sweeps, and the cluster's own
 * nodes for the partition in which these stand. Between the registry and sweep-plan.ts.
 */
import type { Cluster } from '../cluster/index.ts';
import type { Ref } from '../runtime/index.ts';
import { edgeCandidateOf } from './edge-agents.ts';
import { defaultPartition, platformTenant } from './names.ts';
import type { CommandedAgentProtocol, SweepRunnerProtocol } from './sweep-messages.ts';
import { sweepCapability } from './sweep-order.ts';
import type { Runner } from './sweep-shares.ts';

export type RunnerThere = Runner & {
  /** As runs name it. */
  readonly agent: string;
} & (
    | { readonly isShared: false; readonly ref: Ref<CommandedAgentProtocol> }
    | { readonly isShared: true; readonly ref: Ref<SweepRunnerProtocol> }
  );

export function runnersThere({ names }: Pick<Cluster, 'names'>, tenantId: string): Map<string, RunnerThere> {
  const there = new Map<string, RunnerThere>();
  for (const entry of names.list({ tenant: tenantId, kind: 'agent' })) {
    const agent = edgeCandidateOf(entry);
    if (agent === null || entry.metadata.listens !== true) continue;
    if (!agent.capabilities.includes(sweepCapability)) continue;
    const id = `agent/${agent.partition}/${agent.name}`;
    const icmp = agent.capabilities.includes('icmp');
    const ref = entry.ref as Ref<CommandedAgentProtocol>;
    there.set(id, { id, agent: agent.name, partition: agent.partition, icmp, isShared: false, ref });
  }
  for (const { key, node, ref, metadata } of names.list({ tenant: platformTenant, kind: 'sweep_runner' })) {
    if (key.id !== node) continue;
    const id = `node/${node}`;
    const runner = ref as Ref<SweepRunnerProtocol>;
    const icmp = metadata.icmp === true;
    there.set(id, { id, agent: node, partition: defaultPartition, icmp, isShared: true, ref: runner });
  }
  return there;
}
