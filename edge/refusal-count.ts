/** What the door refused and what it left out, by code: counted for every one, logged once in a while. */
import type { Clock, Log } from '../runtime/index.ts';
import { refusalsLogMs } from './limits.ts';

export class RefusalCount {
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly counts = new Map<string, number>();
  private loggedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, log: Log) {
    this.clock = clock;
    this.log = log;
  }

  /** `who` and `detail` of the one that is logged; the counts are of all since the door opened. */
  add(code: string, who: string, detail: string, times = 1): void {
    this.counts.set(code, (this.counts.get(code) ?? 0) + times);
    const nowMs = this.clock.monotonicMs();
    if (nowMs - this.loggedAtMs < refusalsLogMs) return;
    this.loggedAtMs = nowMs;
    this.log('warn', 'the edge door refused something', { code, who, detail, counts: this.all() });
  }

  all(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.counts);
  }
}
