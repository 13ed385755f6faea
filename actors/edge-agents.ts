/**
 * The edge agents of one tenant, as its scheduler and the doors of pollers see them by their names: who runs a check of a
 * partition by its own config, and who can be told to run one. Pure; a name comes and goes by what the registry says.
 *
 * The rule: a check of a partition belongs to the tenant's agents there that can run its kind. Those that run a config by
 * themselves come first, each check with one of them (rendezvous hashing of the check's id over the agents'); where there is
 * none, those that take `check.run` are told at each due instant; where there is none either, the cluster's own agents run it.
 */
import { type Metadata, type NameEvent, ownerOf, tenantOfNode } from '../cluster/index.ts';
import type { Candidate, Wanted } from './dispatch.ts';
import { checkKinds } from './ports/check.ts';

/** The command by which an agent is told to run one check; an agent that takes it names it among its capabilities. */
export const runCommand = 'check.run';

export interface EdgeCandidate extends Candidate {
  readonly partition: string;
  /** The node whose door it dialled: its poller gives it its jobs. */
  readonly node: string;
  /** It has a config of ours and runs that by itself. */
  readonly runsItself: boolean;
  /** It can be told to run a check now. */
  readonly takesJobs: boolean;
}

/** Null: the name is of no edge agent. A tenant's own node may say of a name of its own what it likes, but has no door. */
export function edgeCandidateOf({ key, node, metadata }: NameEvent['entry']): EdgeCandidate | null {
  if (metadata.edge !== true || tenantOfNode(node) !== null || metadata.status !== 'connected') return null;
  const { partition, id: name } = key;
  const capabilities = capabilitiesOf(metadata);
  const takesJobs = metadata.listens === true && capabilities.includes(runCommand);
  const runsItself = typeof metadata.config === 'string' && metadata.config !== '';
  return {
    ...{ name, node, partition, capabilities, takesJobs, runsItself },
    ...{ status: 'connected', partitions: [partition], load: 0 },
  };
}

function capabilitiesOf({ capabilities }: Metadata): readonly string[] {
  return Array.isArray(capabilities) ? (capabilities as readonly string[]) : [];
}

/** One that names no kind of check says nothing of what it can run, and is given all. */
export function canRun({ capabilities }: Pick<Candidate, 'capabilities'>, kind: string): boolean {
  const kinds = capabilities.filter((one) => (checkKinds as readonly string[]).includes(one));
  return kinds.length === 0 || kinds.includes(kind);
}

/** The agent that runs the check by its own config, of those of its partition; null: none does. */
export function selfRunnerOf(
  check: Wanted & { readonly id: string },
  agents: Iterable<EdgeCandidate>,
): string | null {
  const fit: string[] = [];
  for (const one of agents) {
    if (one.runsItself && one.partition === check.partition && canRun(one, check.kind)) fit.push(one.name);
  }
  return fit.length < 2 ? (fit[0] ?? null) : ownerOf(check.id, fit);
}

export class EdgeAgents {
  private readonly byPartition = new Map<string, Map<string, EdgeCandidate & { load: number }>>();

  /** Answers whether one that was there is gone, or runs nothing by itself any more: what it had is for others. */
  changed(type: NameEvent['type'], entry: NameEvent['entry']): boolean {
    const { partition, id } = entry.key;
    const before = this.byPartition.get(partition)?.get(id);
    const now = type === 'removed' ? null : edgeCandidateOf(entry);
    if (now === null) {
      this.byPartition.get(partition)?.delete(id);
      if (this.byPartition.get(partition)?.size === 0) this.byPartition.delete(partition);
      return before !== undefined;
    }
    const agents = this.byPartition.get(partition) ?? new Map<string, EdgeCandidate & { load: number }>();
    this.byPartition.set(partition, agents);
    agents.set(id, { ...now, load: before?.load ?? 0 });
    return before?.runsItself === true && !now.runsItself;
  }

  of(partition: string): EdgeCandidate[] {
    return [...(this.byPartition.get(partition)?.values() ?? [])];
  }

  addLoad(partition: string, id: string, jobs: number): void {
    const one = this.byPartition.get(partition)?.get(id);
    if (one !== undefined) one.load = Math.max(0, one.load + jobs);
  }
}

/** The least loaded of those that can be told, by name where loads are equal; `except` while another is there. */
export function chooseEdgeAgent(
  agents: readonly EdgeCandidate[],
  wanted: Wanted,
  except: string | null,
): EdgeCandidate | null {
  const fit = agents.filter(
    (one) => one.takesJobs && one.partition === wanted.partition && canRun(one, wanted.kind),
  );
  const others = fit.filter(({ name }) => name !== except);
  let best: EdgeCandidate | null = null;
  for (const one of others) {
    if (best === null || one.load < best.load || (one.load === best.load && one.name < best.name)) best = one;
  }
  return best;
}
