/** Who may sweep a run, and at which part of its rate. Pure; asked by sweep-plan.ts. */

/** Somebody who can sweep now. */
export interface Runner {
  /** The same agent, or node, has the same. */
  readonly id: string;
  readonly partition: string;
  readonly icmp: boolean;
  /** Of the cluster: for partitions in which the tenant has nobody. */
  readonly isShared: boolean;
}

/** The tenant's own agents of the partition; where there is none, those of the cluster. */
export function runnersFor<R extends Runner>(
  { partition, icmp }: { readonly partition: string; readonly icmp: boolean },
  runners: readonly R[],
): R[] {
  const fit = runners.filter((one) => one.partition === partition && (one.icmp || !icmp));
  const own = fit.filter(({ isShared }) => !isShared);
  return own.length > 0 ? own : fit;
}

/** An equal part, as far as the others leave it: who came later waits until those before have less. */
export function shareOf(
  ratePerS: number,
  shares: ReadonlyMap<string, number>,
  runner: string,
  working: number,
): number {
  let others = 0;
  for (const [id, share] of shares) if (id !== runner) others += share;
  return Math.min(Math.max(1, Math.floor(ratePerS / Math.max(1, working))), ratePerS - others);
}
