/**
 * The heartbeats of one link: which of ours wait for their echo, what was last heard, and how old what is read now may be.
 * Between the vigil, which sends and reads them, and nobody else. Mostly one waits, so a short list is all there is.
 */
import { heartbeatsUnechoedMax, probesUnansweredMax } from './limits.ts';

export class Beat {
  /** Of the last one that was sent. */
  sequence = 0;
  heardSequence = 0;
  heardAtMs = 0;
  /** Whether any of ours waits; the last one that was sent is then one of them. */
  private isWaiting = false;
  private lastSentMs = 0;
  /** When those before it were sent that wait too, oldest first: mostly none. The first that waits is `sentFrom`. */
  private readonly olderMs: number[] = [];
  private sentFrom = 1;
  /** The last one of ours that was echoed, and when it was sent. */
  private echo = 0;
  private echoSentMs = Number.NEGATIVE_INFINITY;
  /** What is read now was sent then or later: a link keeps the order of its frames. */
  private saidMs: number;
  /** When probes were sent that were not answered yet, by nonce, oldest first. */
  private askedMs: Map<number, number> | null = null;

  /** `sinceMs`: the link's beginning. */
  constructor(sinceMs: number) {
    this.saidMs = sinceMs;
  }

  /** A heartbeat of the peer is read, sent `echoAgeMs` after it had read that one of ours: the round trip, or null. */
  heard(sequence: number, echo: number, echoAgeMs: number, nowMs: number): number | null {
    this.heardSequence = sequence;
    this.heardAtMs = nowMs;
    const sentMs = this.echoed(echo);
    if (sentMs !== null) {
      this.echo = echo;
      this.echoSentMs = sentMs;
    }
    if (echo === this.echo) this.saidMs = Math.min(nowMs, Math.max(this.saidMs, this.echoSentMs + echoAgeMs));
    return sentMs === null ? null : Math.max(0, nowMs - sentMs - echoAgeMs);
  }

  asks(nonce: number, nowMs: number): void {
    this.askedMs ??= new Map();
    this.askedMs.set(nonce, nowMs);
    if (this.askedMs.size > probesUnansweredMax) this.askedMs.delete(this.askedMs.keys().next().value!);
  }

  /**
   * For how long, at most, the frame that is read now was under way: what stood still on its path, or lay in a socket that
   * was not read, says nothing of now. `answers`: the nonce of the probe that it answers.
   */
  lateMs(nowMs: number, answers: number | null = null): number {
    const askedMs = answers === null ? undefined : this.askedMs?.get(answers);
    if (askedMs === undefined) return nowMs - this.saidMs;
    this.askedMs!.delete(answers!);
    return nowMs - Math.max(askedMs, this.saidMs);
  }

  /** One more is sent now: its sequence. */
  next(nowMs: number): number {
    this.sequence = (this.sequence + 1) % 0x1_0000_0000;
    if (this.isWaiting) this.olderMs.push(this.lastSentMs);
    else this.sentFrom = this.sequence;
    this.isWaiting = true;
    this.lastSentMs = nowMs;
    if (this.olderMs.length >= heartbeatsUnechoedMax) this.forget(1);
    return this.sequence;
  }

  /** When that one was sent; null: it is none of those that wait. It and those before it wait no more. */
  echoed(sequence: number): number | null {
    const at = sequence - this.sentFrom;
    if (at < 0) return null;
    const { olderMs } = this;
    const isLast = this.isWaiting && at === olderMs.length;
    const sentMs = isLast ? this.lastSentMs : (olderMs[at] ?? null);
    this.forget(at + 1);
    return sentMs;
  }

  private forget(count: number): void {
    const { olderMs } = this;
    if (count <= olderMs.length) olderMs.splice(0, count);
    else {
      this.isWaiting = false;
      // An empty list has no room of its own, and would get some with every heartbeat.
      if (olderMs.length > 0) olderMs.length = 0;
    }
    this.sentFrom += count;
  }
}
