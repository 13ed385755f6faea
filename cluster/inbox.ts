/**
 * The receiving half of a link: frames out of the connection's chunks, those in parts put together, and an eye on the peer
 * that begins a frame and does not finish it. Between the connection and the link, which says what a frame means.
 */
import type { Clock } from '../runtime/index.ts';
import { ClusterError } from './errors.ts';
import type { Frame } from './frame.ts';
import { createFrameReader } from './frame-reader.ts';
import { linkStallBytes, linkStallMs } from './limits.ts';
import type { PartBounds } from './part-bounds.ts';
import { Overlong, Parts } from './parts.ts';

/** Frames in parts count as one frame, and their parts as parts. */
export interface InboxCounts {
  framesIn: number;
  bytesIn: number;
  partsIn: number;
}

export interface InboxHandlers {
  /** `isOverlong`: longer than this link takes; of its payload only the beginning is there. */
  frame(frame: Frame, isOverlong: boolean): void;
  /** Nothing is read after it. */
  failed(code: string, detail: string): void;
  partBounds?(): PartBounds;
}

export class Inbox {
  readonly counts: InboxCounts = { framesIn: 0, bytesIn: 0, partsIn: 0 };
  /** Before the peer said who it is, nothing of it is put together. */
  takesParts = false;
  private readonly clock: Clock;
  private readonly handlers: InboxHandlers;
  private readonly reader = createFrameReader();
  private readonly parts: Parts;
  private ended = false;
  private cancelStall: (() => void) | null = null;

  constructor(clock: Clock, handlers: InboxHandlers) {
    this.clock = clock;
    this.handlers = handlers;
    this.parts = new Parts(handlers.partBounds);
  }

  receive(chunk: Buffer): void {
    if (this.ended) return;
    const { counts, reader } = this;
    counts.bytesIn += chunk.length;
    reader.push(chunk);
    for (let frame = reader.next(); frame !== null; frame = reader.next()) {
      if (frame.kind === 'part') this.takePart(frame);
      else {
        counts.framesIn += 1;
        this.handlers.frame(frame, false);
      }
      if (this.ended) return;
    }
    if (reader.failure !== null) this.handlers.failed(reader.failure.code, reader.failure.message);
    else if (this.cancelStall === null && this.isUnfinished()) this.watchStall();
  }

  end(): void {
    this.ended = true;
    this.cancelStall?.();
  }

  private takePart(part: Frame & { kind: 'part' }): void {
    this.counts.partsIn += 1;
    const frame = this.takesParts
      ? this.parts.take(part)
      : new ClusterError('frame_malformed', 'a part before hello');
    if (frame === null) return;
    if (frame instanceof ClusterError) {
      this.handlers.failed(frame.code, frame.message);
      return;
    }
    this.counts.framesIn += 1;
    if (frame instanceof Overlong) this.handlers.frame(frame.frame, true);
    else this.handlers.frame(frame, false);
  }

  private isUnfinished(): boolean {
    return this.reader.heldBytes > 0 || !this.parts.isEmpty;
  }

  /** A frame that was begun is finished in time, or the link ends: a peer must not hold our memory for nothing. */
  private watchStall(): void {
    const { counts, reader, parts } = this;
    const { framesIn, partsIn, bytesIn } = counts;
    const isHeld = reader.heldBytes > 0;
    const oldest = parts.oldest;
    this.cancelStall = this.clock.timer(linkStallMs, () => {
      this.cancelStall = null;
      const isSame = isHeld && counts.framesIn === framesIn && counts.partsIn === partsIn;
      const isSlow = counts.bytesIn - bytesIn < linkStallBytes;
      if (isSame || (oldest !== null && parts.oldest === oldest && isSlow))
        this.handlers.failed('link_silent', `a frame was not finished within ${linkStallMs} ms`);
      else if (this.isUnfinished()) this.watchStall();
    });
  }
}
