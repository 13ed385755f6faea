/**
 * What happens to the children of this node while they run: they come up, end, crash too often, lose their name, or are
 * handed over. Between the runtime's reports and reconciling.
 */
import { judgeEnd, note, putOff, type Verdict } from './child-life.ts';
import type { ChildrenEffect, ChildrenEvent } from './children.ts';
import { claim } from './children-claims.ts';
import { reconcile, stop } from './children-reconcile.ts';
import {
  type Child,
  type ChildrenState,
  dropHanded,
  type Handed,
  isGone,
  isWantedHere,
  lifeOf,
  setPhase,
} from './children-state.ts';
import { handedKeptMax, handedKeptMs, handoverHopsMax } from './limits.ts';

export function startedUp(state: ChildrenState, effects: ChildrenEffect[], id: string, nowMs: number): void {
  const child = state.children.get(id);
  if (child?.phase !== 'starting') return;
  dropHanded(state, id, child.started!.version);
  setPhase(state, child, 'running', nowMs);
  reconcile(state, effects, child, nowMs);
}

export function ended(
  state: ChildrenState,
  effects: ChildrenEffect[],
  { id, reason, detail, state: handed, random }: ChildrenEvent & { type: 'ended' },
  nowMs: number,
): void {
  const child = state.children.get(id);
  if (child === undefined) return;
  const { phase, stopCause: cause } = child;
  const ranMs = phase === 'running' ? nowMs - child.sinceMs : 0;
  const why = detail ?? reason;
  state.toMove.delete(child);
  if (phase === 'stopping') {
    child.stopCause = null;
    if (cause === 'hung') {
      note(lifeOf(child), 'its start did not end in time');
      fail(state, effects, child, putOff(lifeOf(child), nowMs, random), nowMs);
      return;
    }
    if (cause === 'moved') handOn(state, effects, child, handed, nowMs);
    release(state, effects, child, nowMs);
  } else if (phase === 'running' && reason === 'name_conflict') {
    note(lifeOf(child), 'another node has its name: this one gave way');
    release(state, effects, child, nowMs);
  } else if (phase === 'starting' || phase === 'running') {
    const what = phase === 'starting' ? `could not start: ${why}` : `ended: ${why}`;
    fail(state, effects, child, judgeEnd(lifeOf(child), what, ranMs, nowMs, random), nowMs);
  }
}

function handOn(
  state: ChildrenState,
  effects: ChildrenEffect[],
  { owner: peer, started, want, id }: Child,
  handed: unknown,
  nowMs: number,
): void {
  const { version } = started!;
  if (peer === null || version !== want?.version) return;
  // It may belong here again by now.
  if (peer === state.self) keepHanded(state, id, { version, state: handed, hops: 0 }, nowMs);
  else effects.push({ type: 'handover', peer, id, version, state: handed, hops: 0 });
}

function release(state: ChildrenState, effects: ChildrenEffect[], child: Child, nowMs: number): void {
  setPhase(state, child, 'elsewhere', nowMs);
  reconcile(state, effects, child, nowMs);
}

function fail(
  state: ChildrenState,
  effects: ChildrenEffect[],
  child: Child,
  verdict: Verdict,
  nowMs: number,
): void {
  const { want, started } = child;
  if (!isWantedHere(state, child) || want!.version !== started!.version) {
    release(state, effects, child, nowMs);
    follow(state, effects, child);
    return;
  }
  if (verdict.type === 'restart') {
    setPhase(state, child, 'queued', nowMs);
    return;
  }
  child.dueMs = verdict.untilMs;
  setPhase(state, child, 'failed', nowMs);
  const life = lifeOf(child);
  if (life.putOff > 1) return;
  const detail = life.because.at(-1) ?? 'failed';
  effects.push({ type: 'report', id: child.id, version: want!.version, code: 'child_failed', detail });
}

/** The registry is the judge of a name that two nodes hold: whom it does not show gives way. */
export function nameSeen(
  state: ChildrenState,
  effects: ChildrenEffect[],
  id: string,
  node: string | null,
  nowMs: number,
): void {
  const child = state.children.get(id);
  if (child === undefined) return;
  child.holder = node === state.self ? null : node;
  if (child.holder !== null) {
    if (child.phase === 'running' || child.phase === 'starting') {
      note(lifeOf(child), `${child.holder} has its name: this one gives way`);
      stop(state, effects, child, 'conflict', nowMs);
    } else if (child.phase === 'held') child.heldBy = child.holder;
    return;
  }
  if (child.phase === 'held' && node === null) claim(state, effects, child, nowMs);
  else if (child.phase === 'elsewhere') reconcile(state, effects, child, nowMs);
}

export function handedOver(
  state: ChildrenState,
  effects: ChildrenEffect[],
  { id, version, state: handed, hops }: ChildrenEvent & { type: 'handover' },
  nowMs: number,
): void {
  const child = state.children.get(id);
  if (child !== undefined && child.want !== null && !isWantedHere(state, child)) {
    passOn(state, effects, child, { version, state: handed, hops });
    return;
  }
  // It came too late for one that began without it, and is older than what that has done since.
  const begun = child?.phase === 'starting' || child?.phase === 'running' ? child.started : null;
  if (begun?.version === version) return;
  // One node was behind with its rows: what is given here next goes before what was wanted before it.
  const wanted = child?.want?.version;
  if (wanted !== undefined && wanted !== version && state.handed.get(id)?.version === wanted) return;
  keepHanded(state, id, { version, state: handed, hops }, nowMs);
  if (child?.phase === 'held') claim(state, effects, child, nowMs);
}

/** States that wait here for children whose owner is another by now follow them. */
export function passOnHanded(state: ChildrenState, effects: ChildrenEffect[]): void {
  for (const id of [...state.handed.keys()]) {
    const child = state.children.get(id);
    // One under start here has been given its state, and may have made more of it.
    const isGiven = child?.phase === 'starting' && child.started!.version === state.handed.get(id)!.version;
    if (child !== undefined && !isGiven) follow(state, effects, child);
  }
}

function follow(state: ChildrenState, effects: ChildrenEffect[], child: Child): void {
  const handed = state.handed.get(child.id);
  if (handed === undefined || child.want === null || isWantedHere(state, child)) return;
  state.handed.delete(child.id);
  passOn(state, effects, child, handed);
}

function passOn(
  state: ChildrenState,
  effects: ChildrenEffect[],
  { id, owner: peer }: Child,
  { version, state: handed, hops }: Omit<Handed, 'untilMs'>,
): void {
  if (peer === null || hops >= handoverHopsMax || isGone(state, peer)) return;
  effects.push({ type: 'handover', peer, id, version, state: handed, hops: hops + 1 });
}

function keepHanded(state: ChildrenState, id: string, handed: Omit<Handed, 'untilMs'>, nowMs: number): void {
  state.handed.delete(id);
  state.handed.set(id, { ...handed, untilMs: nowMs + handedKeptMs });
  // The oldest goes: its child starts without a state.
  if (state.handed.size > handedKeptMax) state.handed.delete(state.handed.keys().next().value!);
}
