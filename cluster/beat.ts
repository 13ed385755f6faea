/**
 * The heartbeats of one link: which of ours wait for their echo, and what was last heard. Between the vigil, which sends
 * and reads them, and nobody else. Mostly one waits, so a short list is all there is.
 */
import { heartbeatsUnechoedMax } from './limits.ts';

export class Beat {
  /** Of the last one that was sent. */
  sequence = 0;
  heardSequence = 0;
  heardAtMs = 0;
  /** When those were sent that wait, oldest first; the first of them has the sequence `sentFrom`. */
  private readonly sentMs: number[] = [];
  private sentFrom = 1;

  /** One more is sent now: its sequence. */
  next(nowMs: number): number {
    this.sequence = (this.sequence + 1) % 0x1_0000_0000;
    if (this.sentMs.length === 0) this.sentFrom = this.sequence;
    this.sentMs.push(nowMs);
    if (this.sentMs.length > heartbeatsUnechoedMax) this.forget(1);
    return this.sequence;
  }

  /** When that one was sent; null: it is none of those that wait. It and those before it wait no more. */
  echoed(sequence: number): number | null {
    const at = sequence - this.sentFrom;
    if (at < 0) return null;
    const sentMs = this.sentMs[at] ?? null;
    this.forget(at + 1);
    return sentMs;
  }

  private forget(count: number): void {
    if (count >= this.sentMs.length) this.sentMs.length = 0;
    else this.sentMs.splice(0, count);
    this.sentFrom += count;
  }
}
