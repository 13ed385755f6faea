/**
 * What a decision machine tells the flight recorder of itself: its state as plain data, its events without what must
 * not be kept, a digest of its effects; and what a replay needs beside. Between each machine (`supervision.ts`, the
 * cluster's membership and registry) and the recorder, which knows nothing of any of them.
 */
import type { Random } from './random.ts';

/**
 * What `JSON.stringify` and `JSON.parse` carry without loss, in the same order: no `undefined` in arrays, no infinities,
 * no classes, no keys that are numbers.
 */
export type Plain = unknown;

export interface RecordForm<S, E extends { readonly type: string }, F> {
  /** One word, the same in every version: `membership`. Machines of one kind share a ring. */
  readonly kind: string;
  /** Raised when an older record can no longer be restored or stepped. */
  readonly version: number;
  /** What may be written at once, when that is less than `recordBurstBytes`. */
  readonly burstBytes?: number;
  /** About how large the snapshot would be, without making it. */
  weightBytes(state: S): number;
  /**
   * All that decides, and nothing that is private. The same state gives the same text, before and after a restore. What may
   * be long is wrapped in `Rows`.
   */
  snapshot(state: S): Plain;
  /** Rows of a snapshot must be written at once, because what they are made of changes with the next step. */
  readonly changesInPlace?: boolean;
  /** True when the event would be too large to be kept, told without making its text. */
  isHuge?(event: E): boolean;
  /** All of the event that decides, and nothing that is private. Is stepped as it is in a replay. */
  event(event: E): Plain;
  /** What must come out alike in a replay. Short: an effect that carries thousands of rows is told by their count and sum. */
  effect(effect: F): Plain;
  /** True only if this event would change neither the state nor cause an effect: it is then left out. */
  changesNothing?(state: S, event: E): boolean;
}

/** Tells what a step did to the one subject that somebody asks about. `event` is null when a state was just restored. */
export type Witness<S, E, F> = (state: S, event: E | null, effects: readonly F[]) => string[];

export interface ReplayForm<S, E extends { readonly type: string }, F> extends RecordForm<S, E, F> {
  restore(snapshot: Plain): S;
  step(state: S, event: E, random: Random): { readonly state: S; readonly effects: readonly F[] };
  /** One decision as a sentence; null when it is no news to a person. */
  tell(effect: F, event: E): string | null;
  /** Null when this kind of machine decides nothing about such a subject. */
  witness(subject: string): Witness<S, E, F> | null;
}

/** FNV-1a over UTF-16 units, 32 bits: tells a changed decision, guards nothing against a forger. `from`: the hash of what came before it. */
export function hashText(text: string, from = 0x811c9dc5): number {
  let hash = from;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** 0 for none, which most steps have. */
export function hashEffects<F>(
  form: Pick<RecordForm<never, never, F>, 'effect'>,
  effects: readonly F[],
): number {
  return effects.length === 0 ? 0 : hashText(JSON.stringify(effects.map((effect) => form.effect(effect))));
}
