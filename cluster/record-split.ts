/**
 * What the flight recorder keeps of the watch over splits, and how a replay steps it. Between `split.ts` and the recorder.
 * Names of nodes and instants, nothing private.
 */
import type { ReplayForm, Witness } from '../runtime/index.ts';
import {
  isNoNews,
  type Split,
  type SplitEvent,
  type SplitLook,
  type SplitWatch,
  watchSplit,
} from './split.ts';

export const splitForm: ReplayForm<SplitWatch, SplitLook, SplitEvent> = {
  kind: 'split',
  version: 1,
  weightBytes: ({ told, seen }) => 100 + (namesIn(told) + namesIn(seen)) * 70,
  snapshot: ({ told, seen, seenSinceMs }) => ({ told, seen, seenSinceMs }),
  restore: (snapshot) => snapshot as SplitWatch,
  event: (event) => event,
  effect: (effect) => effect,
  changesNothing: isNoNews,
  step: watchSplit,
  tell: (effect) => told(effect),
  witness: (subject) => witnessOf(subject),
};

function namesIn(split: Split | null): number {
  return split === null ? 0 : split.here.length + split.there.length;
}

function told(effect: SplitEvent): string {
  if (effect.type === 'split')
    return `the network is split: ${effect.split.here.join(', ')} against ${effect.split.there.join(', ')}`;
  const lost = effect.lost.length === 0 ? '' : `; lost: ${effect.lost.join(', ')}`;
  return `the split is over; back: ${effect.back.join(', ') || 'nobody'}${lost}`;
}

/** Of a node: the splits that it was in. */
function witnessOf(subject: string): Witness<SplitWatch, SplitLook, SplitEvent> {
  return (_state, event, effects) => {
    if (event === null) return [];
    return effects.filter((effect) => concerns(effect, subject)).map(told);
  };
}

function concerns(effect: SplitEvent, subject: string): boolean {
  const names =
    effect.type === 'split'
      ? [...effect.split.here, ...effect.split.there]
      : [...effect.back, ...effect.lost];
  return names.includes(subject);
}
