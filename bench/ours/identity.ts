/** Our own way of deciding, through the seam of the bench: a reconciler in memory, as `picket reconcile` and a cluster run it. */

import { randomUUID } from 'node:crypto';
import { finalState, type Observation, Reconciler, readUpdate } from '../../actors/index.ts';
import type { Grouping } from '../identity/grouping.ts';
import type { DeviceUpdate } from '../identity/update.ts';

export function openReconciler(): Grouping {
  const reconciler = new Reconciler(() => `sr:${randomUUID()}`);
  const taken: (Observation | null)[] = [];
  return {
    apply(batch: readonly DeviceUpdate[]) {
      const observations: { line: number; observation: Observation }[] = [];
      for (const update of batch) {
        const read = readUpdate(update, 0);
        if ('error' in read) taken.push(null);
        else {
          taken.push(read.observation);
          observations.push({ line: taken.length, observation: read.observation });
        }
      }
      reconciler.apply(observations);
    },
    groups() {
      return taken.map((observation) => {
        if (observation === null) return null;
        const device = reconciler.partition(observation.partition).deviceOf(observation);
        return device === null ? null : `${observation.partition}|${device.id}`;
      });
    },
    conflicts: () => finalState(reconciler.partitions.values(), 0).conflicts.length,
  };
}
