/**
 * A peer: whatever shares a strong identifier is one device, and so is what shares one with that. Keeps to no order, and
 * knows no conflict.
 */
import { evidenceOf } from './evidence.ts';
import type { OpenGrouping } from './grouping.ts';
import { newUnion } from './union.ts';

export const openStrongUnion: OpenGrouping = (remembers = true) => {
  const union = newUnion();
  const known = new Map<string, number>();
  const devices: (number | null)[] = [];
  return {
    apply(batch) {
      for (const update of batch) {
        const { single, macs } = evidenceOf(update);
        let device: number | null = null;
        for (const key of [...single, ...macs]) {
          const other = known.get(key);
          if (device === null) device = other ?? union.add();
          else if (other !== undefined) union.join(other, device);
          if (other === undefined) known.set(key, device);
        }
        if (remembers) devices.push(device);
      }
    },
    groups: () => devices.map((device) => (device === null ? null : String(union.find(device)))),
  };
};
