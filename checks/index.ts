/**
 * What other rooms may use of checks: run one check, judge a target and its settings, make the things that an agent makes
 * once for all its checks (resolver, prober, shared signal), and connect to a host under the same guard.
 */
export type { Address } from './address.ts';
export { parseAddress } from './address.ts';
export type { CancelSignal, MonotonicClock } from './deadline.ts';
export { Deadline, shareSignal } from './deadline.ts';
export type { CheckRefusal, CheckRefusalCode, Verdict } from './errors.ts';
export { errorCode, failureOutcome } from './failure.ts';
export type { TargetPolicy } from './guard.ts';
export { judgeAddress } from './guard.ts';
export type { GuardedHost } from './guarded-host.ts';
export { locateGuarded } from './guarded-host.ts';
export { createIcmpProber } from './icmp.ts';
export { limits } from './limits.ts';
export { pinnedLookup } from './locate.ts';
export type { CheckOutcome, CheckRequest, CheckStatus } from './outcome.ts';
export { readable } from './outcome.ts';
export { phaseOf } from './phase.ts';
export type { IcmpProber, PingAnswer, ProberProgram } from './prober.ts';
export { findProber } from './prober.ts';
export type { NameResolver } from './resolver.ts';
export { boundedResolver, systemResolver } from './resolver.ts';
export type { CheckOptions } from './run.ts';
export { runCheck } from './run.ts';
export { settingNames, validateSettings } from './settings.ts';
export { type AddressSet, sliceAddressesOf, sliceAt, sliceCount } from './sweep/address-set.ts';
export { type JudgedSweep, judgeSweep, type SweepSpec } from './sweep/judge-sweep.ts';
export { type RunningSlice, runSlice, type SliceFound } from './sweep/run-slice.ts';
export { SharedRates } from './sweep/shared-rate.ts';
export { sweepDocument } from './sweep/sweep-document.ts';
export { createSweepPinger, type SweepPinger } from './sweep/sweep-pinger.ts';
export type { JudgedRequest } from './target.ts';
export { judgeTarget } from './target.ts';
