/**
 * When what is decided is done: starts and handovers at their rates, and what falls due with time. So that a takeover of
 * ten thousand children does not choke the node that takes over, and a newcomer is not given everything at once.
 */
import { note } from './child-life.ts';
import type { ChildrenEffect } from './children.ts';
import { claim, heldBy } from './children-claims.ts';
import { reconcile, stop } from './children-reconcile.ts';
import { type Child, type ChildrenState, lifeOf, setPhase } from './children-state.ts';
import {
  childrenTickMs,
  childStartMs,
  heldRecheckMs,
  membersSettleMs,
  movesPerS,
  movesPerSDraining,
  movesUnderWayMax,
  rateTickMs,
  startsBurstMax,
  startsPerS,
  startsUnderWayMax,
} from './limits.ts';

export function refill(state: ChildrenState, nowMs: number): void {
  const passedMs = Math.max(0, nowMs - state.refilledMs);
  state.refilledMs = nowMs;
  state.starts = Math.min(startsBurstMax, state.starts + (passedMs * startsPerS) / 1_000);
  const moves = state.draining ? movesPerSDraining : movesPerS;
  state.moves = Math.min(movesUnderWayMax, state.moves + (passedMs * moves) / 1_000);
}

export function pumpStarts(state: ChildrenState, effects: ChildrenEffect[], nowMs: number): void {
  if (!state.begun) return;
  const { queued, starting } = state.byPhase;
  for (const child of queued) {
    if (state.starts < 1 || starting.size >= startsUnderWayMax) return;
    if (child.holder !== null) {
      heldBy(state, child, child.holder, nowMs);
      continue;
    }
    state.starts -= 1;
    const want = child.want!;
    // Kept until it runs: one that could not start with it is given it again. Of another version: until that is wanted here.
    const handed = state.handed.get(child.id);
    const isOfWant = handed?.version === want.version;
    child.started = want;
    setPhase(state, child, 'starting', nowMs);
    effects.push({ type: 'start', id: child.id, want, handed: isOfWant ? handed.state : null });
  }
}

/** One after the other: a child has ended here before its new owner is told to start it. */
export function pumpMoves(state: ChildrenState, effects: ChildrenEffect[], nowMs: number): void {
  if (state.draining && !state.drained && isIdle(state)) {
    state.drained = true;
    effects.push({ type: 'drained' });
  }
  if (state.toMove.size === 0) return;
  // Who has only just come may not be the last to come, nor know of all the others yet.
  if (!state.draining && nowMs - state.membersChangedMs < membersSettleMs) return;
  for (const child of state.toMove) {
    if (state.moves < 1 || state.byPhase.stopping.size >= movesUnderWayMax) return;
    if (child.phase !== 'running') continue;
    state.moves -= 1;
    stop(state, effects, child, 'moved', nowMs);
  }
}

function isIdle({ byPhase }: ChildrenState): boolean {
  return byPhase.starting.size + byPhase.running.size + byPhase.stopping.size === 0;
}

/** Everything that waits for an instant. */
export function tick(state: ChildrenState, effects: ChildrenEffect[], nowMs: number): void {
  if (state.serving && !state.begun && nowMs >= state.quietUntilMs) {
    state.begun = true;
    state.standstill = null;
    for (const child of [...state.children.values()]) reconcile(state, effects, child, nowMs);
  }
  const { starting, held, failed } = state.byPhase;
  for (const child of overdue(starting, nowMs, childStartMs)) {
    note(lifeOf(child), `its start took over ${childStartMs} ms`);
    stop(state, effects, child, 'hung', nowMs);
  }
  for (const child of overdue(held, nowMs, heldRecheckMs)) claim(state, effects, child, nowMs);
  for (const child of [...failed]) {
    if (child.dueMs > nowMs) continue;
    setPhase(state, child, 'elsewhere', nowMs);
    claim(state, effects, child, nowMs);
  }
  for (const [id, { untilMs }] of state.handed) if (untilMs <= nowMs) state.handed.delete(id);
}

/** They stand in the order in which they came into the phase. */
function overdue(children: ReadonlySet<Child>, nowMs: number, afterMs: number): Child[] {
  const due: Child[] = [];
  for (const child of children) {
    if (nowMs - child.sinceMs < afterMs) break;
    due.push(child);
  }
  return due;
}

/** How long until the next `tick` is needed; null: until something happens. */
export function nextTickMs(state: ChildrenState): number | null {
  const { queued, asking, held, starting, failed } = state.byPhase;
  if ((queued.size > 0 && state.begun) || state.toMove.size > 0) return rateTickMs;
  if (state.serving && !state.begun) return childrenTickMs / 4;
  if (asking.size + held.size + starting.size + failed.size + state.handed.size > 0) return childrenTickMs;
  return null;
}
