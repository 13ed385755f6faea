/**
 * A network for tests, in one process: transports whose connections hand bytes over after a delay of the test's clock, in
 * order. The delay is the same for every connection unless the test draws another for each direction of each. A node can be made silent (its host lost power: nothing comes or goes, nobody is told). Judges no
 * certificate: every peer is the node that it says.
 */
import type { RenewalProof } from '../../certs/index.ts';
import type { Clock } from '../../runtime/index.ts';
import type { Connection, ConnectionHandlers, DialFailure, PeerJudgement, Transport } from '../transport.ts';
import { lastingPapers, type PlayedPapers, PlayedPeer } from './played-peer.ts';

/** One way, when a test does not say otherwise. */
const usualLatencyMs = 1;

interface Listener {
  readonly transport: MemoryTransport;
  readonly onConnection: (connection: Connection) => void;
}

export class MemoryNetwork {
  readonly clock: Clock;
  readonly listeners = new Map<string, Listener>();
  readonly silent = new Set<MemoryTransport>();
  /** Every connection that was made, oldest first. */
  readonly connections: MemoryConnection[] = [];
  /** Asked once for each dial, and once for each direction of each connection. */
  readonly drawLatencyMs: () => number;
  private readonly sides = new Map<MemoryTransport, number>();
  private ports = 0;

  constructor(clock: Clock, drawLatencyMs: () => number = () => usualLatencyMs) {
    this.clock = clock;
    this.drawLatencyMs = drawLatencyMs;
  }

  transport(name: string, role: 'core' | 'poller'): MemoryTransport {
    this.ports += 1;
    return new MemoryTransport(this, name, role, `memory:${this.ports}`);
  }

  /** From now on nothing that this transport sends arrives, and nothing arrives at it. */
  silence(transport: MemoryTransport): void {
    this.silent.add(transport);
    this.listeners.delete(transport.address);
  }

  /** From now on these hear only each other, and the rest only the rest; with nobody, all hear all. Open links end. */
  split(side: readonly MemoryTransport[]): void {
    this.sides.clear();
    for (const transport of side) this.sides.set(transport, 1);
    for (const { transport } of [...this.listeners.values()]) {
      for (const end of [...transport.ends]) if (!this.hears(end.owner, end.to)) end.close(false);
    }
  }

  hears(a: MemoryTransport, b: MemoryTransport): boolean {
    if (this.silent.has(a) || this.silent.has(b)) return false;
    return this.sides.get(a) === this.sides.get(b);
  }
}

/** A connection as its test sees it. */
export interface MemoryConnection {
  readonly dialler: string;
  /** Nothing that is sent on it arrives from now on, and neither end is told. */
  isCut: boolean;
}

export class MemoryTransport implements Transport {
  readonly network: MemoryNetwork;
  readonly name: string;
  readonly role: 'core' | 'poller';
  readonly address: string;
  readonly papers: PlayedPapers;
  readonly ends = new Set<End>();

  constructor(network: MemoryNetwork, name: string, role: 'core' | 'poller', address: string) {
    this.network = network;
    this.name = name;
    this.role = role;
    this.address = address;
    this.papers = lastingPapers({ kind: 'node', trustDomain: 'test.local', role, name }, name);
  }

  listen(onConnection: (connection: Connection) => void): Promise<string> {
    this.network.listeners.set(this.address, { transport: this, onConnection });
    return Promise.resolve(this.address);
  }

  dial(
    address: string,
    onConnection: (connection: Connection) => void,
    onFailure: (failure: DialFailure) => void,
  ): void {
    const { network } = this;
    network.clock.timer(network.drawLatencyMs(), () => {
      const listener = network.listeners.get(address);
      if (listener === undefined || !network.hears(this, listener.transport)) {
        onFailure({ code: 'refused', detail: address });
        return;
      }
      const wire: MemoryConnection = { dialler: this.name, isCut: false };
      network.connections.push(wire);
      const near = new End(this, listener.transport, wire);
      const far = new End(listener.transport, this, wire);
      near.other = far;
      far.other = near;
      listener.onConnection(far);
      onConnection(near);
    });
  }

  trustVersion(): number {
    return 1;
  }

  credentialVersion(): number {
    return 1;
  }

  close(): Promise<void> {
    this.network.listeners.delete(this.address);
    for (const end of [...this.ends]) end.close(false);
    return Promise.resolve();
  }
}

class End implements Connection {
  readonly address: string;
  other: End | null = null;
  readonly owner: MemoryTransport;
  readonly to: MemoryTransport;
  private readonly played: PlayedPeer;
  private readonly latencyMs: number;
  private handlers: ConnectionHandlers | null = null;
  private isOpen = true;

  private readonly wire: MemoryConnection;

  constructor(owner: MemoryTransport, to: MemoryTransport, wire: MemoryConnection) {
    this.wire = wire;
    this.owner = owner;
    this.to = to;
    this.latencyMs = owner.network.drawLatencyMs();
    this.address = to.address;
    this.played = new PlayedPeer(owner.papers, to.papers);
    owner.ends.add(this);
  }

  get peer(): PeerJudgement {
    return this.played.judgement;
  }

  rejudge(): PeerJudgement {
    return this.played.rejudge();
  }

  proveRenewal(): RenewalProof {
    return this.played.proveRenewal();
  }

  takeRenewal(proof: RenewalProof): PeerJudgement {
    return this.played.takeRenewal(proof);
  }

  bufferedBytes(): number {
    return 0;
  }

  write(chunks: readonly Uint8Array[]): void {
    if (!this.isOpen) return;
    const bytes = Buffer.concat(chunks);
    this.arrive((end) => end.handlers?.data(bytes));
  }

  close(_end: boolean): void {
    if (!this.isOpen) return;
    this.ended('closed');
    this.arrive((end) => end.ended('closed by the peer'));
  }

  /** What is under way here is not held back by anybody. */
  rest(): void {}

  handle(handlers: ConnectionHandlers): void {
    this.handlers = handlers;
  }

  private ended(reason: string): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.owner.ends.delete(this);
    this.handlers?.closed(reason);
  }

  private arrive(what: (end: End) => void): void {
    const { network } = this.owner;
    network.clock.timer(this.latencyMs, () => {
      if (this.wire.isCut || !network.hears(this.owner, this.to)) return;
      if (this.other?.isOpen) what(this.other);
    });
  }
}
