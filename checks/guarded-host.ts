/**
 * The guard for connections that are no checks: who speaks to a tenant's own systems for longer than one check asks here
 * which addresses of a host may be connected to, and gives `pinnedLookup` nothing else. The way is that of a check (`locate.ts`).
 */
import type { Address } from './address.ts';
import type { Deadline, MonotonicClock } from './deadline.ts';
import type { TargetPolicy } from './guard.ts';
import { locate } from './locate.ts';
import type { NameResolver } from './resolver.ts';

export interface HostQuestion {
  /** As in a URL; an IPv6 address with or without its brackets. */
  readonly host: string;
  readonly guard: TargetPolicy;
  readonly resolver: NameResolver;
  readonly clock: MonotonicClock;
  readonly deadline: Deadline;
}

/** At least one address that may be connected to; or why there is none, in the words that a check would use. */
export type GuardedHost =
  | { readonly addresses: readonly [Address, ...Address[]]; readonly why?: undefined }
  | {
      readonly addresses?: undefined;
      /** `refused`: the guard says no. `unknown`: the name has no answer. `ended`: the deadline or the abort came first. */
      readonly why: 'refused' | 'unknown' | 'ended';
      readonly detail: string;
    };

export async function locateGuarded(question: HostQuestion): Promise<GuardedHost> {
  const { host, guard, resolver, clock, deadline } = question;
  const run = { timeoutMs: deadline.remainingMs(), clock, guard, resolver, icmp: null, deadline };
  const located = await locate(host, run);
  if (located.outcome === undefined) return { addresses: located.addresses };
  const detail = located.outcome.reason ?? 'no reason was given';
  if (deadline.ended !== null) return { why: 'ended', detail };
  const isRefused = detail.startsWith('target_not_allowed: ') || detail.startsWith('bad_check: ');
  return {
    why: isRefused ? 'refused' : 'unknown',
    detail: detail.replace(/^(target_not_allowed|bad_check): /, ''),
  };
}
