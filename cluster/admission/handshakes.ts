/**
 * Connections that have not finished their TLS handshake: few at once, each with a hard end. Between a listener and its
 * server; a stranger who connects and says nothing, or a byte a second, costs a place for five seconds and no more.
 */
import type { Socket } from 'node:net';
import { HandshakeRate } from './handshake-rate.ts';
import { handshakesLoggedPerS, handshakesMax, handshakeTimeoutMs } from './limits.ts';

interface Waiting {
  readonly socket: Socket;
  readonly end: NodeJS.Timeout;
}

export class Handshakes {
  private readonly waiting = new Map<string, Waiting>();
  private readonly log: (message: string, fields: Record<string, unknown>) => void;
  private readonly clock: { wallMs(): number };
  private readonly rate = new HandshakeRate();
  private second = 0;
  private logged = 0;
  /** Connections that ended before their handshake did. */
  failed = 0;

  constructor(clock: { wallMs(): number }, log: (message: string, fields: Record<string, unknown>) => void) {
    this.clock = clock;
    this.log = log;
  }

  /** A connection came in; false when it was ended at once, before anything was spent on it. */
  began(socket: Socket): boolean {
    return this.admits(socket) && this.begins(socket);
  }

  /** Whether its address may begin one now; else it is ended. */
  admits(socket: Socket): boolean {
    if (this.rate.admits(socket.remoteAddress ?? '', this.clock.wallMs())) return true;
    this.fail(socket, 'too many handshakes from this address');
    return false;
  }

  /** Of one that was admitted: from now on its time runs. */
  begins(socket: Socket): boolean {
    if (this.waiting.size >= handshakesMax) {
      this.fail(socket, `${handshakesMax} handshakes are under way`);
      return false;
    }
    const name = nameOf(socket);
    const end = setTimeout(
      () => this.fail(socket, `no handshake within ${handshakeTimeoutMs} ms`),
      handshakeTimeoutMs,
    );
    this.waiting.set(name, { socket, end });
    socket.once('close', () => this.settle(name, socket));
    return true;
  }

  /** A peer from there was refused; `wasTold`: and told when to come again. */
  blame(remoteAddress: string | undefined, wasTold = false): void {
    this.rate.blame(remoteAddress ?? '', this.clock.wallMs(), wasTold);
  }

  /** The handshake of the connection from this remote end is done. */
  done(socket: { remoteAddress?: string | undefined; remotePort?: number | undefined }): void {
    this.settle(nameOf(socket), null);
  }

  /** Ends the connection; says so, at a bounded rate. */
  fail(
    socket: { destroy(): unknown; remoteAddress?: string | undefined; remotePort?: number | undefined },
    why: string,
  ): void {
    this.failed += 1;
    const from = nameOf(socket);
    this.settle(from, null);
    socket.destroy();
    const second = Math.floor(this.clock.wallMs() / 1_000);
    if (second !== this.second) {
      this.second = second;
      this.logged = 0;
    }
    this.logged += 1;
    if (this.logged <= handshakesLoggedPerS)
      this.log('handshake failed', { from, error: why, total: this.failed });
  }

  endAll(): void {
    for (const { socket, end } of this.waiting.values()) {
      clearTimeout(end);
      socket.destroy();
    }
    this.waiting.clear();
  }

  private settle(name: string, socket: Socket | null): void {
    const waiting = this.waiting.get(name);
    // The same remote port may have come again by the time that an earlier connection's end is told.
    if (waiting === undefined || (socket !== null && waiting.socket !== socket)) return;
    clearTimeout(waiting.end);
    this.waiting.delete(name);
  }
}

function nameOf(socket: { remoteAddress?: string | undefined; remotePort?: number | undefined }): string {
  return `${socket.remoteAddress}:${socket.remotePort}`;
}
