/**
 * The sending half of a link: takes frames within bounds, gathers what is sent in one turn into one write, and gives the
 * connection no more than a window ahead of the network, so that what is urgent goes first. Between the link and its
 * connection; which frame goes next is the queue's decision.
 */
import type { Flushed, Flushes } from './flushes.ts';
import { noPayload } from './frame.ts';
import type { Flow } from './lane.ts';
import { linkHighWaterBytes, linkQueuedBytesMax, linkUrgentBytesMax, linkWindowBytes } from './limits.ts';
import { LinkQueue } from './link-queue.ts';
import type { PartBounds } from './part-bounds.ts';
import type { Connection } from './transport.ts';

/**
 * What may be refused, and when. `cast`: over the high-water mark. `call` (replies and procedures too): over the link's
 * limit. `signal`, between actors, and `system`, between nodes: never, but the link ends when too many wait.
 */
export type Urgency = 'cast' | 'call' | 'signal' | 'system';

const waitingBytesMax: Readonly<Record<Urgency, number>> = {
  cast: linkHighWaterBytes,
  call: linkQueuedBytesMax,
  signal: linkQueuedBytesMax + linkUrgentBytesMax,
  system: linkQueuedBytesMax + linkUrgentBytesMax,
};

export interface OutboxCounts {
  framesOut: number;
  bytesOut: number;
  partsOut: number;
  refusedBusy: number;
}

export interface OutboxHandlers {
  /** More waits for the peer than may: the link is to end. */
  overrun(): void;
  /** Everything that was put has gone to the connection. */
  emptied(): void;
}

/** Below `wholeFrameBytesMax`: what is larger goes in parts, which is the queue's decision. */
const aloneBytesMax = 16 * 1024;

export class Outbox implements Flushed {
  private readonly connection: Connection;
  private readonly flushes: Flushes;
  private readonly handlers: OutboxHandlers;
  // Fields of their own: with each object less that a frame touches, many links are written faster.
  private ended = false;
  private held = false;
  private flushAsked = false;
  /** Where the only frame waits for the end of the turn: mostly it is one, and needs no queue. Below 0: there is none. */
  private alone = -1;
  private aloneBytes = 0;
  private isAloneSystem = false;
  /** Of the queue. */
  private queuedBytes = 0;
  private framesOut = 0;
  private bytesOut = 0;
  private partsOut = 0;
  private refusedBusy = 0;
  private readonly queue: LinkQueue;

  constructor(connection: Connection, flushes: Flushes, handlers: OutboxHandlers, bounds?: () => PartBounds) {
    this.connection = connection;
    this.flushes = flushes;
    this.handlers = handlers;
    this.queue = new LinkQueue(bounds);
  }

  get counts(): OutboxCounts {
    const { framesOut, bytesOut, partsOut, refusedBusy } = this;
    return { framesOut, bytesOut, partsOut, refusedBusy };
  }

  /** Bytes that the network has not taken. */
  get waitingBytes(): number {
    return this.aloneBytes + this.queuedBytes + this.connection.bufferedBytes();
  }

  /** False when it was refused. */
  put(head: Uint8Array, payload: Uint8Array, flow: Flow, urgency: Urgency): boolean {
    if (this.ended) return false;
    if (this.waitingBytes > waitingBytesMax[urgency]) {
      this.refusedBusy += 1;
      if (urgency === 'signal' || urgency === 'system') this.handlers.overrun();
      return false;
    }
    this.framesOut += 1;
    const isSystem = urgency === 'system';
    const isAlone = !this.flushAsked && this.queuedBytes === 0 && payload.length === 0;
    if (isAlone && head.length <= aloneBytesMax) {
      this.flushAsked = true;
      this.alone = this.flushes.ask(this, head);
      this.aloneBytes = head.length;
      this.isAloneSystem = isSystem;
      return true;
    }
    this.queueAlone();
    this.enqueue(head, payload, flow, isSystem);
    this.flushSoon();
    return true;
  }

  /** User frames wait until `release`; system frames do not. */
  hold(): void {
    this.held = true;
  }

  release(): void {
    this.held = false;
    this.flushSoon();
  }

  /** The end of the turn. */
  flushWith(frame: Uint8Array | null): void {
    if (frame === null) {
      this.flush();
      return;
    }
    const { connection, aloneBytes } = this;
    this.alone = -1;
    this.aloneBytes = 0;
    if (connection.bufferedBytes() >= linkWindowBytes || (this.held && !this.isAloneSystem)) {
      this.enqueue(frame, noPayload, null, this.isAloneSystem);
      this.flush();
      return;
    }
    this.flushAsked = false;
    if (this.ended) return;
    this.bytesOut += aloneBytes;
    connection.write([frame]);
    if (!this.ended) this.handlers.emptied();
  }

  /** As much as the window allows. Asked again when the network has taken it. */
  flush(): void {
    this.flushAsked = false;
    this.queueAlone();
    while (!this.ended && this.queuedBytes > 0) {
      const room = linkWindowBytes - this.connection.bufferedBytes();
      if (room <= 0 || !this.write(room, this.held)) return;
    }
    if (!this.ended) this.handlers.emptied();
  }

  /** What is left and not held goes to the connection, unless the peer has long not read, and `last` after it. Then nothing. */
  end(last: Uint8Array | null): void {
    if (this.ended) return;
    this.queueAlone();
    if (this.connection.bufferedBytes() <= linkWindowBytes) this.write(linkHighWaterBytes, this.held);
    if (last !== null) {
      this.framesOut += 1;
      this.bytesOut += last.length;
      this.connection.write([last]);
    }
    this.drop();
  }

  drop(): void {
    this.ended = true;
  }

  /** It is alone no more, or the turn's end is not waited for. */
  private queueAlone(): void {
    if (this.alone < 0) return;
    const frame = this.flushes.takeBack(this.alone);
    this.alone = -1;
    this.aloneBytes = 0;
    // Before it there was nothing, so it waits behind no large one of its flow.
    this.enqueue(frame, noPayload, null, this.isAloneSystem);
  }

  private enqueue(head: Uint8Array, payload: Uint8Array, flow: Flow, isSystem: boolean): void {
    this.queue.put(head, payload, flow, isSystem);
    this.queuedBytes = this.queue.bytes;
  }

  private write(bytesMax: number, isSystemAlone: boolean): boolean {
    const { chunks, bytes, parts } = this.queue.take(bytesMax, isSystemAlone);
    this.queuedBytes = this.queue.bytes;
    if (chunks.length === 0) return false;
    this.bytesOut += bytes;
    this.partsOut += parts;
    this.connection.write(chunks);
    return true;
  }

  private flushSoon(): void {
    if (this.flushAsked || this.ended) return;
    this.flushAsked = true;
    this.flushes.ask(this, null);
  }
}
