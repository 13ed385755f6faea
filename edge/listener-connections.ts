/** Who is connected to the gateway's port now, by the address and port that a call is known by. */
import type { TLSSocket } from 'node:tls';
import type { PeerPolicy, TenantIdentity } from '../certs/index.ts';

export interface EdgePeerFacts {
  /** Null: a stranger. */
  readonly identity: TenantIdentity | null;
  /** Of its package; null where none is held. */
  readonly partition: string | null;
  /** Of its certificate, lower-case hexadecimal. */
  readonly serial: string;
  readonly notAfterMs: number;
  /** DER, leaf first, as presented. */
  readonly chain: readonly Uint8Array[];
  /** The imported authorities that it was judged by; null: our own, or the policy's. */
  readonly imported: PeerPolicy | null;
  /** Why its certificate does not count. */
  readonly refused: { readonly code: string; readonly detail: string } | null;
}

export interface EdgeConnection extends EdgePeerFacts {
  /** Fires when it has ended. */
  readonly signal: AbortSignal;
  /** At once, with all its calls. */
  end(): void;
}

export class Connections {
  private readonly open = new Map<string, EdgeConnection>();

  add(socket: TLSSocket, facts: EdgePeerFacts): void {
    const name = `${socket.remoteAddress}:${socket.remotePort}`;
    const ended = new AbortController();
    const connection = { ...facts, signal: ended.signal, end: () => void socket.destroy() };
    this.open.set(name, connection);
    socket.once('close', () => {
      // The same remote port may have come again by then.
      if (this.open.get(name) === connection) this.open.delete(name);
      ended.abort();
    });
  }

  /** Null: it has ended. `peer` as `getPeer()` of a call has it. */
  of(peer: string): EdgeConnection | null {
    return this.open.get(peer) ?? null;
  }

  known(): EdgeConnection[] {
    return [...this.open.values()].filter(({ identity }) => identity !== null);
  }

  endAll(): void {
    for (const connection of this.open.values()) connection.end();
  }
}
