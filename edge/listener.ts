/**
 * The port of a poller for programs at the edge. Ends TLS itself, so that `certs/` judges the whole chain and nothing is
 * resumed, and hands the connection on: whoever shows a good certificate of a tenant to the door that this file is given,
 * everybody else to a server of enrolment alone. Knows no messages.
 */
import { createServer as createDoor, type Server as Door } from 'node:net';
import { createServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import {
  type Credential,
  isReusedSession,
  presentedChain,
  serverTlsOptions,
  type TenantIdentity,
  verifyPeer,
} from '../certs/index.ts';
import { Handshakes, joinAddress, splitAddress } from '../cluster/index.ts';
import type { Admission } from './listener-admission.ts';
import { Connections, type EdgeConnection } from './listener-connections.ts';
import type { KnownDoor, ServedContract } from './listener-contract.ts';
import { closeGraceMs, connectionLookMs } from './listener-limits.ts';
import { strangerServer } from './listener-strangers.ts';
import { peerOf } from './peer.ts';

export interface EdgeTrust {
  readonly trustDomain: string;
  credential(): Credential;
  roots(): readonly Uint8Array[];
  policy(): Parameters<typeof verifyPeer>[0]['policy'];
  revocationLists(): NonNullable<Parameters<typeof verifyPeer>[0]['revocationLists']>;
}

export interface ListenerOptions {
  /** `HOST:PORT`. */
  readonly listen: string;
  readonly trust: EdgeTrust;
  readonly clock: { wallMs(): number; timer(ms: number, run: () => void): () => void };
  readonly log: (level: 'info' | 'warn' | 'debug', message: string, fields: Record<string, unknown>) => void;
  readonly admission: Admission;
  readonly enrolment: ServedContract;
  /** For those with a certificate. */
  readonly known: KnownDoor;
}

export class EdgeListener {
  private readonly options: ListenerOptions;
  private readonly connections = new Connections();
  private readonly handshakes: Handshakes;
  private readonly tls: TlsServer;
  private readonly door: Door;
  private readonly strangers: ReturnType<typeof strangerServer>;
  private cancelLook = () => {};

  constructor(options: ListenerOptions) {
    this.options = options;
    const { clock, log, trust } = options;
    this.handshakes = new Handshakes(clock, (message, fields) =>
      log('warn', message, { door: 'gateway', ...fields }),
    );
    this.strangers = strangerServer(
      options.enrolment,
      options.known.methods,
      (peer) => this.connections.of(peer)?.refused ?? null,
    );
    const credential = trust.credential();
    this.tls = createServer({ ...serverTlsOptions(credential), ...shown(credential) });
    this.tls.on('secureConnection', (socket) => this.secured(socket));
    this.tls.on('tlsClientError', (error, socket) => this.handshakes.fail(socket, error.message));
    this.door = createDoor((socket) => {
      if (this.handshakes.began(socket)) this.tls.emit('connection', socket);
      else socket.on('error', () => {});
    });
  }

  /** Answers the address that it is bound to. */
  async listen(): Promise<string> {
    const { host, port } = splitAddress(this.options.listen);
    await new Promise<void>((resolve, reject) => {
      this.door.once('error', reject);
      this.door.listen({ host, port }, resolve);
    });
    this.look();
    const bound = this.door.address() as { address: string; port: number };
    return joinAddress(bound.address, bound.port);
  }

  /** For the next handshakes; who is connected stays. */
  renew(): void {
    const credential = this.options.trust.credential();
    this.tls.setSecureContext({ ...serverTlsOptions(credential), ...shown(credential) });
  }

  /** Roots, policy or revocation lists are other ones: whoever would not be let in now is put out. */
  trustChanged(): void {
    for (const connection of this.connections.known()) {
      const verdict = this.verdict(connection.chain);
      if (!verdict.ok) this.end(connection, verdict.error.code);
    }
  }

  /** Its package is over. */
  putOut(serial: string): void {
    this.options.admission.forget(serial);
    for (const connection of this.connections.known())
      if (connection.serial === serial) this.end(connection, 'package_revoked');
  }

  async close(): Promise<void> {
    this.cancelLook();
    this.handshakes.endAll();
    const drained = this.options.known.drain();
    const closed = new Promise<void>((resolve) => this.door.close(() => resolve()));
    const cancel = this.options.clock.timer(closeGraceMs, () => this.connections.endAll());
    this.strangers.end();
    await Promise.all([closed, drained]);
    cancel();
  }

  private secured(socket: TLSSocket): void {
    this.handshakes.done(socket);
    socket.on('error', () => {});
    if (isReusedSession(socket)) {
      this.handshakes.blame(socket.remoteAddress);
      socket.destroy();
      return;
    }
    const chain = presentedChain(socket);
    if (chain.length === 0) {
      this.asStranger(socket, null);
      return;
    }
    const verdict = this.verdict(chain);
    if (!verdict.ok || verdict.identity.kind !== 'tenant') {
      const refused = verdict.ok
        ? { code: 'not_allowed', detail: `a ${verdict.identity.kind} has no business at this door` }
        : verdict.error;
      this.handshakes.blame(socket.remoteAddress);
      this.options.log('warn', 'a certificate was refused', { from: socket.remoteAddress, ...refused });
      this.asStranger(socket, refused);
      return;
    }
    void this.admit(socket, chain, verdict.identity, verdict);
  }

  private async admit(
    socket: TLSSocket,
    chain: readonly Uint8Array[],
    identity: TenantIdentity,
    { serial, notAfterMs }: { serial: string; notAfterMs: number },
  ): Promise<void> {
    const { log, admission } = this.options;
    const admitted = await admission.ask(identity, serial);
    if (socket.destroyed) return;
    // What was revoked while a core was asked is told to nobody who is not connected yet.
    const again = this.verdict(chain);
    if ('partition' in admitted && again.ok) {
      const { partition } = admitted;
      this.connections.add(socket, { identity, partition, serial, notAfterMs, chain, refused: null });
      this.options.known.take(socket, peerOf(identity, partition, serial));
      return;
    }
    const refused = 'partition' in admitted ? (again.ok ? null : again.error) : admitted;
    log('warn', 'a bearer was refused', { identity, serial, code: refused?.code });
    this.asStranger(socket, refused);
  }

  private asStranger(socket: TLSSocket, refused: { code: string; detail: string } | null): void {
    this.connections.add(socket, {
      identity: null,
      partition: null,
      serial: '',
      notAfterMs: 0,
      chain: [],
      refused,
    });
    this.strangers.take(socket, this.options.clock);
  }

  private verdict(chain: readonly Uint8Array[]) {
    const { trust, clock } = this.options;
    const { trustDomain } = trust;
    const policy = trust.policy();
    return verifyPeer({
      chain,
      trustDomain,
      roots: trust.roots(),
      nowMs: clock.wallMs(),
      revocationLists: trust.revocationLists(),
      ...(policy === undefined ? {} : { policy }),
    });
  }

  private look(): void {
    const { clock } = this.options;
    const nowMs = clock.wallMs();
    for (const connection of this.connections.known())
      if (connection.notAfterMs <= nowMs) this.end(connection, 'expired');
    this.cancelLook = clock.timer(connectionLookMs, () => this.look());
  }

  private end(connection: EdgeConnection, code: string): void {
    const { identity, serial } = connection;
    this.options.log('warn', 'a connection of the edge was ended', { identity, serial, code });
    connection.end();
  }
}

/** The root goes with the chain: who enrols knows it by its pin alone. */
function shown({ chainPem, rootsPem }: Credential) {
  return { cert: chainPem + rootsPem, ALPNProtocols: ['h2'] };
}
