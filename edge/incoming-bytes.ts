/**
 * What came of messages that no handler has yet: pieces of one that is not whole, and whole ones that wait for the one before.
 * Counted with what the handlers hold, and a stream that has us hold too much, or takes too long over a message, is refused.
 * Between the streams of grpc-js and the count of what is held.
 */
import type { Clock } from '../runtime/index.ts';
import { type GatewayRefusal, refuse } from './errors.ts';
import type { HeldBytes } from './held-bytes.ts';
import { messageLookMs, messageMsMax } from './limits.ts';
import { MessageFrames } from './message-frames.ts';

export class IncomingBytes {
  private readonly clock: Clock;
  private readonly held: HeldBytes;
  private readonly open = new Set<IncomingStream>();
  private looks = false;

  constructor(clock: Clock, held: HeldBytes) {
    this.clock = clock;
    this.held = held;
  }

  /** `over`: told once, when the stream must end. */
  stream(holder: string, over: (refusal: GatewayRefusal) => void): IncomingStream {
    const stream: IncomingStream = new IncomingStream(this.clock, this.held, holder, over, () =>
      this.open.delete(stream),
    );
    this.open.add(stream);
    if (!this.looks) this.look();
    return stream;
  }

  private look(): void {
    this.looks = this.open.size > 0;
    if (!this.looks) return;
    for (const stream of [...this.open]) stream.judgeTime();
    this.clock.timer(messageLookMs, () => this.look());
  }
}

export class IncomingStream {
  private readonly clock: Clock;
  private readonly held: HeldBytes;
  private readonly holder: string;
  private readonly over: (refusal: GatewayRefusal) => void;
  private readonly ended: () => void;
  private readonly frames = new MessageFrames();
  private counted = 0;
  private waiting = 0;
  private partialSinceMs: number | null = null;
  private isOver = false;

  constructor(
    clock: Clock,
    held: HeldBytes,
    holder: string,
    over: (refusal: GatewayRefusal) => void,
    ended: () => void,
  ) {
    this.clock = clock;
    this.held = held;
    this.holder = holder;
    this.over = over;
    this.ended = ended;
  }

  /** Bytes came. */
  piece(bytes: Uint8Array): void {
    if (this.isOver) return;
    const before = this.frames.whole.length;
    this.frames.take(bytes);
    if (this.frames.partialBytes === 0) this.partialSinceMs = null;
    else if (this.partialSinceMs === null || this.frames.whole.length > before)
      this.partialSinceMs = this.clock.monotonicMs();
    this.count();
  }

  /** A message was read; it is given to its handler, which counts it, or has to wait, so long as that is. */
  read(waitsWithBytes: number): void {
    if (this.isOver) return;
    this.frames.whole.shift();
    this.waiting = waitsWithBytes;
    this.count();
  }

  /** The one that waited is given to its handler. */
  given(): void {
    this.waiting = 0;
    if (!this.isOver) this.count();
  }

  judgeTime(): void {
    const sinceMs = this.partialSinceMs;
    if (this.isOver || sinceMs === null || this.clock.monotonicMs() - sinceMs < messageMsMax) return;
    this.fail(refuse('too_slow', `a message that is not whole after ${messageMsMax / 1_000} s`));
  }

  end(): void {
    this.isOver = true;
    this.held.give(this.holder, this.counted);
    this.counted = 0;
    this.ended();
  }

  private count(): void {
    const wholeBytes = this.frames.whole.reduce((sum, bytes) => sum + bytes, 0);
    const now = this.frames.partialBytes + wholeBytes + this.waiting;
    if (now < this.counted) this.held.give(this.holder, this.counted - now);
    else if (now > this.counted && !this.held.take(this.holder, now - this.counted)) {
      this.fail(refuse('too_large', 'too much of this sender is under way: wait for its answers'));
      return;
    }
    this.counted = now;
  }

  private fail(refusal: GatewayRefusal): void {
    this.end();
    this.over(refusal);
  }
}
