/** Our own way of deciding, through the seam of the bench: a reconciler in memory, as `picket reconcile` and a cluster run it. */

import { randomUUID } from 'node:crypto';
import { finalState, type Observation, Reconciler, readUpdate } from '../../actors/index.ts';
import type { Grouping } from '../identity/grouping.ts';
import type { DeviceUpdate } from '../identity/update.ts';

export function openReconciler(remembers = true): Grouping {
  const reconciler = new Reconciler(() => `sr:${randomUUID()}`);
  const taken: (Observation | null)[] = [];
  let line = 0;
  return {
    apply(batch: readonly DeviceUpdate[]) {
      const observations: { line: number; observation: Observation }[] = [];
      for (const update of batch) {
        const read = readUpdate(update, 0);
        const observation = 'error' in read ? null : read.observation;
        line += 1;
        if (observation !== null) observations.push({ line, observation });
        if (remembers) taken.push(observation);
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
