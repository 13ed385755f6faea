/**
 * The edge agents of one tenant, as its scheduler and the doors of pollers see them by their names: who runs a check of a
 * partition by its own config, and who can be told to run one. Pure; a name comes and goes by what the registry says.
 *
 * The rule: a check of a partition belongs to the tenant's agents there that can run its kind. Those that run a config by
 * themselves come first, each check with one of them (rendezvous hashing of the check's id over the agents'); where there is
 * none, those that take `check.run` are told at each due instant; where there is none either, the cluster's own agents run it if
 * it is of the default partition, and nobody does else.
 */
import {
  createPlacement,
  type Metadata,
  type NameEvent,
  type Placement,
  tenantOfNode,
} from '../cluster/index.ts';
import type { Candidate, Wanted } from './dispatch.ts';
import { selfRunnersMax } from './limits.ts';
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
  const runsItself = metadata.runs_config === true;
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

interface Partition {
  readonly agents: Map<string, EdgeCandidate & { load: number }>;
  /** Those that run a config by themselves, in order. */
  readonly runners: string[];
  /** Which of them runs a check, by the check's kind; made when it is first asked for. */
  readonly placements: Map<string, Placement>;
}

export class EdgeAgents {
  private readonly byPartition = new Map<string, Partition>();

  /** Answers whether one that ran its checks by itself is gone, or does so no more: what it had is for others. */
  changed(type: NameEvent['type'], entry: NameEvent['entry']): boolean {
    const { partition, id } = entry.key;
    const now = type === 'removed' ? null : edgeCandidateOf(entry);
    const one = this.byPartition.get(partition) ?? { agents: new Map(), runners: [], placements: new Map() };
    const before = one.agents.get(id);
    if (now === null) one.agents.delete(id);
    else one.agents.set(id, { ...now, load: before?.load ?? 0 });
    if (one.agents.size > 0) this.byPartition.set(partition, one);
    else this.byPartition.delete(partition);
    const [did, does] = [before?.runsItself === true, now?.runsItself === true];
    if (did && !does) one.runners.splice(placeOf(one.runners, id), 1);
    if (!did && does) one.runners.splice(placeOf(one.runners, id), 0, id);
    const isSame = did === does && String(before?.capabilities) === String(now?.capabilities);
    if (!isSame) one.placements.clear();
    return did && !does;
  }

  of(partition: string): Iterable<EdgeCandidate> {
    return this.byPartition.get(partition)?.agents.values() ?? [];
  }

  runsItself(partition: string, id: string): boolean {
    return this.byPartition.get(partition)?.agents.get(id)?.runsItself === true;
  }

  /** The agent that runs the check by its own config, of those of its partition; null: none does. */
  runnerOf(check: Wanted & { readonly id: string }): string | null {
    const one = this.byPartition.get(check.partition);
    return one === undefined || one.runners.length === 0
      ? null
      : placementFor(one, check.kind).ownerOf(check.id);
  }

  /**
   * Whether the agent is that one, or would be if it ran a config from now on: it is given its share before it is known to have
   * it. For many checks of one partition.
   */
  sharesOf(partition: string, id: string): (check: Wanted & { readonly id: string }) => boolean {
    const one = this.byPartition.get(partition);
    if (one?.agents.get(id)?.runsItself === true) return (check) => this.runnerOf(check) === id;
    const own = one?.agents.get(id)?.capabilities ?? [];
    const placements = new Map<string, Placement>();
    return ({ id: checkId, kind }) => {
      if (!canRun({ capabilities: own }, kind)) return false;
      const others = one === undefined ? [] : runnersFor(one, kind);
      const placement = placements.get(kind) ?? createPlacement([...others, id]);
      placements.set(kind, placement);
      return placement.ownerOf(checkId) === id;
    };
  }

  addLoad(partition: string, id: string, jobs: number): void {
    const one = this.byPartition.get(partition)?.agents.get(id);
    if (one !== undefined) one.load = Math.max(0, one.load + jobs);
  }
}

function placementFor(one: Partition, kind: string): Placement {
  const placement = one.placements.get(kind) ?? createPlacement(runnersFor(one, kind));
  one.placements.set(kind, placement);
  return placement;
}

function runnersFor({ runners, agents }: Partition, kind: string): string[] {
  const fit: string[] = [];
  for (const id of runners) {
    if (fit.length >= selfRunnersMax) break;
    if (canRun(agents.get(id)!, kind)) fit.push(id);
  }
  return fit;
}

/** Where it stands, or would. */
function placeOf(sorted: readonly string[], id: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The least loaded of those that can be told, by name where loads are equal; `except` had it and did not run it. */
export function chooseEdgeAgent(
  agents: Iterable<EdgeCandidate>,
  wanted: Wanted,
  except: string | null,
  isReached: (one: EdgeCandidate) => boolean,
): EdgeCandidate | null {
  let best: EdgeCandidate | null = null;
  for (const one of agents) {
    const isFit = one.takesJobs && one.partition === wanted.partition && one.name !== except;
    if (!isFit || !canRun(one, wanted.kind) || !isReached(one)) continue;
    if (best === null || one.load < best.load || (one.load === best.load && one.name < best.name)) best = one;
  }
  return best;
}
