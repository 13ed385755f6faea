/**
 * The port of a poller for programs at the edge. Ends TLS itself, so that `certs/` judges the whole chain and nothing is
 * resumed, and hands the connection on: whoever shows a good certificate of a tenant to the door that this file is given,
 * everybody else to a server of enrolment alone. Knows no messages.
 */
import type { X509Certificate } from 'node:crypto';
import { createServer as createDoor, type Server as Door } from 'node:net';
import { createServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import {
  CertificateMemo,
  type Credential,
  isReusedSession,
  noPolicy,
  type PeerPolicy,
  type PeerVerdict,
  presentedToServer,
  serverTlsOptions,
  type TenantIdentity,
  verifyPeer,
} from '../certs/index.ts';
import { Handshakes, joinAddress, splitAddress } from '../cluster/index.ts';
import type { Admission } from './listener-admission.ts';
import { Connections, type EdgeConnection } from './listener-connections.ts';
import type { KnownDoor, ServedContract } from './listener-contract.ts';
import { closeGraceMs, connectionLookMs, importedKeptMs } from './listener-limits.ts';
import { HandshakeQueue } from './listener-queue.ts';
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
  readonly clock: { wallMs(): number; monotonicMs(): number; timer(ms: number, run: () => void): () => void };
  readonly log: (level: 'info' | 'warn' | 'debug', message: string, fields: Record<string, unknown>) => void;
  readonly admission: Admission;
  readonly enrolment: ServedContract;
  /** For those with a certificate. */
  readonly known: KnownDoor;
  /** Which authorities judge a certificate of an older installation; absent: none do, beside those of the policy. */
  readonly imported?: { policyFor(chain: readonly Uint8Array[]): Promise<PeerPolicy | null> };
}

export class EdgeListener {
  private readonly options: ListenerOptions;
  private readonly connections = new Connections();
  private readonly handshakes: Handshakes;
  private readonly queue: HandshakeQueue;
  private readonly tls: TlsServer;
  private readonly door: Door;
  private readonly strangers: ReturnType<typeof strangerServer>;
  private readonly memo = new CertificateMemo();
  /** Counts the changes of what is trusted. */
  private trustVersion = 0;
  private cancelLook = () => {};
  private cancelJudge = () => {};

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
    this.tls.on('tlsClientError', (error, socket) => {
      this.handshakes.fail(socket, error.message);
      this.queue.over(socket);
    });
    this.queue = new HandshakeQueue({
      monotonicMs: () => clock.monotonicMs(),
      begin: (socket) => this.handshakes.begins(socket) && this.tls.emit('connection', socket),
      drop: (socket, why) => this.handshakes.fail(socket, why),
    });
    this.door = createDoor({ pauseOnConnect: true }, (socket) => {
      if (this.handshakes.admits(socket)) this.queue.add(socket);
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
    this.judgeLater();
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
    this.trustVersion += 1;
    for (const connection of this.connections.known()) {
      const verdict = this.verdict(connection.chain, connection.imported);
      if (!verdict.ok) this.end(connection, verdict.error.code);
    }
  }

  /** Imported authorities are other ones (null: of whatever tenant): who came by them is judged anew. */
  async importedChanged(tenantId: string | null): Promise<void> {
    for (const connection of this.connections.known()) {
      const { identity, imported, chain } = connection;
      if (imported === null || (tenantId !== null && identity?.tenantId !== tenantId)) continue;
      const verdict = this.verdict(chain, (await this.options.imported?.policyFor(chain)) ?? null);
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
    this.queue.endAll();
    this.cancelJudge();
    this.handshakes.endAll();
    const drained = this.options.known.drain();
    const closed = new Promise<void>((resolve) => this.door.close(() => resolve()));
    const cancel = this.options.clock.timer(closeGraceMs, () => this.connections.endAll());
    this.strangers.end();
    await drained;
    // Strangers may come again elsewhere at any time.
    this.connections.endAll();
    await closed;
    cancel();
  }

  private secured(socket: TLSSocket): void {
    this.handshakes.done(socket);
    this.queue.over(socket, true);
    socket.on('error', () => {});
    if (isReusedSession(socket)) {
      this.handshakes.blame(socket.remoteAddress);
      socket.destroy();
      return;
    }
    const { chain, leaf } = presentedToServer(socket);
    if (chain.length === 0) {
      this.asStranger(socket, null);
      return;
    }
    const verdict = this.verdict(chain, null, leaf);
    if (verdict.ok || this.options.imported === undefined) this.judged(socket, chain, null, verdict);
    else void this.judgeImported(socket, chain, verdict);
  }

  /** Those whom no authority of this node knows: by whatever their tenant imported. */
  private async judgeImported(
    socket: TLSSocket,
    chain: readonly Uint8Array[],
    before: PeerVerdict,
  ): Promise<void> {
    const policy = (await this.options.imported?.policyFor(chain)) ?? null;
    if (socket.destroyed) return;
    this.judged(socket, chain, policy, policy === null ? before : this.verdict(chain, policy));
  }

  private judged(
    socket: TLSSocket,
    chain: readonly Uint8Array[],
    imported: PeerPolicy | null,
    verdict: PeerVerdict,
  ): void {
    if (!verdict.ok || verdict.identity.kind !== 'tenant') {
      const refused = verdict.ok
        ? { code: 'not_allowed', detail: `a ${verdict.identity.kind} has no business at this door` }
        : verdict.error;
      this.handshakes.blame(socket.remoteAddress);
      this.options.log('warn', 'a certificate was refused', { from: socket.remoteAddress, ...refused });
      this.asStranger(socket, refused);
      return;
    }
    void this.admit(socket, chain, imported, verdict.identity, verdict);
  }

  private async admit(
    socket: TLSSocket,
    chain: readonly Uint8Array[],
    imported: PeerPolicy | null,
    identity: TenantIdentity,
    { serial, notAfterMs }: { serial: string; notAfterMs: number },
  ): Promise<void> {
    const { log, admission, clock } = this.options;
    const version = this.trustVersion;
    // Serials of another authority are none of our packages', and only certificates of the older shape name a partition.
    const isOurs = imported === null && identity.partition === undefined;
    const bearer = isOurs ? serial : `imported ${identity.tenantId} ${serial}`;
    const admitted = await admission.ask(identity, bearer);
    const policy = imported === null ? null : ((await this.options.imported?.policyFor(chain)) ?? null);
    if (socket.destroyed) return;
    // What was revoked while a core was asked is told to nobody who is not connected yet.
    const isAsBefore = imported === null && version === this.trustVersion && clock.wallMs() < notAfterMs;
    const again = isAsBefore ? { ok: true as const } : this.verdict(chain, policy);
    if ('partition' in admitted && again.ok) {
      const { partition } = admitted;
      const facts = {
        identity,
        partition,
        serial: bearer,
        notAfterMs,
        chain,
        imported: policy,
        refused: null,
      };
      this.connections.add(socket, facts);
      this.options.known.take(socket, peerOf(identity, partition, bearer));
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
      imported: null,
      refused,
    });
    this.strangers.take(socket, this.options.clock);
  }

  private verdict(
    chain: readonly Uint8Array[],
    imported: PeerPolicy | null,
    openedLeaf: X509Certificate | null = null,
  ): PeerVerdict {
    const { trust, clock } = this.options;
    const { foreign, older } = trust.policy() ?? noPolicy;
    return verifyPeer({
      ...{ chain, openedLeaf, memo: this.memo, nowMs: clock.wallMs() },
      ...{ trustDomain: trust.trustDomain, roots: trust.roots(), revocationLists: trust.revocationLists() },
      policy: { foreign, older: [...older, ...(imported?.older ?? [])] },
    });
  }

  /** A change that nobody told of is noticed here. */
  private judgeLater(): void {
    this.cancelJudge = this.options.clock.timer(importedKeptMs, () => {
      void this.importedChanged(null);
      this.judgeLater();
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
  // No authorities are named to the peer: a program in Go presents no certificate of another than those, and some are imported.
  return { cert: chainPem + rootsPem, ca: [], ALPNProtocols: ['h2'] };
}
