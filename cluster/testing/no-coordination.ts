/** The coordinator's part of a `Cluster` that a test writes by hand: nobody claims anything, the first core it is told of speaks. */
import type { Cluster } from '../cluster-view.ts';
import { type Coordinator, chooseCoordinator } from '../coordinator.ts';

export function noCoordination(
  cores: () => readonly string[],
): Pick<Cluster, 'coordination' | 'coordinator'> {
  const now = (): Coordinator => chooseCoordinator(new Map(), cores(), 0);
  const nothing = () => {};
  const coordination = {
    now,
    mine: () => null,
    highestEpoch: () => 0,
    claim: nothing,
    resign: nothing,
    watch: nothing,
  };
  return { coordination, coordinator: now };
}
