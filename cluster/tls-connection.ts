/**
 * One open TLS socket as a connection. Between the transport, which made and judged it, and its link. What is written while
 * the network is busy is gathered, so that small frames share records and system calls; what the socket is given lies in
 * one buffer of the connection, which is used again when the socket has taken it.
 */
import type { TLSSocket } from 'node:tls';
import { closePatienceMs, writeBufferStartBytes, writeBytesMax } from './limits.ts';
import type { TlsPeer } from './tls-peer.ts';
import type { Connection, ConnectionHandlers } from './transport.ts';

export function connectionOf(
  socket: TLSSocket,
  address: string,
  peer: TlsPeer,
  blame: (code: string) => void,
): Connection {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 10_000);
  return new TlsConnection(socket, address, peer, blame);
}

class TlsConnection implements Connection {
  readonly address: string;
  readonly blame: (code: string) => void;
  private readonly socket: TLSSocket;
  private readonly tlsPeer: TlsPeer;
  private handlers: ConnectionHandlers | null = null;
  private reason = 'closed by the peer';
  private pending: Uint8Array[] = [];
  private pendingAt = 0;
  private pendingBytes = 0;
  private room = Buffer.alloc(0);
  private writingBytes = 0;
  private resting: NodeJS.Timeout | undefined;
  private readonly written = () => this.taken();

  constructor(socket: TLSSocket, address: string, peer: TlsPeer, blame: (code: string) => void) {
    this.blame = blame;
    this.socket = socket;
    this.address = address;
    this.tlsPeer = peer;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.reason = error.code ?? error.message;
    });
    socket.on('close', () => this.handlers?.closed(this.reason));
  }

  get peer() {
    return this.tlsPeer.judgement;
  }

  rejudge() {
    return this.tlsPeer.rejudge();
  }

  proveRenewal() {
    return this.tlsPeer.proveRenewal();
  }

  takeRenewal(proof: Parameters<Connection['takeRenewal']>[0]) {
    return this.tlsPeer.takeRenewal(proof);
  }

  bufferedBytes(): number {
    return this.pendingBytes + this.writingBytes;
  }

  write(chunks: readonly Uint8Array[]): void {
    if (this.socket.destroyed) return;
    for (const chunk of chunks) {
      this.pending.push(chunk);
      this.pendingBytes += chunk.length;
    }
    if (this.writingBytes === 0) this.writeSome();
  }

  close(end: boolean): void {
    const { socket } = this;
    if (!end) {
      socket.destroy();
      return;
    }
    if (this.pendingBytes > 0) {
      const chunks = this.pending.slice(this.pendingAt);
      this.forget();
      socket.end(Buffer.concat(chunks));
    } else socket.end();
    // A peer that does not read must not keep it open.
    const patience = setTimeout(() => socket.destroy(), closePatienceMs);
    socket.once('close', () => clearTimeout(patience));
  }

  rest(ms: number): void {
    const { socket } = this;
    clearTimeout(this.resting);
    socket.pause();
    this.resting = setTimeout(() => socket.resume(), ms);
    this.resting.unref();
  }

  handle(given: ConnectionHandlers): void {
    this.handlers = given;
    this.socket.on('data', (chunk: Buffer) => given.data(chunk));
    if (this.socket.destroyed) queueMicrotask(() => given.closed(this.reason));
  }

  private writeSome(): void {
    const bytes = Math.min(this.pendingBytes, writeBytesMax);
    if (bytes > this.room.length) this.room = Buffer.allocUnsafeSlow(roomFor(bytes));
    const filled = this.fill();
    this.writingBytes = filled;
    this.socket.write(this.room.subarray(0, filled), this.written);
  }

  /** Copies whole chunks, and of one that alone is too large as much as there is room for. */
  private fill(): number {
    const { pending, room } = this;
    let filled = 0;
    while (this.pendingAt < pending.length && filled < room.length) {
      const chunk = pending[this.pendingAt]!;
      const left = room.length - filled;
      if (chunk.length <= left) {
        room.set(chunk, filled);
        filled += chunk.length;
        this.pendingAt += 1;
      } else {
        room.set(chunk.subarray(0, left), filled);
        filled += left;
        pending[this.pendingAt] = chunk.subarray(left);
      }
    }
    this.pendingBytes -= filled;
    if (this.pendingAt === pending.length) this.forget();
    return filled;
  }

  private taken(): void {
    this.writingBytes = 0;
    if (this.socket.destroyed) return;
    if (this.pendingBytes > 0) this.writeSome();
    else this.handlers?.drained();
  }

  private forget(): void {
    this.pending = [];
    this.pendingAt = 0;
    this.pendingBytes = 0;
  }
}

function roomFor(bytes: number): number {
  let room = writeBufferStartBytes;
  while (room < bytes) room *= 2;
  return Math.min(room, writeBytesMax);
}
