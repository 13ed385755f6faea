/** Whether evidence identifies anything, and which of several was there first. */
import { counts } from './cores.ts';
import type { Evidence } from './evidence.ts';

/** Something in it identifies: what is asserted, single-valued or a globally unique MAC that is not shared. */
export function isIdentified({ ids, macs, isAdrift }: Evidence): boolean {
  if (isAdrift) return false;
  // A shared id ties nobody, and its observation is none of those with an address alone.
  for (const id of ids) if (id.isFree || counts(id)) return true;
  for (const { isFree } of macs) if (isFree) return true;
  return false;
}

export function oldest(evidence: readonly Evidence[]): Evidence {
  let best = evidence[0]!;
  for (const one of evidence) {
    if (one.firstMs < best.firstMs || (one.firstMs === best.firstMs && one.firstOrder < best.firstOrder))
      best = one;
  }
  return best;
}
