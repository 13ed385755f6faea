/**
 * Connections that wait for their handshake: some are under way, few of one address; the others wait, unread, address by address, so that many agents that come
 * back at once cost this node no more at a time than few do. Who has waited so long that its agent will give up before its hello
 * is answered is let go, and dials again. Between a door and its handshakes.
 */
import type { Socket } from 'node:net';
import { networkOf } from '../cluster/index.ts';
import {
  agentConnectMs,
  handshakesAtOnce,
  handshakesAveraged,
  handshakesPerAddressAtOnce,
  handshakesToHello,
  handshakesWaitingMax,
  handshakeWaitMs,
  helloSlackMs,
} from './listener-limits.ts';

interface Waiting {
  readonly socket: Socket;
  readonly sinceMs: number;
}

interface UnderWay {
  readonly address: string;
  readonly sinceMs: number;
}

/** Who has waited longer is let go. `handshakeMs`: how long a handshake takes now; null: none was done. */
export function longestWaitMs(handshakeMs: number | null): number {
  if (handshakeMs === null) return handshakeWaitMs;
  return Math.max(handshakeWaitMs, agentConnectMs - helloSlackMs - handshakesToHello * handshakeMs);
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
  /** By address, the one whose turn is longest ago first. */
  private readonly waiting = new Map<string, Waiting[]>();
  private count = 0;
  /** By remote end. */
  private readonly underWay = new Map<string, UnderWay>();
  private readonly underWayOf = new Map<string, number>();
  /** A mean that follows those that were done. */
  private handshakeMs: number | null = null;

  constructor(needs: QueueNeeds) {
    this.needs = needs;
  }

  add(socket: Socket): void {
    socket.on('error', () => {});
    const address = networkOf(socket.remoteAddress ?? '');
    const own = this.waiting.get(address) ?? [];
    if (this.count >= handshakesWaitingMax) {
      const crowd = this.mostWaiting(own);
      this.needs.drop(
        crowd === own ? socket : crowd.pop()!.socket,
        `${handshakesWaitingMax} connections wait for their handshake`,
      );
      if (crowd === own) return;
      this.count -= 1;
    }
    own.push({ socket, sinceMs: this.needs.monotonicMs() });
    this.waiting.set(address, own);
    this.count += 1;
    this.go();
  }

  /** The handshake of the connection from this remote end is over; `isDone`: well. */
  over(
    end: { remoteAddress?: string | undefined; remotePort?: number | undefined },
    isDone: boolean = false,
  ): void {
    const one = this.leave(nameOf(end));
    if (one === null) return;
    // One that was broken off says nothing of how long one takes.
    if (isDone) this.note(this.needs.monotonicMs() - one.sinceMs);
    this.go();
  }

  endAll(): void {
    for (const own of this.waiting.values()) for (const { socket } of own) socket.destroy();
    this.waiting.clear();
    this.count = 0;
  }

  get length(): number {
    return this.count;
  }

  /** Who has the most waiting makes room: a few addresses that dial without end keep nobody else out. */
  private mostWaiting(own: Waiting[]): Waiting[] {
    let most = own;
    for (const one of this.waiting.values())
      if (one.length > Math.max(most.length, own.length + 1)) most = one;
    return most;
  }

  private note(ms: number): void {
    const before = this.handshakeMs ?? ms;
    this.handshakeMs = before + (ms - before) / handshakesAveraged;
  }

  private go(): void {
    const longestMs = longestWaitMs(this.handshakeMs);
    while (this.underWay.size < handshakesAtOnce) {
      const address = this.nextAddress();
      if (address === null) return;
      const { socket, sinceMs } = this.take(address);
      if (socket.destroyed) continue;
      const waitedMs = this.needs.monotonicMs() - sinceMs;
      if (waitedMs > longestMs) this.needs.drop(socket, `its turn came after ${Math.round(waitedMs)} ms`);
      else this.begin(socket, address);
    }
  }

  /** An address that has enough under way waits: who says nothing keeps the places of its own address and no other's. */
  private nextAddress(): string | null {
    for (const address of this.waiting.keys())
      if ((this.underWayOf.get(address) ?? 0) < handshakesPerAddressAtOnce) return address;
    return null;
  }

  private take(address: string): Waiting {
    const own = this.waiting.get(address)!;
    const first = own.shift()!;
    this.waiting.delete(address);
    if (own.length > 0) this.waiting.set(address, own);
    this.count -= 1;
    return first;
  }

  private begin(socket: Socket, address: string): void {
    const { remoteAddress, remotePort } = socket;
    const name = nameOf(socket);
    this.underWay.set(name, { address, sinceMs: this.needs.monotonicMs() });
    this.underWayOf.set(address, (this.underWayOf.get(address) ?? 0) + 1);
    socket.once('close', () => this.over({ remoteAddress, remotePort }));
    if (!this.needs.begin(socket)) this.leave(name);
  }

  private leave(name: string): UnderWay | null {
    const one = this.underWay.get(name);
    if (one === undefined) return null;
    const { address } = one;
    this.underWay.delete(name);
    const left = (this.underWayOf.get(address) ?? 0) - 1;
    if (left > 0) this.underWayOf.set(address, left);
    else this.underWayOf.delete(address);
    return one;
  }
}

function nameOf(socket: { remoteAddress?: string | undefined; remotePort?: number | undefined }): string {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}
