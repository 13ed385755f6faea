/**
 * A node that stood still for so long that others have called it dead: they run its children by now, so it gives up its own at
 * once, and starts nothing until each node that it knew before has answered it anew, or is known to be gone. Between the
 * protocol (children.ts) and reconciling. Whether it stood still is the vigil's to say.
 */
import { note } from './child-life.ts';
import type { ChildrenEffect } from './children.ts';
import { stop } from './children-reconcile.ts';
import { type ChildrenState, lifeOf, peersOfRole, setPhase } from './children-state.ts';
import { askTimeoutMs, standstillEndMs } from './limits.ts';

export function stoodStill(
  state: ChildrenState,
  effects: ChildrenEffect[],
  gapMs: number,
  nowMs: number,
): void {
  const peers = peersOfRole(state);
  // Alone: nobody took them over.
  if (!state.serving || peers.length === 0) return;
  state.begun = false;
  state.standstill = { gapMs, sinceRound: state.lastRound + 1, unmet: new Set(peers), askedMs: nowMs };
  state.quietEndMs = nowMs + standstillEndMs;
  state.quietUntilMs = state.quietEndMs;
  state.rounds.clear();
  state.toAsk = [];
  // What was handed over for children that had not started is older than what has run elsewhere since.
  state.handed.clear();
  const { asking, queued, held, starting, running, stopping } = state.byPhase;
  for (const child of [...asking, ...queued, ...held]) setPhase(state, child, 'elsewhere', nowMs);
  const moving = [...stopping].filter(({ stopCause }) => stopCause === 'moved');
  for (const child of [...starting, ...running, ...moving]) {
    note(lifeOf(child), `this node stood still for ${Math.round(gapMs)} ms: others have it, this one ended`);
    stop(state, effects, child, 'paused', nowMs);
  }
  meet(state, effects, peers);
}

/** A new link to it: what was asked on the one before may be lost. */
export function peerLinked(state: ChildrenState, effects: ChildrenEffect[], peer: string): void {
  if (state.standstill?.unmet.has(peer)) meet(state, effects, [peer]);
}

/** Nothing is lost on an open link; should something be all the same, it is asked for again. */
export function meetAgain(state: ChildrenState, effects: ChildrenEffect[], nowMs: number): void {
  const { standstill } = state;
  if (standstill === null || standstill.unmet.size === 0 || nowMs - standstill.askedMs < askTimeoutMs) return;
  standstill.askedMs = nowMs;
  meet(state, effects, [...standstill.unmet]);
}

function meet(state: ChildrenState, effects: ChildrenEffect[], peers: readonly string[]): void {
  state.lastRound += 1;
  effects.push({ type: 'meet', peers, round: state.lastRound });
}
