/** Sets that are joined and never parted, over whatever things. */
export class Union<T> {
  private readonly parents = new Map<T, T>();

  add(one: T): void {
    if (!this.parents.has(one)) this.parents.set(one, one);
  }

  root(one: T): T {
    let root = one;
    for (let up = this.parents.get(root) ?? root; up !== root; up = this.parents.get(root) ?? root) root = up;
    for (let at = one; at !== root; ) {
      const up = this.parents.get(at) ?? at;
      this.parents.set(at, root);
      at = up;
    }
    return root;
  }

  join(a: T, b: T): void {
    const [rootA, rootB] = [this.root(a), this.root(b)];
    if (rootA !== rootB) this.parents.set(rootB, rootA);
  }

  /** The sets that these are in, each in the order in which its members are given. */
  sets(of: Iterable<T>): T[][] {
    const found = new Map<T, T[]>();
    for (const one of of) {
      const root = this.root(one);
      const set = found.get(root);
      if (set === undefined) found.set(root, [one]);
      else set.push(one);
    }
    return [...found.values()];
  }
}
