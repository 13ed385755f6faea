/**
 * Which of two links to the same life of a peer is kept. Pure: a total order that both ends compute alike, whatever they
 * saw first, so that neither keeps what the other retires. The mesh retires the other one.
 */

/** One link, as either end can describe it. */
export interface LinkOrigin {
  readonly dialler: string;
  /** The dialler's own count of its links. */
  readonly number: number;
}

/** True when `one` is kept and `other` goes: the link dialled by the smaller name, and of several of those the first. */
export function isKept(one: LinkOrigin, other: LinkOrigin): boolean {
  if (one.dialler !== other.dialler) return one.dialler < other.dialler;
  return one.number < other.number;
}
