/**
 * The one run queue of a system: actors with messages take turns, in batches, until nothing is left or the slice is
 * over; then the event loop gets its turn. No macrotask and no promise per message.
 */
import type { Clock } from './clock.ts';
import { clockCheckMessages, sliceMs, turnMessagesMax } from './limits.ts';
import { Ring } from './mailbox.ts';

export interface Runnable {
  /** Handles up to `budget` messages; answers how many. Puts itself back when it has more. */
  turn(budget: number): number;
}

export class RunQueue {
  private readonly clock: Clock;
  private readonly ready = new Ring<Runnable>(64);
  private armed = false;
  /** Slices that ended with work left over: the loop was kept as long as it may be. */
  yields = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  push(runnable: Runnable): void {
    this.ready.push(runnable);
    if (!this.armed) {
      this.armed = true;
      this.clock.soon(this.drain);
    }
  }

  private readonly drain = (): void => {
    const startMs = this.clock.monotonicMs();
    let sinceCheck = 0;
    for (;;) {
      const runnable = this.ready.shift();
      if (runnable === undefined) break;
      sinceCheck += runnable.turn(turnMessagesMax);
      if (sinceCheck >= clockCheckMessages) {
        sinceCheck = 0;
        if (this.ready.length > 0 && this.clock.monotonicMs() - startMs >= sliceMs) {
          this.yields += 1;
          this.clock.afterIo(this.drain);
          return;
        }
      }
    }
    this.armed = false;
  };
}
