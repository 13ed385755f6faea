/**
 * Whom this node has not met: those that it was only told of, whom it is to ask before it starts anything, and after it stood
 * still all others, until each has answered. Under the claims and children-standstill.ts; answers and members' changes come in here.
 */
import type { ChildrenState } from './children-state.ts';
import { askTimeoutMs, joinSettleMs } from './limits.ts';

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

/**
 * A node that others see may run what belongs here, and cannot be asked before it is linked: it is dialled by now. When it is,
 * it tells of others in its turn, so that a new node waits on as when it meets one that takes children.
 */
export function hearOf(state: ChildrenState, lives: readonly string[], nowMs: number): void {
  const { heardOf } = state;
  const present = new Set(lives);
  const met = [...heardOf.keys()].filter((life) => !present.has(life));
  const heard = lives.filter((life) => !heardOf.has(life));
  for (const life of met) heardOf.delete(life);
  for (const life of heard) heardOf.set(life, nowMs + askTimeoutMs);
  if (!state.begun && met.length + heard.length > 0) waitOn(state, nowMs);
}

/** As long as for an answer, and once for each life: whoever cannot be reached from here holds nobody up after that. */
export function isMeeting({ heardOf }: ChildrenState, nowMs: number): boolean {
  for (const untilMs of heardOf.values()) if (nowMs < untilMs) return true;
  return false;
}

/** Nodes come or go while this one waits: it waits on, but not for ever. */
export function waitOn(state: ChildrenState, nowMs: number): void {
  if (state.standstill === null) state.quietUntilMs = Math.min(state.quietEndMs, nowMs + state.quietMs);
  else settleSoon(state, nowMs);
}
