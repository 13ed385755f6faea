/**
 * A peer: whatever shares a strong identifier is one device, and so is what shares one with that. Keeps to no order, and
 * knows no conflict.
 */
import { evidenceOf } from './evidence.ts';
import type { OpenGrouping } from './grouping.ts';

export const openStrongUnion: OpenGrouping = () => {
  const parent: number[] = [];
  const known = new Map<string, number>();
  const first: (number | null)[] = [];
  const find = (n: number): number => {
    let at = n;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  };
  return {
    apply(batch) {
      for (const update of batch) {
        const { single, macs } = evidenceOf(update);
        let device: number | null = null;
        for (const key of [...single, ...macs]) {
          const other = known.get(key);
          if (device === null) device = other === undefined ? parent.push(parent.length) - 1 : find(other);
          else if (other !== undefined) parent[find(other)] = device;
          known.set(key, device);
        }
        first.push(device);
      }
    },
    groups: () => first.map((device) => (device === null ? null : String(find(device)))),
  };
};
