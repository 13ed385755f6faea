/** Reconcilers that were told observations, for tests of what comes of them. */
import type { Observation } from '../identity/read-update.ts';
import { Reconciler } from '../identity/reconciler.ts';

/** Its random ids are counted. */
export function newReconciler(): Reconciler {
  let count = 0;
  return new Reconciler(() => `random-${++count}`);
}

export function applied(batches: readonly (readonly Observation[])[]): Reconciler {
  const reconciler = newReconciler();
  let line = 0;
  for (const batch of batches) reconciler.apply(batch.map((observation) => ({ line: ++line, observation })));
  return reconciler;
}
