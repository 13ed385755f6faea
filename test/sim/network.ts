/**
 * The simulated network: hosts with addresses, paths between them that can be cut one way, delayed or stalled, and what
 * happens to a dial. Between the transports of the nodes (sim-transport.ts) and the faults (who cut and heal). A
 * connection keeps the order of its bytes, as TCP does; what can be lost is a connection with all that was under way.
 */
import type { PeerIdentity } from '../../certs/index.ts';
import { connectTimeoutMs } from '../../cluster/limits.ts';
import { lastingPapers, type PlayedPapers } from '../../cluster/testing/played-peer.ts';
import type { Connection, DialFailure } from '../../cluster/transport.ts';
import type { Random } from '../../runtime/index.ts';
import { handshakePollMs, retransmissionMsMax, synRetriesMs } from './bounds.ts';
import { End } from './connection.ts';
import { type EventLoop, type Process, socketPart } from './event-loop.ts';
import type { Trace } from './trace.ts';

/** The versions are counted up by whoever changes them. */
export interface HostPapers extends PlayedPapers {
  credentialVersion: number;
  trustVersion: number;
}

export interface Host {
  readonly index: number;
  readonly name: string;
  readonly address: string;
  /** Its certificate, which the other side of every connection sees, and what it trusts. */
  readonly papers: HostPapers;
  listener: { readonly process: Process; readonly onConnection: (connection: Connection) => void } | null;
  /** Without power: nobody answers, not even to refuse. */
  dark: boolean;
  readonly ends: Set<End>;
}

interface Dial {
  readonly from: Host;
  readonly process: Process;
  readonly to: Host | undefined;
  readonly address: string;
  readonly untilMs: number;
  readonly onConnection: (connection: Connection) => void;
  readonly onFailure: (failure: DialFailure) => void;
}

export class Network {
  readonly loop: EventLoop;
  readonly random: Random;
  readonly trace: Trace;
  readonly hosts: Host[] = [];
  /** Ends with bytes that found their way closed. */
  readonly stuck = new Set<End>();
  private readonly byAddress = new Map<string, Host>();
  private readonly hostsMax: number;
  /** How many faults cut the path from one host to another. */
  private readonly cuts: Uint8Array;
  private readonly latencies: Float64Array;
  /** Since the start, by all. */
  writtenBytes = 0;
  writes = 0;
  /** Beside the path's own latency, at random up to this much. */
  jitterMs = 0.2;

  constructor(loop: EventLoop, random: Random, trace: Trace, hostsMax: number) {
    this.loop = loop;
    this.random = random;
    this.trace = trace;
    this.hostsMax = hostsMax;
    this.cuts = new Uint8Array(hostsMax * hostsMax);
    this.latencies = new Float64Array(hostsMax * hostsMax).fill(0.3);
  }

  addHost(name: string, identity: PeerIdentity): Host {
    const index = this.hosts.length;
    const address = `10.0.${index >> 8}.${index & 255}:7000`;
    const papers = { ...lastingPapers(identity, name), credentialVersion: 1, trustVersion: 1 };
    const host = { index, name, address, papers, listener: null, dark: false, ends: new Set<End>() };
    this.hosts.push(host);
    this.byAddress.set(address, host);
    return host;
  }

  /** Bytes and answers stop in this direction, until as many heals as cuts. */
  cut(from: Host, to: Host): void {
    this.cuts[from.index * this.hostsMax + to.index]! += 1;
  }

  heal(from: Host, to: Host): void {
    this.cuts[from.index * this.hostsMax + to.index]! -= 1;
    if (this.isCut(from, to)) return;
    // What was sent meanwhile comes with the next retransmission.
    for (const end of [...this.stuck]) {
      if (end.from === from && end.to === to) end.unstick(this.random.next() * retransmissionMsMax);
    }
  }

  isCut(from: Host, to: Host): boolean {
    return this.cuts[from.index * this.hostsMax + to.index]! > 0;
  }

  setLatency(from: Host, to: Host, latencyMs: number): void {
    this.latencies[from.index * this.hostsMax + to.index] = latencyMs;
  }

  latencyMs(from: Host, to: Host): number {
    return this.latencies[from.index * this.hostsMax + to.index]! + this.random.next() * this.jitterMs;
  }

  dial(
    from: Host,
    process: Process,
    address: string,
    onConnection: (connection: Connection) => void,
    onFailure: (failure: DialFailure) => void,
  ): void {
    const to = this.byAddress.get(address);
    const untilMs = this.loop.nowMs + connectTimeoutMs;
    const dial: Dial = { from, process, to, address, untilMs, onConnection, onFailure };
    this.attempt(dial, 0);
  }

  /** A process is gone: its kernel ends its connections, unless the power is gone too. */
  processEnded(host: Host, withPower: boolean): void {
    host.listener = null;
    host.dark = !withPower;
    const abrupt = this.random.next() < 0.5;
    for (const end of [...host.ends]) end.ownerGone(withPower, abrupt);
  }

  private attempt(dial: Dial, retry: number): void {
    const { from, to, process } = dial;
    if (to === undefined || to.dark || this.isCut(from, to) || this.isCut(to, from)) {
      this.again(dial, synRetriesMs[retry] ?? Number.POSITIVE_INFINITY, retry + 1);
      return;
    }
    const roundMs = this.latencyMs(from, to) + this.latencyMs(to, from);
    const { listener } = to;
    if (listener === null) {
      this.loop.put(roundMs, socketPart, process, () =>
        dial.onFailure({ code: 'refused', detail: dial.address }),
      );
    } else if (listener.process.paused) {
      // Its kernel takes the connection; the handshake waits for the process.
      this.again(dial, handshakePollMs, retry);
    } else {
      this.loop.put(1.5 * roundMs, socketPart, process, () => this.connected(dial, to, listener));
    }
  }

  private again(dial: Dial, delayMs: number, retry: number): void {
    const leftMs = dial.untilMs - this.loop.nowMs;
    if (delayMs < leftMs) this.loop.put(delayMs, socketPart, null, () => this.attempt(dial, retry));
    else {
      const failure = { code: 'timeout', detail: `no TLS within ${connectTimeoutMs} ms` };
      this.loop.put(leftMs, socketPart, dial.process, () => dial.onFailure(failure));
    }
  }

  /** The dialling side is done first; the other side when it has our last part of the handshake. */
  private connected(dial: Dial, to: Host, listener: NonNullable<Host['listener']>): void {
    const { from, process } = dial;
    const near = new End(this, from, to, process, false);
    const far = new End(this, to, from, listener.process, true);
    near.other = far;
    far.other = near;
    from.ends.add(near);
    to.ends.add(far);
    this.loop.put(this.latencyMs(from, to), socketPart, null, () => {
      if (listener.process.ended) near.lost('ECONNRESET');
      else if (this.isCut(from, to)) near.blackhole();
      else this.loop.put(0, socketPart, listener.process, () => far.accepted(listener.onConnection));
    });
    dial.onConnection(near);
  }
}
