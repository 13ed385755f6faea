/**
 * One end of a simulated connection: what `cluster/transport.ts` asks of TLS over TCP. Each end owns the pipe of the
 * bytes that it sends. Between a link and the network; the host's papers say who the peer is and whom it trusts.
 */
import type { RenewalProof } from '../../certs/index.ts';
import { PlayedPeer } from '../../cluster/testing/played-peer.ts';
import type { Connection, ConnectionHandlers, PeerJudgement } from '../../cluster/transport.ts';
import { kernelBufferBytes, splitChunkChance } from './bounds.ts';
import { Delivery, type Item, type Sender, wait } from './delivery.ts';
import { type Process, socketPart } from './event-loop.ts';
import type { Host, Network } from './network.ts';

export class End implements Connection, Sender {
  private readonly network: Network;
  other!: End;
  private handlers: ConnectionHandlers | null = null;
  private isOpen = true;
  /** The process or the host behind the other end is gone. */
  private otherIsGone = false;
  /** Until the handshake is done on the other side; what arrives before waits. */
  private otherIsThere: boolean;
  /** What was stuck, or was sent behind what is. */
  private readonly waiting: Delivery[] = [];
  private waitingCount = 0;
  /** Deliveries under way: those that bring their own item, and those that bring what waits. */
  private underWay = 0;
  private fetching = 0;
  private sequence = 0;
  private emptied = 0;
  private lastAtMs = 0;
  private queuedBytes = 0;
  private wasFull = false;
  /** While above 0 nothing arrives: the reader is slow, or the path has forgotten the connection. */
  private stalls = 0;
  readonly from: Host;
  readonly to: Host;
  /** For the trace. */
  private readonly way: number;
  readonly process: Process;
  private readonly played: PlayedPeer;

  constructor(network: Network, from: Host, to: Host, owner: Process, otherIsThere: boolean) {
    this.network = network;
    this.from = from;
    this.to = to;
    this.process = owner;
    this.otherIsThere = otherIsThere;
    this.way = network.trace.wayHash(from.name, to.name);
    this.played = new PlayedPeer(from.papers, to.papers);
  }

  get receiver(): Process {
    return this.other.process;
  }

  get peer(): PeerJudgement {
    return this.played.judgement;
  }

  get address(): string {
    return this.to.address;
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
    return Math.max(0, this.queuedBytes - kernelBufferBytes);
  }

  write(chunks: readonly Uint8Array[]): void {
    if (!this.isOpen) return;
    if (this.otherIsGone) {
      // A kernel that knows no such connection says so.
      if (!this.to.dark) this.lost('ECONNRESET');
      return;
    }
    const bytes = chunks.length === 1 ? asBuffer(chunks[0]!) : Buffer.concat(chunks);
    this.queuedBytes += bytes.length;
    this.network.writtenBytes += bytes.length;
    this.network.writes += 1;
    if (this.bufferedBytes() > 0) this.wasFull = true;
    const { random } = this.network;
    if (bytes.length > 1 && random.next() < splitChunkChance) {
      const at = 1 + Math.floor(random.next() * (bytes.length - 1));
      this.push(bytes.subarray(0, at));
      this.push(bytes.subarray(at));
    } else this.push(bytes);
  }

  /** Both kinds of closing let what was written go first, as a kernel does. */
  close(_end: boolean): void {
    if (!this.isOpen) return;
    if (!this.otherIsGone) this.push('end');
    this.closeHere('closed');
  }

  /** Nothing here is fenced, and nobody is held back. */
  rest(): void {}

  handle(handlers: ConnectionHandlers): void {
    this.handlers = handlers;
  }

  // For the network and the faults.

  /** The listening side's handshake is done. */
  accepted(onConnection: (connection: Connection) => void): void {
    this.other.otherIsThere = true;
    // By what is trusted at the end of the handshake: who was revoked meanwhile is not let in by an older verdict.
    this.played.rejudge();
    onConnection(this);
    this.other.unstick(0);
  }

  /** The connection is lost, with all that was under way to here. */
  lost(reason: string): void {
    if (!this.isOpen) return;
    this.other.drop();
    this.closeHere(reason);
  }

  /** Nothing that this end sends arrives any more, and nobody is told. */
  blackhole(): void {
    this.stalls += 1;
  }

  stall(): void {
    this.stalls += 1;
  }

  unstall(): void {
    this.stalls -= 1;
    this.unstick(0);
  }

  /** The process of this end was killed; with power its kernel tells the other. */
  ownerGone(withPower: boolean, abrupt: boolean): void {
    const { isOpen } = this;
    this.isOpen = false;
    this.other.otherIsGone = true;
    this.from.ends.delete(this);
    this.other.drop();
    if (!withPower) this.drop();
    else if (isOpen) {
      if (abrupt) this.drop();
      this.push('end');
    }
  }

  /** Deliveries that found the path cut are tried again. */
  unstick(delayMs: number): void {
    if (this.isStuck()) return;
    this.network.stuck.delete(this);
    for (let more = this.waitingCount - this.fetching; more > 0; more -= 1) {
      this.fetching += 1;
      this.schedule(new Delivery(this, null, 0, this.emptied), delayMs);
    }
  }

  private push(item: Item): void {
    this.sequence += 1;
    const delivery = new Delivery(this, item, this.sequence, this.emptied);
    if (this.isStuck()) {
      this.network.stuck.add(this);
      this.wait(delivery);
    } else if (this.fetching === this.waitingCount) {
      this.underWay += 1;
      this.schedule(delivery, 0);
    } else this.wait(delivery);
  }

  private wait(delivery: Delivery): void {
    wait(this.waiting, delivery);
    this.waitingCount += 1;
  }

  private schedule(delivery: Delivery, delayMs: number): void {
    const { network } = this;
    const atMs = Math.max(
      this.lastAtMs,
      network.loop.nowMs + delayMs + network.latencyMs(this.from, this.to),
    );
    this.lastAtMs = atMs;
    network.loop.putNear(atMs - network.loop.nowMs, delivery);
  }

  private isStuck(): boolean {
    return this.stalls > 0 || !this.otherIsThere || this.network.isCut(this.from, this.to);
  }

  arrive(delivery: Delivery): void {
    const isOwn = delivery.item !== null && delivery.emptied === this.emptied;
    if (isOwn) this.underWay -= 1;
    else this.fetching -= 1;
    if (!isOwn && this.waitingCount === 0) return;
    if (this.isStuck()) {
      this.network.stuck.add(this);
      if (isOwn) this.wait(delivery);
      return;
    }
    const item = this.waitingCount === 0 ? delivery.item! : this.firstOf(isOwn ? delivery : null);
    if (item === 'end') {
      this.other.closeHere('closed by the peer');
      return;
    }
    this.queuedBytes -= item.length;
    if (this.wasFull && this.bufferedBytes() === 0) this.tellDrained();
    const { handlers, isOpen } = this.other;
    if (!isOpen || handlers === null) return;
    const { trace, loop } = this.network;
    trace.bytes(loop.nowMs, this.from.name, this.to.name, this.way, item);
    handlers.data(item);
  }

  private tellDrained(): void {
    this.wasFull = false;
    this.network.loop.put(0, socketPart, this.process, () => {
      if (this.isOpen) this.handlers?.drained();
    });
  }

  /** Of the one that arrives and those that wait. */
  private firstOf(arrived: Delivery | null): Item {
    if (arrived !== null) this.wait(arrived);
    this.waitingCount -= 1;
    return this.waiting.shift()!.item!;
  }

  /** What is under way is lost; its deliveries bring what is sent after it. */
  private drop(): void {
    this.waiting.length = 0;
    this.waitingCount = 0;
    this.fetching += this.underWay;
    this.underWay = 0;
    this.emptied += 1;
    this.queuedBytes = 0;
  }

  private closeHere(reason: string): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.from.ends.delete(this);
    const { handlers } = this;
    this.network.loop.put(0, socketPart, this.process, () => handlers?.closed(reason));
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
