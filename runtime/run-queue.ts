/**
 * The one run queue of a system: actors with messages take turns, in batches, until nothing is left or the slice is
 * over; then the event loop gets its turn. No macrotask and no promise per message.
 */
import type { Clock } from './clock.ts';
import { sliceMs, turnMessagesMax } from './limits.ts';
import { Ring } from './mailbox.ts';

export interface Runnable {
  /** Handles up to `budget` messages, fewer when `look` says that the slice is over. Puts itself back when it has more. */
  turn(budget: number): void;
}

export class RunQueue {
  private readonly clock: Clock;
  private readonly ready = new Ring<Runnable>(64);
  private armed = false;
  /** Whose turn it is; told only while somebody asked (`noteTurns`). */
  present: Runnable | null = null;
  private noting = 0;
  /** Since the event loop last had its turn; null: no actor ran since. */
  private sliceStartMs: number | null = null;
  private sliceOver = false;
  /** When the clock was last looked at: the end of one turn is the start of the next. */
  nowMs = 0;
  /** Slices that ended with work left over: the loop was kept as long as it may be. */
  yields = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  push(runnable: Runnable): void {
    this.ready.push(runnable);
    if (this.armed) return;
    this.armed = true;
    // Actors that call each other in a circle never leave the microtasks by themselves: the slice is over for them too.
    if (this.sliceOver) this.clock.afterIo(this.drain);
    else this.clock.soon(this.drain);
  }

  /** Drains from now on say whose turn it is; one that is under way, with the next. Asked for as often as it is taken back. */
  noteTurns(isOn: boolean): void {
    this.noting += isOn ? 1 : -1;
    this.drain = this.noting > 0 ? this.noted : this.plain;
  }

  private readonly plain = (): void => {
    this.beginSlice();
    for (;;) {
      const runnable = this.ready.shift();
      if (runnable === undefined) break;
      runnable.turn(turnMessagesMax);
      if (this.sliceOver && this.ready.length > 0) {
        this.yields += 1;
        this.clock.afterIo(this.drain);
        return;
      }
    }
    this.armed = false;
  };

  /** The same, a store per turn dearer. */
  private readonly noted = (): void => {
    this.beginSlice();
    for (;;) {
      const runnable = this.ready.shift();
      if (runnable === undefined) break;
      this.present = runnable;
      runnable.turn(turnMessagesMax);
      this.present = null;
      if (this.sliceOver && this.ready.length > 0) {
        this.yields += 1;
        this.clock.afterIo(this.drain);
        return;
      }
    }
    this.armed = false;
  };

  private drain: () => void = this.plain;

  private beginSlice(): void {
    this.nowMs = this.clock.monotonicMs();
    if (this.sliceStartMs !== null) return;
    this.sliceStartMs = this.nowMs;
    this.clock.afterIo(this.endSlice);
  }

  /** Reads the clock. True when the event loop must have its turn. */
  look(): boolean {
    this.nowMs = this.clock.monotonicMs();
    this.sliceOver ||= this.nowMs - (this.sliceStartMs ?? this.nowMs) >= sliceMs;
    return this.sliceOver;
  }

  private readonly endSlice = (): void => {
    this.sliceStartMs = null;
    this.sliceOver = false;
  };
}
