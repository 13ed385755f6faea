/**
 * Whether a sweep may be written down as it was said: its name, partition and pace, what it goes to under the tenant's policy.
 * Pure; asked by the doors before the store.
 */
import { judgeSweep } from '../checks/index.ts';
import { isCustomersNetwork } from './dispatch.ts';
import {
  nameCharactersMax,
  sweepIntervalMsMax,
  sweepIntervalMsMin,
  sweepSharedAddressesMax,
  sweepSharedRateMax,
} from './limits.ts';
import { defaultPartition } from './names.ts';
import type { NewSweep } from './ports/sweep.ts';

/** As somebody wrote it; what is absent is not said. */
export interface SweepSaid {
  name?: unknown;
  partition?: unknown;
  networks?: unknown;
  exclusions?: unknown;
  ports?: unknown;
  icmp?: unknown;
  ratePerS?: unknown;
  timeoutMs?: unknown;
  /** Null: by hand alone. */
  intervalMs?: unknown;
  enabled?: unknown;
}

export type JudgedNewSweep =
  | { readonly sweep: NewSweep; readonly addresses: number }
  | { readonly refused: 'bad_sweep' | 'target_not_allowed'; readonly detail: string };

export function judgeNewSweep(said: SweepSaid, policy: { allowAll: boolean }): JudgedNewSweep {
  const bad = (detail: string) => ({ refused: 'bad_sweep', detail }) as const;
  const { name, partition = defaultPartition, intervalMs = null, enabled = true } = said;
  if (
    typeof name !== 'string' ||
    name.trim() === '' ||
    name.length > nameCharactersMax ||
    /\p{Cc}/u.test(name)
  )
    return bad(`a name has 1 to ${nameCharactersMax} printable characters`);
  if (typeof partition !== 'string' || !/^[A-Za-z0-9._-]{1,128}$/.test(partition))
    return bad('a partition has 1 to 128 of A-Z a-z 0-9 . _ -');
  if (intervalMs !== null && !isPace(intervalMs)) return bad('the interval must be 1m to 31d');
  if (typeof enabled !== 'boolean') return bad('enabled must be true or false');
  // Only agents in that network sweep it, which may go wherever they like: it is the tenant's own.
  const allowAll = policy.allowAll || isCustomersNetwork(partition);
  const judged = judgeSweep(allowAll ? said : { ...said, ratePerS: said.ratePerS ?? sweepSharedRateMax }, {
    allowAll,
  });
  if (!judged.ok) return { refused: judged.code, detail: judged.detail };
  const isTooMuch = judged.set.count > sweepSharedAddressesMax || judged.spec.ratePerS > sweepSharedRateMax;
  if (!allowAll && isTooMuch)
    return bad(
      `shared nodes sweep at most ${sweepSharedAddressesMax} addresses, at ${sweepSharedRateMax} a second; use agents of your own, in a partition other than default`,
    );
  return { sweep: { name, partition, ...judged.spec, intervalMs, enabled }, addresses: judged.set.count };
}

function isPace(ms: unknown): ms is number {
  return Number.isInteger(ms) && (ms as number) >= sweepIntervalMsMin && (ms as number) <= sweepIntervalMsMax;
}
