/**
 * What an operator asks of supervised children: where each runs, in which state, and why it does not. A node knows where
 * the children of others run and not what became of them, so it asks their owners. Between the operators' commands and
 * the supervisors of the nodes.
 */
import type { ChildRow } from './children-view.ts';
import { childrenListedMax } from './limits.ts';
import type { ClusterNode } from './node.ts';

/** A child as it is shown. Times are in milliseconds. */
export interface ChildReport extends ChildRow {
  /** Ends since it came to its node; null when only a node that does not answer knows. */
  readonly restarts: number | null;
  /** How long it has been in this state, likewise. */
  readonly sinceMs: number | null;
  /** Of one that failed: until the next attempt. */
  readonly nextAttemptMs: number | null;
  /** What its node says of it last. */
  readonly reason: string | null;
}

type Known = readonly [
  id: string,
  state: ChildRow['state'],
  restarts: number,
  sinceMs: number,
  nextAttemptMs: number | null,
  reason: string | null,
];

export function declareChildren(node: ClusterNode): void {
  const { supervisor } = node;
  node.declare('children', {
    access: 'read',
    run: (query: { kind?: string } | null) => reportChildren(node, query?.kind ?? null),
  });
  node.declare('children_here', {
    access: 'node',
    run: (query: { kind: string | null } | null) => knownHere(node, query?.kind ?? null),
  });
  node.declare('explain_child', {
    access: 'read',
    run: ({ id }: { id: string }) => supervisor.explain(id),
  });
  node.declare('explain_child_here', {
    access: 'node',
    run: ({ id }: { id: string }) => supervisor.explainHere(id),
  });
}

/** What this node alone knows: of the children that are here, or are to be. */
function knownHere({ node, supervisor }: ClusterNode, kind: string | null): Known[] {
  const known: Known[] = [];
  for (const { id, node: at, owner } of supervisor.list(kind)) {
    if (known.length === childrenListedMax) break;
    if (at !== node && owner !== node) continue;
    const told = supervisor.explainHere(id);
    if (told === null || told.sinceMs === null) continue;
    const { state, restarts, sinceMs, nextAttemptMs, reason } = told;
    known.push([id, state, restarts, sinceMs, nextAttemptMs, reason]);
  }
  return known;
}

async function reportChildren(node: ClusterNode, kind: string | null): Promise<ChildReport[]> {
  const rows = node.supervisor.list(kind).slice(0, childrenListedMax);
  const tellers = new Set(rows.map(({ node: at, owner }) => at ?? owner));
  tellers.delete(null);
  const told = await Promise.all(
    [...(tellers as Set<string>)].map(async (name): Promise<[string, Map<string, Known>]> => {
      const known = name === node.node ? knownHere(node, kind) : await askFor(node, name, kind);
      return [name, new Map(known.map((one) => [one[0], one]))];
    }),
  );
  const byTeller = new Map(told);
  return rows.map((row) => {
    const teller = row.node ?? row.owner;
    const known = teller === null ? undefined : byTeller.get(teller)?.get(row.id);
    if (known === undefined)
      return { ...row, restarts: null, sinceMs: null, nextAttemptMs: null, reason: whyUnknown(row) };
    const [, state, restarts, sinceMs, nextAttemptMs, reason] = known;
    return { ...row, state, restarts, sinceMs, nextAttemptMs, reason };
  });
}

/** One that does not answer tells nothing: what is seen from here is shown. */
async function askFor(node: ClusterNode, name: string, kind: string | null): Promise<readonly Known[]> {
  const told = await node.procedures.ask(name, 'children_here', { kind }).catch(() => []);
  return Array.isArray(told) ? told : [];
}

function whyUnknown({ role, node, owner, state }: ChildRow): string | null {
  if (state === 'unplaced') return `no live node of the role ${role} takes children`;
  return state === 'running' ? null : `${node ?? owner} does not tell of it`;
}
