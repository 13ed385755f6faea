/**
 * Runs what is due: so many at once, each with its own deadline, and tells each outcome once. Between the plan and `checks/`.
 */
import {
  boundedResolver,
  type CancelSignal,
  type CheckOutcome,
  type IcmpProber,
  runCheck,
  shareSignal,
} from '../../checks/index.ts';
import type { Clock } from '../../runtime/index.ts';
import { runningMax } from './limits.ts';
import type { PlannedCheck } from './planned-check.ts';

export interface CheckRun extends CheckOutcome {
  readonly startedAtMs: number;
}

export class CheckRuns {
  private readonly clock: Clock;
  private readonly nowMs: () => number;
  private readonly icmp: IcmpProber | null;
  private readonly resolver = boundedResolver();
  private readonly ending = new AbortController();
  private readonly signal: CancelSignal = shareSignal(this.ending.signal);
  private readonly waiting: (() => void)[] = [];
  private running = 0;

  /** `nowMs`: the time that results are kept by. */
  constructor(clock: Clock, nowMs: () => number, icmp: IcmpProber | null) {
    this.clock = clock;
    this.nowMs = nowMs;
    this.icmp = icmp;
  }

  /** Null: the program ends, and this was not run to its end. */
  async run(check: PlannedCheck): Promise<CheckRun | null> {
    if (this.running >= runningMax) await new Promise<void>((go) => this.waiting.push(go));
    if (this.signal.aborted) return null;
    this.running += 1;
    try {
      const startedAtMs = Math.floor(this.nowMs());
      const { clock, signal, resolver, icmp } = this;
      const outcome = await runCheck(check, { clock, guard: { allowAll: true }, signal, resolver, icmp });
      return this.ending.signal.aborted ? null : { ...outcome, startedAtMs };
    } finally {
      this.running -= 1;
      this.waiting.shift()?.();
    }
  }

  end(): void {
    this.ending.abort();
    for (const go of this.waiting.splice(0)) go();
  }
}
