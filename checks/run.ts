/**
 * The door of this room: runs one check and answers its outcome. Whatever the network and the target do is in the
 * outcome; this never throws for it. Who runs what when, and what an outcome means for a check's state, is decided by
 * the callers.
 */
import { type CancelSignal, Deadline, type MonotonicClock } from './deadline.ts';
import { checkDns } from './dns.ts';
import { badCheck } from './errors.ts';
import type { TargetPolicy } from './guard.ts';
import { checkHttp } from './http.ts';
import { checkIcmp } from './icmp.ts';
import { limits } from './limits.ts';
import type { Run } from './locate.ts';
import { type CheckOutcome, type CheckRequest, refused, untold } from './outcome.ts';
import type { IcmpProber } from './prober.ts';
import { type NameResolver, systemResolver } from './resolver.ts';
import { checkTcp } from './tcp.ts';

export interface CheckOptions {
  readonly clock: MonotonicClock;
  readonly guard: TargetPolicy;
  /** Ends the check with `unknown`, `aborted`. For many checks at once: `shareSignal(signal)`, made once. */
  readonly signal: CancelSignal;
  /** The system's, unless given; an agent gives one `boundedResolver()` to all its checks. */
  readonly resolver?: NameResolver;
  /** From `createIcmpProber`, made once; without it icmp checks answer `unknown` and what to install. */
  readonly icmp?: IcmpProber | null;
}

const kinds: Readonly<
  Record<CheckRequest['kind'], (request: CheckRequest, run: Run) => Promise<CheckOutcome>>
> = { tcp: checkTcp, http: checkHttp, icmp: checkIcmp, dns: checkDns };

export async function runCheck(request: CheckRequest, options: CheckOptions): Promise<CheckOutcome> {
  const { timeoutMs } = request;
  const check = Object.hasOwn(kinds, request.kind) ? kinds[request.kind] : undefined;
  if (check === undefined) return refused(badCheck(`"${request.kind}" is no kind of check`));
  if (!(timeoutMs >= 1 && timeoutMs <= limits.timeoutMsMax)) {
    return refused(badCheck(`the timeout must be 1 to ${limits.timeoutMsMax} ms`));
  }
  if (options.signal.aborted) return untold('aborted');
  const deadline = new Deadline(timeoutMs, options.clock, options.signal);
  try {
    return await check(request, {
      timeoutMs,
      clock: options.clock,
      guard: options.guard,
      resolver: options.resolver ?? systemResolver,
      icmp: options.icmp ?? null,
      deadline,
    });
  } catch (error) {
    // Hostile input must not be able to end the agent that checks for everyone else.
    return untold(`the check itself failed: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    deadline.clear();
  }
}
