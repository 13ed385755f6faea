/**
 * Who runs a check: the poller by partition and what it already has, then the agent by capability and load. Pure: the
 * candidates are what the registry shows at this moment.
 */
import type { Metadata } from '../cluster/index.ts';
import { defaultPartition } from './names.ts';

export interface Candidate {
  /** The node's name: where it runs, and what results name. */
  readonly name: string;
  /** `available` for pollers, `connected` for agents: a registry status, not a lifecycle state. */
  readonly status: string;
  /** Partitions that it serves; empty serves all. */
  readonly partitions: readonly string[];
  /** Check kinds that it can run; pollers have none of their own. */
  readonly capabilities: readonly string[];
  /** What it has under way from us. */
  readonly load: number;
}

/** A candidate from what its registry entry says. */
export function candidateOf(name: string, metadata: Metadata, load: number): Candidate & { load: number } {
  const texts = (value: unknown) => (Array.isArray(value) ? (value as string[]) : []);
  return {
    name,
    load,
    status: String(metadata.status),
    partitions: texts(metadata.partitions),
    capabilities: texts(metadata.capabilities),
  };
}

export interface Wanted {
  readonly partition: string;
  readonly kind: string;
}

/**
 * Whether a partition is a network of the customer's own. The nodes of the cluster stand in the default one: what an address or a
 * name of another leads to only the tenant's agents there can tell, so nobody else runs its checks.
 */
export function isCustomersNetwork(partition: string): boolean {
  return partition !== defaultPartition;
}

export type Choice = { chosen: string } | { refused: 'no_poller' | 'no_agent' | 'no_capable_agent' };

/** The least loaded available poller of the partition; ties by name, so that the choice can be repeated. */
export function choosePoller(
  candidates: readonly Candidate[],
  wanted: Wanted,
  except: string | null,
): Choice {
  const fit = candidates.filter((one) => one.status === 'available' && serves(one, wanted));
  const chosen = leastLoaded(fit.length > 1 ? fit.filter(({ name }) => name !== except) : fit);
  return chosen === null ? { refused: 'no_poller' } : { chosen };
}

/** The least loaded connected agent that can run the kind; `except` is avoided while another is there. */
export function chooseAgent(candidates: readonly Candidate[], wanted: Wanted, except: string | null): Choice {
  const connected = candidates.filter((one) => one.status === 'connected' && serves(one, wanted));
  if (connected.length === 0) return { refused: 'no_agent' };
  const fit = connected.filter((one) => one.capabilities.includes(wanted.kind));
  const chosen = leastLoaded(fit.length > 1 ? fit.filter(({ name }) => name !== except) : fit);
  return chosen === null ? { refused: 'no_capable_agent' } : { chosen };
}

function serves(one: Candidate, wanted: Wanted): boolean {
  return one.partitions.length === 0 || one.partitions.includes(wanted.partition);
}

function leastLoaded(candidates: readonly Candidate[]): string | null {
  let best: Candidate | null = null;
  for (const one of candidates) {
    if (best === null || one.load < best.load || (one.load === best.load && one.name < best.name)) best = one;
  }
  return best?.name ?? null;
}
