/**
 * May I start this? Before an owner starts children it asks every live node of the role, many at once. A node refuses what it
 * holds, and of two that both want a child the better placed goes first: so of nodes that see each other two never run
 * the same child, whatever each believes of the others. Between reconciling and the rate of starts.
 */

import { note } from './child-life.ts';
import type { ChildrenEffect, ChildrenEvent } from './children.ts';
import {
  type Child,
  type ChildrenState,
  isEligible,
  isGone,
  lifeOf,
  peersOfRole,
  setPhase,
} from './children-state.ts';
import { answered, isMeeting } from './children-unmet.ts';
import { askIdsMax, askTimeoutMs } from './limits.ts';
import { ownerOf } from './placement.ts';

/** First step towards running a child that belongs here. */
export function claim(state: ChildrenState, effects: ChildrenEffect[], child: Child, nowMs: number): void {
  const { version, spec } = child.want!;
  if (!state.begun) return;
  if (!state.kinds.has(spec.kind)) {
    child.started = child.want;
    setPhase(state, child, 'unknown_kind', nowMs);
    const detail = `${state.self} does not know the kind ${spec.kind}`;
    note(lifeOf(child), detail);
    effects.push({ type: 'report', id: child.id, version, code: 'unknown_kind', detail });
    return;
  }
  // Whether or not its node is believed to live: what the registry shows it would refuse to this node.
  if (child.holder !== null) {
    heldBy(state, child, child.holder, nowMs);
    return;
  }
  child.round = 0;
  setPhase(state, child, 'asking', nowMs);
  state.toAsk.push(child);
}

export function heldBy(state: ChildrenState, child: Child, node: string, nowMs: number): void {
  child.heldBy = node;
  setPhase(state, child, 'held', nowMs);
}

/**
 * Asks for all that came to be claimed in this step. Whom this node has only heard of is met first, and asked with the
 * others; no child waits for that any longer than for an answer.
 */
export function askAll(state: ChildrenState, effects: ChildrenEffect[], nowMs: number): void {
  if (state.toAsk.length === 0) return;
  const asked = [...new Set(state.toAsk)].filter((child) => child.phase === 'asking' && child.round === 0);
  const isLong = asked.some(({ sinceMs }) => nowMs - sinceMs >= askTimeoutMs);
  state.toAsk = [];
  if (!isLong && isMeeting(state, nowMs)) {
    state.toAsk = asked;
    return;
  }
  const peers = peersOfRole(state);
  for (let at = 0; at < asked.length; at += askIdsMax) {
    const part = asked.slice(at, at + askIdsMax);
    state.lastRound += 1;
    const number = state.lastRound;
    for (const child of part) child.round = number;
    if (peers.length === 0) {
      for (const child of part) setPhase(state, child, 'queued', nowMs);
      continue;
    }
    const ids = part.map(({ id }) => id);
    const waiting = new Set(peers.filter((peer) => !state.slow.has(peer)));
    state.rounds.set(number, { number, ids, waiting, dueMs: nowMs + askTimeoutMs });
    effects.push({ type: 'ask', peers, round: number, ids });
    finish(state, number, nowMs);
  }
}

export function answerAsk(
  state: ChildrenState,
  effects: ChildrenEffect[],
  { peer, round, ids }: ChildrenEvent & { type: 'ask' },
  nowMs: number,
): void {
  const held: string[] = [];
  const elsewhere = new Map<string, string[]>();
  for (const id of ids) {
    const child = state.children.get(id);
    if (child === undefined) continue;
    if (keeps(state, child, peer)) held.push(id);
    else {
      if (child.phase === 'asking' || child.phase === 'queued') heldBy(state, child, peer, nowMs);
      const { holder } = child;
      if (holder === null || holder === peer || isGone(state, holder)) continue;
      const others = elsewhere.get(holder);
      if (others === undefined) elsewhere.set(holder, [id]);
      else others.push(id);
    }
  }
  effects.push({ type: 'answer', peer, round, held, elsewhere: [...elsewhere] });
}

function keeps(state: ChildrenState, child: Child, peer: string): boolean {
  switch (child.phase) {
    case 'starting':
    case 'running':
    case 'stopping':
      return true;
    case 'asking':
    case 'queued':
    case 'failed':
    case 'unknown_kind':
      return isEligible(state, state.self, true) && ownerOf(child.place, [state.self, peer]) === state.self;
    default:
      return false;
  }
}

export function takeAnswer(
  state: ChildrenState,
  { peer, round: number, held, elsewhere }: ChildrenEvent & { type: 'answer' },
  nowMs: number,
): void {
  state.slow.delete(peer);
  answered(state, peer, number, nowMs);
  const round = state.rounds.get(number);
  if (round === undefined || !round.waiting.delete(peer)) return;
  const refuse = (ids: readonly string[], by: string) => {
    for (const id of ids) {
      const child = state.children.get(id);
      if (child?.phase === 'asking' && child.round === number) heldBy(state, child, by, nowMs);
    }
  };
  refuse(held, peer);
  // What is known here to be gone is believed over what a slower peer still sees.
  for (const [node, ids] of elsewhere) {
    if (node !== state.self && !isGone(state, node)) refuse(ids, node);
  }
  finish(state, round.number, nowMs);
}

/** Answers of lives of nodes that are over are not waited for. */
export function forgetPeers(state: ChildrenState, gone: readonly string[], nowMs: number): void {
  if (gone.length === 0) return;
  for (const round of [...state.rounds.values()]) {
    for (const peer of gone) round.waiting.delete(peer);
    finish(state, round.number, nowMs);
  }
}

/** A node that does not answer in time holds nobody up; what it holds by the registry is not started (`pumpStarts`). */
export function giveUpRounds(state: ChildrenState, nowMs: number): void {
  for (const round of [...state.rounds.values()]) {
    if (round.dueMs > nowMs) break;
    for (const peer of round.waiting) state.slow.add(peer);
    round.waiting.clear();
    finish(state, round.number, nowMs);
  }
}

function finish(state: ChildrenState, number: number, nowMs: number): void {
  const round = state.rounds.get(number);
  if (round === undefined || round.waiting.size > 0) return;
  state.rounds.delete(number);
  for (const id of round.ids) {
    const child = state.children.get(id);
    if (child?.phase === 'asking' && child.round === number) setPhase(state, child, 'queued', nowMs);
  }
}
