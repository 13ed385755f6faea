/**
 * The end of a turn, in which what was sent on a node's links is written: each link once, in the order in which they were
 * first sent on. Mostly that is one small frame, which waits here and not at its link: of hundreds of links each lies
 * elsewhere in memory, and this list in one place. Between the clock and the outboxes.
 */
import type { Clock } from '../runtime/index.ts';

/** Whoever writes: `frame` is what was left here, unless it was taken back. */
export interface Flushed {
  flushWith(frame: Uint8Array | null): void;
}

export class Flushes {
  private readonly clock: Clock;
  private readonly outboxes: (Flushed | null)[] = [];
  private readonly frames: (Uint8Array | null)[] = [];
  private at = 0;
  private readonly next = () => this.flushNext();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Answers the place of the frame. */
  ask(outbox: Flushed, frame: Uint8Array | null): number {
    this.frames.push(frame);
    this.clock.soon(this.next);
    return this.outboxes.push(outbox) - 1;
  }

  /** Before its turn. */
  takeBack(place: number): Uint8Array {
    const frame = this.frames[place]!;
    this.frames[place] = null;
    return frame;
  }

  private flushNext(): void {
    const { outboxes, frames, at } = this;
    const outbox = outboxes[at]!;
    const frame = frames[at]!;
    outboxes[at] = null;
    frames[at] = null;
    this.at = at + 1;
    if (this.at === outboxes.length) {
      outboxes.length = 0;
      frames.length = 0;
      this.at = 0;
    }
    outbox.flushWith(frame);
  }
}
