/**
 * The transport between processes: TLS 1.3 with certificates on both sides, judged by `certs/` on the DER, never a
 * resumed session. Knows nothing of frames.
 */
import { createServer as createDoor, type Server } from 'node:net';
import { createServer, type TLSSocket, type Server as TlsServer, connect as tlsConnect } from 'node:tls';
import {
  type Credential,
  clientTlsOptions,
  noPolicy,
  type PeerPolicy,
  type RevocationList,
  rootsOf,
  serverTlsOptions,
} from '../certs/index.ts';
import { joinAddress, splitAddress } from './address.ts';
import { isBlamed } from './admission/blame.ts';
import { Handshakes } from './admission/handshakes.ts';
import { connectionsMax, handshakeTimeoutMs } from './admission/limits.ts';
import { connectTimeoutMs, stopLingerMs } from './limits.ts';
import { connectionOf } from './tls-connection.ts';
import { TlsPeer, type Trust } from './tls-peer.ts';
import type { Connection, DialFailure, Transport } from './transport.ts';

export interface TlsTransportOptions {
  /** As it is now: a renewed one is used for every handshake after `renew`. */
  readonly credential: () => Credential;
  readonly trustDomain: string;
  /** DER of our own roots when they are not those of the credential: that may be a foreign authority's. */
  readonly roots?: () => readonly Uint8Array[];
  /** `host:port`; null for one that only dials (a command). */
  readonly listen: string | null;
  readonly clock: { wallMs(): number };
  /** As they are now; after a change call `trustChanged`. */
  readonly revocationLists?: () => readonly RevocationList[];
  readonly policy?: () => PeerPolicy;
  readonly log: (level: 'warn' | 'debug', message: string, fields: Record<string, unknown>) => void;
}

export interface TlsTransport extends Transport {
  /** The credential has changed. Links that are open stay: the new certificate is proven on them. */
  renew(): void;
  /** The policy or the revocation lists have changed: every open link is judged again. */
  trustChanged(): void;
}

export function tlsTransport(options: TlsTransportOptions): TlsTransport {
  return new TlsWire(options);
}

class TlsWire implements TlsTransport {
  private readonly options: TlsTransportOptions;
  private readonly sockets = new Set<TLSSocket>();
  private roots: readonly Uint8Array[];
  private server: TlsServer | null = null;
  private door: Server | null = null;
  private readonly handshakes: Handshakes;
  private trusted = 1;
  private renewed = 1;

  constructor(options: TlsTransportOptions) {
    this.options = options;
    this.roots = ownRoots(options);
    this.handshakes = new Handshakes(options.clock, (message, fields) =>
      options.log('warn', message, fields),
    );
  }

  renew(): void {
    this.roots = ownRoots(this.options);
    this.renewed += 1;
    this.trusted += 1;
    this.server?.setSecureContext(serverTlsOptions(this.options.credential()));
  }

  trustChanged(): void {
    this.trusted += 1;
  }

  trustVersion(): number {
    return this.trusted;
  }

  credentialVersion(): number {
    return this.renewed;
  }

  listen(onConnection: (connection: Connection) => void): Promise<string> {
    const { host, port } = splitAddress(this.options.listen ?? '');
    const server = createServer({
      ...serverTlsOptions(this.options.credential()),
      handshakeTimeout: handshakeTimeoutMs,
    });
    this.server = server;
    // It does not listen itself: a connection that is not admitted must not cost the making of a TLS socket.
    const door = createDoor((socket) => {
      if (this.handshakes.began(socket)) server.emit('connection', socket);
      else socket.on('error', () => {});
    });
    this.door = door;
    door.maxConnections = connectionsMax;
    server.on('secureConnection', (socket) => {
      this.handshakes.done(socket);
      const { remoteAddress } = socket;
      const blame = (code: string) => {
        if (isBlamed(code)) this.handshakes.blame(remoteAddress, code === 'fenced');
      };
      onConnection(this.adopt(socket, remoteOf(socket), blame));
    });
    server.on('tlsClientError', (error, socket) => {
      this.handshakes.fail(socket, error.message);
    });
    return new Promise((resolve, reject) => {
      door.once('error', (error) => reject(error));
      door.listen({ host, port }, () => {
        const bound = door.address() as { address: string; port: number };
        resolve(joinAddress(bound.address, bound.port));
      });
    });
  }

  dial(
    address: string,
    onConnection: (connection: Connection) => void,
    onFailure: (failure: DialFailure) => void,
  ): void {
    const { host, port } = splitAddress(address);
    let socket: TLSSocket;
    try {
      socket = tlsConnect({ ...clientTlsOptions(this.options.credential()), host, port });
    } catch (error) {
      // OpenSSL does not take our own credential: a failed dial, said in the log, and no end of the node.
      const detail = `our own credential: ${error instanceof Error ? error.message : String(error)}`;
      this.options.log('warn', 'cannot dial', { address, detail });
      queueMicrotask(() => onFailure({ code: 'tls', detail }));
      return;
    }
    const give = (failure: DialFailure) => {
      clearTimeout(deadline);
      socket.removeAllListeners();
      socket.on('error', () => {});
      socket.destroy();
      onFailure(failure);
    };
    let isConnected = false;
    socket.once('connect', () => {
      isConnected = true;
    });
    const deadline = setTimeout(() => give(silence(isConnected)), connectTimeoutMs);
    socket.once('error', (error) => give(failureOf(error)));
    socket.once('close', () => give({ code: 'tls', detail: 'closed during the handshake' }));
    socket.once('secureConnect', () => {
      clearTimeout(deadline);
      socket.removeAllListeners();
      onConnection(this.adopt(socket, address, null));
    });
  }

  /** What was written before still leaves, for as long as `stopLingerMs`. */
  async close(): Promise<void> {
    this.handshakes.endAll();
    const { door } = this;
    const sockets = [...this.sockets];
    const closed = sockets.map(
      (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    );
    if (door !== null) closed.push(new Promise<void>((resolve) => door.close(() => resolve())));
    for (const socket of sockets) socket.destroySoon();
    const deadline = setTimeout(() => {
      for (const socket of this.sockets) socket.destroy();
    }, stopLingerMs);
    await Promise.all(closed);
    clearTimeout(deadline);
  }

  /** `blame`: tells whom it was taken from that it is not welcome; null where this side dialled. */
  private adopt(socket: TLSSocket, address: string, blame: ((code: string) => void) | null): Connection {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    const peer = new TlsPeer(socket, blame === null, () => this.trust(), this.options.credential);
    return connectionOf(socket, address, peer, blame ?? (() => {}));
  }

  private trust(): Trust {
    const { trustDomain, clock, revocationLists, policy } = this.options;
    return {
      roots: this.roots,
      trustDomain,
      nowMs: clock.wallMs(),
      revocationLists: revocationLists?.() ?? [],
      policy: policy?.() ?? noPolicy,
    };
  }
}

function ownRoots({ roots, credential }: TlsTransportOptions): readonly Uint8Array[] {
  return roots === undefined ? rootsOf(credential()) : roots();
}

/** A host that takes the connection for a process that says nothing is another matter than one that nobody reaches. */
function silence(isConnected: boolean): DialFailure {
  const detail = `no TLS within ${connectTimeoutMs} ms`;
  return isConnected
    ? { code: 'silent', detail: `${detail}, on an open connection` }
    : { code: 'timeout', detail };
}

function failureOf(error: NodeJS.ErrnoException): DialFailure {
  const detail = error.message;
  if (error.code === 'ECONNREFUSED') return { code: 'refused', detail };
  if (error.code === 'ETIMEDOUT') return { code: 'timeout', detail };
  if (error.code?.startsWith('E')) return { code: 'unreachable', detail };
  return { code: 'tls', detail };
}

function remoteOf(socket: { remoteAddress?: string | undefined; remotePort?: number | undefined }): string {
  return joinAddress(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0);
}
