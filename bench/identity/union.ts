/** Which of many numbered things belong together, when told pair by pair. Knows nothing of devices. */

export interface Union {
  /** The number that stands for all that belong together with `n`. */
  find(n: number): number;
  join(left: number, right: number): void;
}

export function newUnion(size: number): Union {
  const parent = Int32Array.from({ length: size }, (_, n) => n);
  const find = (n: number): number => {
    let at = n;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  };
  return {
    find,
    join(left, right) {
      const [a, b] = [find(left), find(right)];
      // The smaller number stands for both, whatever the order in which pairs are told.
      if (a !== b) parent[Math.max(a, b)] = Math.min(a, b);
    },
  };
}
