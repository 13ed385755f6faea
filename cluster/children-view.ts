/**
 * What people and programs are told of supervised children: one line for each, and why one of them is where it is. Pure
 * questions to the machine's state; what only the owner knows is asked of it by supervisor.ts.
 */
import type { Child, ChildrenState } from './children-state.ts';

export interface ChildRow {
  readonly id: string;
  readonly kind: string;
  readonly role: string;
  readonly tenant: string | null;
  /** Where it runs; null while it runs nowhere that this node knows of. */
  readonly node: string | null;
  /** Where it belongs; null: no live node of the role takes children. */
  readonly owner: string | null;
  readonly state: ChildView;
}

/**
 * `waiting`: it is about to run, or its owner is another node that has not told of it. `unplaced`: no node of its role takes
 * children.
 */
export type ChildView =
  | 'running'
  | 'starting'
  | 'stopping'
  | 'waiting'
  | 'failed'
  | 'unknown_kind'
  | 'unplaced';

export interface ChildExplanation {
  readonly subject: string;
  readonly state: ChildView;
  readonly kind: string;
  readonly source: 'dynamic' | 'row';
  readonly node: string | null;
  readonly owner: string | null;
  /** How long it has been in this state, in milliseconds; null when only another node knows. */
  readonly sinceMs: number | null;
  readonly restarts: number;
  /** Of a failed child: until the next attempt. */
  readonly nextAttemptMs: number | null;
  /** What happened to it last; null: nothing worth telling. */
  readonly reason: string | null;
  readonly because: readonly string[];
}

export function listChildren(state: ChildrenState, kind: string | null = null): ChildRow[] {
  const rows: ChildRow[] = [];
  for (const child of state.children.values()) {
    const { want, id, owner } = child;
    if (want === null || (kind !== null && want.spec.kind !== kind)) continue;
    const { tenant = null, role } = want.spec;
    const node = isHere(child) ? state.self : child.holder;
    rows.push({ id, kind: want.spec.kind, role, tenant, node, owner, state: viewOf(state, child) });
  }
  return rows.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Null when nobody wants it. */
export function explainChild(state: ChildrenState, id: string, nowMs: number): ChildExplanation | null {
  const child = state.children.get(id);
  if (child === undefined || child.want === null) return null;
  const { want, owner, phase, life } = child;
  const view = viewOf(state, child);
  const isOurs = phase !== 'elsewhere';
  return {
    subject: `child ${id}`,
    state: view,
    kind: want.spec.kind,
    source: want.source,
    node: isHere(child) ? state.self : child.holder,
    owner,
    sinceMs: isOurs ? Math.round(nowMs - child.sinceMs) : null,
    restarts: life?.restarts ?? 0,
    nextAttemptMs: phase === 'failed' ? Math.max(0, Math.round(child.dueMs - nowMs)) : null,
    reason: life?.because.at(-1) ?? whyHere(state, child)[1] ?? null,
    because: [...whyHere(state, child), ...(life?.because ?? [])],
  };
}

function whyHere(state: ChildrenState, child: Child): string[] {
  const { owner, want } = child;
  const { role } = want!.spec;
  const because: string[] = [];
  const { standstill } = state;
  if (owner === null) because.push(`no live node of the role ${role} takes children`);
  else {
    const names = state.placements.get(role)?.names.split(' ') ?? [];
    because.push(`it belongs on ${owner}, the best placed of ${names.join(', ')}`);
  }
  if (owner === state.self && standstill !== null) {
    const unmet = [...standstill.unmet].join(', ') || 'quiet';
    because.push(
      `this node stood still for ${Math.round(standstill.gapMs)} ms: it starts nothing before it has met ${unmet}`,
    );
  }
  if (child.phase === 'held') because.push(`${child.heldBy} still has it: it is waited for`);
  if (child.phase === 'asking') because.push('the other nodes are asked whether they have it');
  if (child.phase === 'queued') because.push('it waits for its turn to start');
  if (state.toMove.has(child)) because.push(`it waits for its turn to be handed over to ${owner}`);
  if (child.phase === 'stopping') because.push(`it is being stopped: ${child.stopCause}`);
  return because;
}

function isHere({ phase }: Child): boolean {
  return phase === 'running' || phase === 'starting' || phase === 'stopping';
}

function viewOf(state: ChildrenState, child: Child): ChildView {
  switch (child.phase) {
    case 'running':
    case 'starting':
    case 'stopping':
    case 'failed':
    case 'unknown_kind':
      return child.phase;
    default:
      if (child.holder !== null && state.members.get(child.holder)?.live !== false) return 'running';
      return child.owner === null ? 'unplaced' : 'waiting';
  }
}
