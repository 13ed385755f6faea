/**
 * From a host as written to the addresses that a check may connect to: read, looked up, judged, in that order and once.
 * What comes out is what sockets and probers are given; no name is looked up again behind the guard's back, so a name
 * that changes its answer between the judgement and the connection (DNS rebinding) gains nothing.
 */
import type { LookupFunction } from 'node:net';
import { type Address, parseAddress, parseHost } from './address.ts';
import type { Deadline, MonotonicClock } from './deadline.ts';
import { badCheck, type CheckRefusal } from './errors.ts';
import { failureOutcome } from './failure.ts';
import { judge, type TargetPolicy } from './guard.ts';
import { limits } from './limits.ts';
import { type CheckOutcome, refused, timedOut, untold } from './outcome.ts';
import type { IcmpProber } from './prober.ts';
import type { NameResolver } from './resolver.ts';

/** One run of one check: what it asks, what it may use, and when it ends. */
export interface Run {
  readonly timeoutMs: number;
  readonly clock: MonotonicClock;
  readonly guard: TargetPolicy;
  readonly resolver: NameResolver;
  /** Null: this agent found no program to send ICMP with. */
  readonly icmp: IcmpProber | null;
  readonly deadline: Deadline;
}

/** At least one address, all allowed; or the outcome that the check ends with. */
export type Located =
  | { readonly addresses: readonly [Address, ...Address[]]; readonly outcome?: undefined }
  | { readonly addresses?: undefined; readonly outcome: CheckOutcome };

/** Answers at once for an address, which is the common case in bulk; a name takes a promise. */
export function locate(spelling: string, run: Run): Located | Promise<Located> {
  const host = parseHost(spelling);
  if (host.kind === 'malformed')
    return { outcome: refused(badCheck(`the target is not a host: ${host.detail}`)) };
  if (host.kind === 'name') return locateName(host.name, run);
  const verdict = judge(host, run.guard);
  return verdict.allowed ? { addresses: [host] } : { outcome: refused(verdict) };
}

async function locateName(name: string, run: Run): Promise<Located> {
  const looked = await lookUp(name, 0, run);
  if ('status' in looked) return { outcome: looked };
  const addresses: Address[] = [];
  let refusal: CheckRefusal | null = null;
  for (const text of looked.slice(0, limits.addressesMax)) {
    const address = parseAddress(text);
    if (address === null) continue;
    const verdict = judge(address, run.guard);
    if (verdict.allowed) addresses.push(address);
    else refusal ??= verdict;
  }
  const [first, ...others] = addresses;
  if (first !== undefined) return { addresses: [first, ...others] };
  return { outcome: refusal === null ? failureOutcome({ code: 'ENOTFOUND' }) : refused(refusal) };
}

/** The system's answer for a name within the check's deadline, or the outcome that the check ends with. */
export async function lookUp(
  name: string,
  family: 0 | 4 | 6,
  run: Run,
): Promise<readonly string[] | CheckOutcome> {
  const looked = await run.deadline.stage<{ addresses: readonly string[] } | { error: unknown }>((settle) => {
    let gone = false;
    run.resolver
      .lookup(name, family, () => gone)
      .then(
        (addresses) => settle({ addresses }),
        (error: unknown) => settle({ error }),
      );
    return () => {
      gone = true;
    };
  });
  if (looked === null) return endedOutcome(run);
  return 'error' in looked ? failureOutcome(looked.error) : looked.addresses;
}

/** For a check whose stage came back null. */
export function endedOutcome(run: Run): CheckOutcome {
  return run.deadline.ended === 'aborted' ? untold('aborted') : timedOut(run.timeoutMs);
}

/** A socket's lookup that knows only what the guard let through. */
export function pinnedLookup(addresses: readonly Address[]): LookupFunction {
  return (_hostname, options, callback) => {
    const answers = addresses.map((address) => ({ address: address.text, family: address.family }));
    // Sockets expect a lookup to answer later than it was asked.
    queueMicrotask(() => {
      if (options.all) callback(null, answers);
      else callback(null, answers[0]!.address, answers[0]!.family);
    });
  };
}
