/**
 * Whom a node that stood still has met since, and when it has met all: what it waits for before it begins again. Under
 * children-standstill.ts, which gives up what it had; answers and members' changes come in here.
 */
import type { ChildrenState } from './children-state.ts';
import { joinSettleMs } from './limits.ts';

export interface Standstill {
  readonly gapMs: number;
  /** Answers to what was asked before it are of the past. */
  readonly sinceRound: number;
  /** Live by the view from before it, and not heard since. */
  readonly unmet: Set<string>;
  askedMs: number;
}

export function answered(state: ChildrenState, peer: string, round: number, nowMs: number): void {
  const { standstill } = state;
  if (standstill === null || round < standstill.sinceRound) return;
  if (standstill.unmet.delete(peer)) settleSoon(state, nowMs);
}

/** Who is gone need not be met. Of one whose certificate ended meanwhile that is not known: it may run what was here. */
export function forgetUnmet(state: ChildrenState, nowMs: number): void {
  const { standstill } = state;
  if (standstill === null) return;
  let isFewer = false;
  for (const peer of [...standstill.unmet]) {
    const member = state.members.get(peer);
    if (member?.live || member?.distrusted) continue;
    standstill.unmet.delete(peer);
    isFewer = true;
  }
  if (isFewer) settleSoon(state, nowMs);
}

function settleSoon(state: ChildrenState, nowMs: number): void {
  if (state.standstill!.unmet.size === 0)
    state.quietUntilMs = Math.min(state.quietEndMs, nowMs + joinSettleMs);
}

/** Nodes come or go while this one waits: it waits on, but not for ever. */
export function waitOn(state: ChildrenState, nowMs: number): void {
  if (state.standstill === null) state.quietUntilMs = Math.min(state.quietEndMs, nowMs + state.quietMs);
  else settleSoon(state, nowMs);
}
