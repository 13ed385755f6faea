/**
 * What is to be done about one child, by what is wanted, who owns it, and what it does here now. Asked after any of these
 * changed; asking twice does nothing more. Between the protocol and the claims.
 */

import type { ChildrenEffect } from './children.ts';
import { claim } from './children-claims.ts';
import {
  type Child,
  type ChildrenState,
  dropHanded,
  isWantedHere,
  type StopCause,
  setPhase,
} from './children-state.ts';

export function reconcile(
  state: ChildrenState,
  effects: ChildrenEffect[],
  child: Child,
  nowMs: number,
): void {
  switch (child.phase) {
    case 'starting':
    case 'running':
      if (child.want === null) stop(state, effects, child, 'removed', nowMs);
      else if (child.want.version !== child.started!.version) stop(state, effects, child, 'replaced', nowMs);
      else if (child.owner !== state.self) state.toMove.add(child);
      else state.toMove.delete(child);
      return;
    case 'stopping':
      return;
    case 'failed':
    case 'unknown_kind':
      if (isWantedHere(state, child) && child.want!.version === child.started?.version) return;
      break;
    case 'asking':
    case 'held':
    case 'queued':
      if (isWantedHere(state, child)) return;
      break;
  }
  if (child.phase !== 'elsewhere') setPhase(state, child, 'elsewhere', nowMs);
  if (isWantedHere(state, child)) claim(state, effects, child, nowMs);
  else if (child.want === null && child.holder === null) state.children.delete(child.id);
}

/** `moved` asks the child for its state first, if its kind hands one over. */
export function stop(
  state: ChildrenState,
  effects: ChildrenEffect[],
  child: Child,
  cause: StopCause,
  nowMs: number,
): void {
  child.stopCause = cause;
  state.toMove.delete(child);
  // What was handed over to one that had not come up is for its next start; of any other stop there is none.
  if (cause !== 'hung') dropHanded(state, child.id, child.started!.version);
  setPhase(state, child, 'stopping', nowMs);
  effects.push({ type: 'stop', id: child.id, cause, handoff: cause === 'moved' });
}
