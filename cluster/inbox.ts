/**
 * The receiving half of a link: frames out of the connection's chunks, those in parts put together, and an eye on the peer
 * that begins a frame and does not finish it. Between the connection and the link, which says what a frame means.
 */
import type { Clock } from '../runtime/index.ts';
import { ClusterError } from './errors.ts';
import { decodeFrame, type Frame, lengthBytes } from './frame.ts';
import { createFrameReader, wholeFrameEnd } from './frame-reader.ts';
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
  close(code: string, detail: string): void;
}

export class Inbox {
  // First what every frame looks at, and not asked of others: with each object less, many links are read faster.
  private ended = false;
  /** Nothing of a frame is held. */
  private isBetweenFrames = true;
  private hasParts = false;
  private cancelStall: (() => void) | null = null;
  private bytesIn = 0;
  private framesIn = 0;
  private readonly handlers: InboxHandlers;
  private partsIn = 0;
  /** Before the peer said who it is, nothing of it is put together. */
  takesParts = false;
  private readonly clock: Clock;
  private readonly reader = createFrameReader();
  private readonly bounds: (() => PartBounds) | undefined;
  /** Mostly no frame comes in parts, and there is none. */
  private parts: Parts | null = null;

  constructor(clock: Clock, handlers: InboxHandlers, bounds?: () => PartBounds) {
    this.clock = clock;
    this.handlers = handlers;
    this.bounds = bounds;
  }

  get counts(): InboxCounts {
    const { framesIn, bytesIn, partsIn } = this;
    return { framesIn, bytesIn, partsIn };
  }

  receive(chunk: Buffer): void {
    if (this.ended) return;
    this.bytesIn += chunk.length;
    const at = this.isBetweenFrames ? this.takeWhole(chunk) : 0;
    if (at < chunk.length) this.takeRest(at === 0 ? chunk : chunk.subarray(at));
    if (!this.ended && this.cancelStall === null && this.isUnfinished()) this.watchStall();
  }

  /** Mostly a chunk is whole frames: they need no reader, which would keep it. Where what is none begins is answered. */
  private takeWhole(chunk: Buffer): number {
    let at = 0;
    while (!this.ended) {
      const end = wholeFrameEnd(chunk, at);
      const frame = end === 0 ? '' : decodeFrame(chunk, at + lengthBytes, end);
      if (typeof frame === 'string') return at;
      at = end;
      this.take(frame);
    }
    return chunk.length;
  }

  private takeRest(chunk: Buffer): void {
    const { reader } = this;
    reader.push(chunk);
    for (let frame = reader.next(); frame !== null; frame = reader.next()) {
      this.take(frame);
      if (this.ended) return;
    }
    this.isBetweenFrames = reader.heldBytes === 0;
    if (reader.failure !== null) this.handlers.close(reader.failure.code, reader.failure.message);
  }

  private take(frame: Frame): void {
    if (frame.kind === 'part') this.takePart(frame);
    else {
      this.framesIn += 1;
      this.handlers.frame(frame, false);
    }
  }

  end(): void {
    this.ended = true;
    this.cancelStall?.();
  }

  private takePart(part: Frame & { kind: 'part' }): void {
    this.partsIn += 1;
    this.parts ??= new Parts(this.bounds);
    const frame = this.takesParts
      ? this.parts.take(part)
      : new ClusterError('frame_malformed', 'a part before hello');
    this.hasParts = !this.parts.isEmpty;
    if (frame === null) return;
    if (frame instanceof ClusterError) {
      this.handlers.close(frame.code, frame.message);
      return;
    }
    this.framesIn += 1;
    if (frame instanceof Overlong) this.handlers.frame(frame.frame, true);
    else this.handlers.frame(frame, false);
  }

  private isUnfinished(): boolean {
    return !this.isBetweenFrames || this.hasParts;
  }

  /** A frame that was begun is finished in time, or the link ends: a peer must not hold our memory for nothing. */
  private watchStall(): void {
    const { reader } = this;
    const { framesIn, partsIn, bytesIn } = this;
    const isHeld = reader.heldBytes > 0;
    const oldest = this.parts?.oldest ?? null;
    this.cancelStall = this.clock.timer(linkStallMs, () => {
      this.cancelStall = null;
      const isSame = isHeld && this.framesIn === framesIn && this.partsIn === partsIn;
      const isSlow = this.bytesIn - bytesIn < linkStallBytes;
      if (isSame || (oldest !== null && this.parts?.oldest === oldest && isSlow))
        this.handlers.close('link_silent', `a frame was not finished within ${linkStallMs} ms`);
      else if (this.isUnfinished()) this.watchStall();
    });
  }
}
