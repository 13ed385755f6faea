/**
 * Connections that wait for their handshake: some are under way, the others wait in turn, unread, so that many agents that come
 * back at once cost this node no more at a time than few do. Who has waited longer than agents wait is let go: it has dialled
 * again. Between a door and its handshakes.
 */
import type { Socket } from 'node:net';
import { handshakesAtOnce, handshakesWaitingMax, handshakeWaitMs } from './listener-limits.ts';

interface Waiting {
  readonly socket: Socket;
  readonly sinceMs: number;
}

export interface QueueNeeds {
  monotonicMs(): number;
  /** Begins the handshake; false: it was ended at once. */
  begin(socket: Socket): boolean;
  /** One is ended before its turn. */
  drop(socket: Socket, why: string): void;
}

export class HandshakeQueue {
  private readonly needs: QueueNeeds;
  private waiting: Waiting[] = [];
  /** The place of the next in `waiting`: what is before it has had its turn. */
  private next = 0;
  private readonly underWay = new Set<string>();

  constructor(needs: QueueNeeds) {
    this.needs = needs;
  }

  add(socket: Socket): void {
    socket.on('error', () => {});
    if (this.length >= handshakesWaitingMax) {
      this.needs.drop(socket, `${handshakesWaitingMax} connections wait for their handshake`);
      return;
    }
    this.waiting.push({ socket, sinceMs: this.needs.monotonicMs() });
    this.go();
  }

  /** The handshake of the connection from this remote end is over, well or not. */
  over(end: { remoteAddress?: string | undefined; remotePort?: number | undefined }): void {
    if (this.underWay.delete(nameOf(end))) this.go();
  }

  endAll(): void {
    for (const { socket } of this.waiting.slice(this.next)) socket.destroy();
    this.waiting = [];
    this.next = 0;
  }

  get length(): number {
    return this.waiting.length - this.next;
  }

  private go(): void {
    while (this.underWay.size < handshakesAtOnce && this.length > 0) {
      const { socket, sinceMs } = this.waiting[this.next]!;
      this.next += 1;
      if (socket.destroyed) continue;
      const waitedMs = this.needs.monotonicMs() - sinceMs;
      if (waitedMs > handshakeWaitMs) {
        this.needs.drop(socket, `its turn came after ${Math.round(waitedMs)} ms`);
        continue;
      }
      const name = nameOf(socket);
      this.underWay.add(name);
      const remote = { remoteAddress: socket.remoteAddress, remotePort: socket.remotePort };
      socket.once('close', () => this.over(remote));
      if (!this.needs.begin(socket)) this.underWay.delete(name);
    }
    if (this.next > handshakesAtOnce && this.next * 2 > this.waiting.length) {
      this.waiting = this.waiting.slice(this.next);
      this.next = 0;
    }
  }
}

function nameOf(socket: { remoteAddress?: string | undefined; remotePort?: number | undefined }): string {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}
