/**
 * A state too large for one line on its way into the record: captured at once, written piece by piece, so that the process
 * is never held up for long. Between a machine's recording (`recorder.ts`) and its ring. Entries go on between the
 * pieces; a replay holds them back until the last one.
 */
import type { Clock } from './clock.ts';
import { recordPieceEveryMs, recordPiecesBytes, recordRowHeldBytes } from './limits.ts';
import { hashText } from './recorder-form.ts';
import type { Pieces } from './recorder-pieces.ts';
import { type Ring, wholeMs } from './recorder-ring.ts';

export interface LargeStateNeeds {
  readonly ring: Ring;
  readonly clock: Clock;
  /** As JSON. */
  readonly label: string;
  /** The entry that the state follows. */
  readonly after: number | null;
}

export class LargeState {
  private readonly needs: LargeStateNeeds;
  private readonly pieces: Pieces;
  private readonly heldBytes: number;
  private number = 0;
  private hash = hashText('');
  private cancel: () => void = () => {};
  /** Nothing more is to come: it is whole, or was given up. */
  done = false;

  constructor(needs: LargeStateNeeds, pieces: Pieces) {
    this.needs = needs;
    this.pieces = pieces;
    this.heldBytes = pieces.rows * recordRowHeldBytes;
    needs.ring.hold(this.heldBytes);
  }

  /** The first now, the rest by and by. */
  begin(onDone: () => void): void {
    this.some(1);
    const turn = () => {
      this.some(recordPiecesBytes);
      if (this.done) onDone();
      else this.cancel = this.needs.clock.timer(recordPieceEveryMs, turn);
    };
    this.cancel = this.needs.clock.timer(recordPieceEveryMs, turn);
  }

  /** All that is left, now. */
  finish(): void {
    this.cancel();
    this.some(Number.POSITIVE_INFINITY);
  }

  /** What follows it is not whole: it is of no use. */
  abandon(): void {
    this.cancel();
    this.end();
  }

  private some(bytes: number): void {
    const { needs, pieces } = this;
    const { ring, clock, label, after } = needs;
    for (let written = 0; written < bytes && !this.done; ) {
      const next = this.number === 0 ? { done: false as const, value: pieces.head } : pieces.lists.next();
      const atMs = wholeMs(clock);
      ring.segment();
      if (next.done) {
        ring.place(
          `{"checkpoint":{"machine":${label},"after":${after},"pieces":${this.number},"hash":${this.hash}}}`,
          atMs,
        );
        this.end();
        return;
      }
      this.hash = hashText(next.value, this.hash);
      ring.place(
        `{"checkpoint":{"machine":${label},"after":${after},"piece":${this.number},"state":${next.value}}}`,
        atMs,
      );
      this.number += 1;
      written += next.value.length;
    }
  }

  private end(): void {
    if (this.done) return;
    this.done = true;
    this.needs.ring.hold(-this.heldBytes);
  }
}
