/** Messages that nobody took: counted always, written to the log at a bounded rate. */
import type { Clock } from './clock.ts';
import { deadLettersLoggedPerS } from './limits.ts';
import type { Ref } from './ref.ts';
import type { Log } from './system.ts';

export class DeadLetters {
  private readonly clock: Clock;
  private readonly log: Log;
  private second = -1;
  private loggedThisSecond = 0;
  count = 0;

  constructor(clock: Clock, log: Log) {
    this.clock = clock;
    this.log = log;
  }

  add(ref: Ref, method: string, why: string): void {
    this.count += 1;
    const second = Math.floor(this.clock.monotonicMs() / 1000);
    if (second !== this.second) {
      this.second = second;
      this.loggedThisSecond = 0;
    }
    this.loggedThisSecond += 1;
    if (this.loggedThisSecond > deadLettersLoggedPerS) return;
    this.log('debug', 'dead letter', { to: ref.toString(), method, why, total: this.count });
  }
}
