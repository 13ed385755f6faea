/**
 * The sending half of a link: takes frames within bounds, gathers what is sent in one turn into one write, and gives the
 * connection no more than a window ahead of the network, so that what is urgent goes first. Between the link and its
 * connection; which frame goes next is the queue's decision.
 */
import type { Clock } from '../runtime/index.ts';
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

export class Outbox {
  private readonly connection: Connection;
  private readonly clock: Clock;
  private readonly handlers: OutboxHandlers;
  private readonly queue: LinkQueue;
  // Fields of their own: with each object less that a frame touches, many links are written faster.
  private framesOut = 0;
  private bytesOut = 0;
  private partsOut = 0;
  private refusedBusy = 0;
  private flushAsked = false;
  private ended = false;
  private held = false;
  private readonly flushNow = () => this.flush();

  constructor(connection: Connection, clock: Clock, handlers: OutboxHandlers, bounds?: () => PartBounds) {
    this.connection = connection;
    this.clock = clock;
    this.handlers = handlers;
    this.queue = new LinkQueue(bounds);
  }

  get counts(): OutboxCounts {
    const { framesOut, bytesOut, partsOut, refusedBusy } = this;
    return { framesOut, bytesOut, partsOut, refusedBusy };
  }

  /** Bytes that the network has not taken. */
  get waitingBytes(): number {
    return this.queue.bytes + this.connection.bufferedBytes();
  }

  get isEmpty(): boolean {
    return this.queue.bytes === 0;
  }

  /** False when it was refused. */
  put(head: Uint8Array, payload: Uint8Array, flow: Flow, urgency: Urgency): boolean {
    if (this.ended) return false;
    if (this.waitingBytes > waitingBytesMax[urgency]) {
      this.refusedBusy += 1;
      if (urgency === 'signal' || urgency === 'system') this.handlers.overrun();
      return false;
    }
    this.queue.put(head, payload, flow, urgency === 'system');
    this.framesOut += 1;
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

  /** As much as the window allows. Asked again when the network has taken it. */
  flush(): void {
    this.flushAsked = false;
    while (!this.ended && this.queue.bytes > 0) {
      const room = linkWindowBytes - this.connection.bufferedBytes();
      if (room <= 0 || !this.write(room, this.held)) return;
    }
    if (!this.ended) this.handlers.emptied();
  }

  /** What is left and not held goes to the connection, unless the peer has long not read, and `last` after it. Then nothing. */
  end(last: Uint8Array | null): void {
    if (this.ended) return;
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

  private write(bytesMax: number, isSystemAlone: boolean): boolean {
    const { chunks, bytes, parts } = this.queue.take(bytesMax, isSystemAlone);
    if (chunks.length === 0) return false;
    this.bytesOut += bytes;
    this.partsOut += parts;
    this.connection.write(chunks);
    return true;
  }

  private flushSoon(): void {
    if (this.flushAsked || this.ended) return;
    this.flushAsked = true;
    this.clock.soon(this.flushNow);
  }
}
