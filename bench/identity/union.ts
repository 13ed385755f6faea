/** Which of many numbered things belong together, when told pair by pair. Knows nothing of devices. */

export interface Union {
  /** One more thing, which belongs to no other yet: its number, counted from 0. */
  add(): number;
  /** The number that stands for all that belong together with `n`: the smallest of theirs, whatever the order of joining. */
  find(n: number): number;
  join(left: number, right: number): void;
}

export function newUnion(size = 0): Union {
  const parent = Array.from({ length: size }, (_, n) => n);
  const find = (n: number): number => {
    let at = n;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  };
  return {
    add: () => parent.push(parent.length) - 1,
    find,
    join(left, right) {
      const [a, b] = [find(left), find(right)];
      if (a !== b) parent[Math.max(a, b)] = Math.min(a, b);
    },
  };
}
