/** Sets of cores that are joined and never parted: like `union.ts`, with the numbers of cores in place of a map. */
import { append } from './append.ts';
import type { Core } from './evidence.ts';
import type { Region } from './region.ts';

export class CoreUnion {
  private readonly region: Region;
  /** By the number of each core: that of another of its set, or its own. */
  private readonly parents: Int32Array;

  constructor(region: Region) {
    this.region = region;
    this.parents = new Int32Array(region.evidence.length);
    for (let at = 0; at < this.parents.length; at += 1) this.parents[at] = at;
  }

  numberOf(core: Core): number {
    return this.region.numberOf(core);
  }

  /** A number of one of its set, the same for all of them. */
  root(core: Core): number {
    const { parents } = this;
    let root = this.numberOf(core);
    while (parents[root] !== root) {
      parents[root] = parents[parents[root]!]!;
      root = parents[root]!;
    }
    return root;
  }

  join(a: Core, b: Core): void {
    const [rootA, rootB] = [this.root(a), this.root(b)];
    this.parents[rootB] = rootA;
  }

  /** The sets that these are in, each in the order in which its members are given. */
  sets(of: readonly Core[]): (readonly Core[])[] {
    const found: (readonly Core[])[] = [];
    const placeOf = new Int32Array(this.parents.length);
    for (const core of of) {
      const root = this.root(core);
      const place = placeOf[root]!;
      if (place === 0) {
        found.push([core]);
        placeOf[root] = found.length;
      } else found[place - 1] = append(found[place - 1]!, core);
    }
    return found;
  }
}
