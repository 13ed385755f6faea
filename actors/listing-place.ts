/**
 * Where a source is listed: on the core, or at one agent in the customer's network; whether it may be placed there, and whether who
 * asks for a run is the agent of its place. Pure; asked when a source is written down, and again at each hand-over.
 */
import type { PlaceRefusalCode } from './listing-codes.ts';
import type { ListedSource } from './ports/listed-source.ts';

/** An agent as its certificate proves it, of a tenant that is known. */
export interface AgentAt {
  readonly partition: string;
  readonly name: string;
}

export interface PlaceRefused {
  readonly refused: PlaceRefusalCode;
  readonly detail: string;
}

/** `there`: the tenant's agents, those that are connected and those that have a package. */
export function judgePlace(wanted: AgentAt, there: readonly AgentAt[]): PlaceRefused | null {
  const named = there.filter(({ name }) => name === wanted.name);
  if (named.some(({ partition }) => partition === wanted.partition)) return null;
  if (named.length === 0) {
    const detail = `the tenant has no agent "${wanted.name}": see picket agents list and picket package list`;
    return { refused: 'no_such_agent', detail };
  }
  const where = [...new Set(named.map(({ partition }) => partition))].join(', ');
  const detail = `agent ${wanted.name} is in partition ${where}, the source in ${wanted.partition}`;
  return { refused: 'wrong_partition', detail };
}

/** The partition of the one agent of this name, for a source that names none. Null: there is none, or one in several. */
export function partitionOfAgent(name: string, there: readonly AgentAt[]): string | null {
  const where = new Set(there.filter((one) => one.name === name).map(({ partition }) => partition));
  return where.size === 1 ? [...where][0]! : null;
}

export function isPlacedAt({ agent, partition }: ListedSource, by: AgentAt): boolean {
  return agent !== null && agent === by.name && partition === by.partition;
}
