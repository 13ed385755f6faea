/**
 * What becomes of a link that comes up while another to the same peer may be there. Pure: both ends decide it alike from the
 * two hellos of each link, whatever they saw first, so that neither keeps what the other retires and both lose the same.
 * The mesh acts on it.
 */
import type { LinkNumbers } from './greeting.ts';

/** One link, as either end can describe it. */
export interface LinkFacts {
  /** Of the peer. */
  readonly boot: number;
  /** How many links between the two nodes were lost before it. */
  readonly age: number;
  readonly dialler: string;
  /** The dialler's own count of its links. */
  readonly number: number;
}

/**
 * `first`: nothing of this life is there; what is there of an earlier one ends. `of_earlier_life`, `before_loss`: it is not
 * taken. `after_loss`: the peer has lost the one that is there. `kept`, `retires`: of two that live, one.
 */
export type LinkStanding = 'first' | 'of_earlier_life' | 'before_loss' | 'after_loss' | 'kept' | 'retires';

/**
 * Each end has told what it knew and learns by the other's word: a loss that both saw, or that one of them is told of by
 * this very link, is one and the same.
 */
export function ageOf(told: LinkNumbers, heard: LinkNumbers): number {
  return Math.max(told.lost, heard.lost);
}

export function standingOf(link: LinkFacts, present: LinkFacts | null): LinkStanding {
  if (present === null || present.boot < link.boot) return 'first';
  if (present.boot > link.boot) return 'of_earlier_life';
  if (present.age !== link.age) return link.age < present.age ? 'before_loss' : 'after_loss';
  return isKept(link, present) ? 'kept' : 'retires';
}

/** The link dialled by the smaller name is kept, and of several of those the first: a total order. */
function isKept(one: LinkFacts, other: LinkFacts): boolean {
  if (one.dialler !== other.dialler) return one.dialler < other.dialler;
  return one.number < other.number;
}
