/**
 * How alike two ways of dividing the same things into groups are, counted from the sizes of their groups and of what they
 * have in common: never pair by pair. Knows nothing of devices. A thing whose group is null stands alone.
 */

export type Groups = ArrayLike<string | number | null>;

/** Pairs of things that are together. */
export interface Pairs {
  readonly left: number;
  readonly right: number;
  readonly both: number;
}

export interface Quality {
  /** Of the pairs that were put together, those that belong together; 1 when none was put together. */
  readonly precision: number;
  /** Of the pairs that belong together, those that were put together; 1 when none belongs together. */
  readonly recall: number;
  /** Harmonic mean of how many of the found groups are exactly a true one, and of the true ones exactly found. */
  readonly clusterF1: number;
  /** Found groups that hold things of more than one true group. */
  readonly overMerges: number;
  /** True groups whose things are in more than one found group. */
  readonly splits: number;
}

interface Contingency {
  readonly left: readonly number[];
  readonly right: readonly number[];
  readonly cells: readonly { readonly left: number; readonly right: number; readonly count: number }[];
}

/** Of those things for which `counts` says so; all, unless told. */
export function pairsOf(left: Groups, right: Groups, counts: (at: number) => boolean = () => true): Pairs {
  return pairsIn(contingencyOf(left, right, counts));
}

export function qualityOf(
  truth: Groups,
  found: Groups,
  counts: (at: number) => boolean = () => true,
): Quality {
  const contingency = contingencyOf(truth, found, counts);
  const pairs = pairsIn(contingency);
  const { left, right, cells } = contingency;
  const exact = cells.filter(
    (cell) => cell.count === left[cell.left] && cell.count === right[cell.right],
  ).length;
  return {
    precision: share(pairs.both, pairs.right),
    recall: share(pairs.both, pairs.left),
    // 2pr / (p + r) with p = exact / found groups and r = exact / true groups.
    clusterF1: share(2 * exact, left.length + right.length),
    overMerges: severalIn(cells.map((cell) => cell.right)),
    splits: severalIn(cells.map((cell) => cell.left)),
  };
}

/** Of the pairs that are together in either, those that are together in both: 1 when they divide alike. */
export function samenessOf(left: Groups, right: Groups): number {
  const pairs = pairsOf(left, right);
  return share(pairs.both, pairs.left + pairs.right - pairs.both);
}

/** Of the pairs that are together in `wanted`, those that are together in `found`. */
export function recallOf(
  wanted: Groups,
  found: Groups,
  counts: (at: number) => boolean = () => true,
): number {
  const pairs = pairsOf(wanted, found, counts);
  return share(pairs.both, pairs.left);
}

function contingencyOf(left: Groups, right: Groups, counts: (at: number) => boolean): Contingency {
  if (left.length !== right.length) throw new RangeError(`${left.length} things and ${right.length} things`);
  const lefts = numbering();
  const rights = numbering();
  const cells = new Map<number, number>();
  for (let at = 0; at < left.length; at += 1) {
    if (!counts(at)) continue;
    // Fewer than 2^26 groups on either side, so that a cell is one exact number.
    const cell = lefts.of(left[at] ?? null) * 0x4000000 + rights.of(right[at] ?? null);
    cells.set(cell, (cells.get(cell) ?? 0) + 1);
  }
  return {
    left: lefts.sizes,
    right: rights.sizes,
    cells: [...cells].map(([cell, count]) => ({
      left: Math.floor(cell / 0x4000000),
      right: cell % 0x4000000,
      count,
    })),
  };
}

function numbering() {
  const numbers = new Map<string | number, number>();
  const sizes: number[] = [];
  return {
    sizes,
    of(group: string | number | null): number {
      let number = group === null ? undefined : numbers.get(group);
      if (number === undefined) {
        number = sizes.length;
        sizes.push(0);
        if (group !== null) numbers.set(group, number);
      }
      sizes[number]! += 1;
      return number;
    },
  };
}

function pairsIn({ left, right, cells }: Contingency): Pairs {
  return {
    left: sumOfPairs(left),
    right: sumOfPairs(right),
    both: sumOfPairs(cells.map(({ count }) => count)),
  };
}

function sumOfPairs(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + (size * (size - 1)) / 2, 0);
}

/** How many of the groups are named more than once, which is once for each group of the other side that they meet. */
function severalIn(groups: readonly number[]): number {
  const met = new Map<number, number>();
  for (const group of groups) met.set(group, (met.get(group) ?? 0) + 1);
  return [...met.values()].filter((count) => count > 1).length;
}

function share(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole;
}
