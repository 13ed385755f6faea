/**
 * What is to be sent next of a slice, and what its hosts have answered: one address after the other, each asked by ICMP and
 * at every port, silent ones by ICMP once more. Pure but for its own state; holds the hosts that have something open and
 * those that live. Time, rate and sockets are its caller's (`run-slice.ts`).
 */
import type { Address } from '../address.ts';
import { judge, type TargetPolicy } from '../guard.ts';
import { limits } from '../limits.ts';
import { type AddressSet, addressesOf } from './address-set.ts';
import type { FoundHost, FoundPort } from './sweep-document.ts';

export interface SliceAsked {
  readonly set: AddressSet;
  readonly from: number;
  readonly to: number;
  readonly icmp: boolean;
  readonly ports: readonly number[];
  readonly guard: TargetPolicy;
}

interface OpenHost {
  readonly index: number;
  readonly address: string;
  /** Probes that are not answered, those that are not sent yet among them. */
  left: number;
  rttMs: number | null;
  sent: number;
  lost: number;
  readonly ports: FoundPort[];
}

export type Probe =
  | { readonly type: 'ping'; readonly host: OpenHost; readonly attempt: number }
  | { readonly type: 'connect'; readonly host: OpenHost; readonly port: number };

/** `untold`: this machine could not ask, which says nothing of the host. */
export type ProbeAnswer =
  | { readonly type: 'answered'; readonly ms: number }
  | { readonly type: 'silent' }
  | { readonly type: 'refused' }
  | { readonly type: 'untold'; readonly why: string };

export interface SliceCounts {
  /** Addresses that nothing is open of any more. */
  done: number;
  live: number;
  /** Addresses that the guard let nothing be sent to. */
  refused: number;
  /** Probes without an answer for a reason of this machine's. */
  untold: number;
  /** Packets and connects. */
  sent: number;
}

export class SliceBook {
  readonly counts: SliceCounts = { done: 0, live: 0, refused: 0, untold: 0, sent: 0 };
  readonly found: FoundHost[] = [];
  /** Of the first probe that was untold; of the first address that was refused. */
  why: string | null = null;
  whyRefused: string | null = null;
  private readonly asked: SliceAsked;
  private readonly addresses: Iterator<Address, void>;
  private index: number;
  private waiting: Probe[] = [];
  private readonly again: Probe[] = [];
  private pings = 0;
  private connects = 0;

  constructor(asked: SliceAsked) {
    this.asked = asked;
    this.index = asked.from;
    this.addresses = addressesOf(asked.set, asked.from, asked.to);
  }

  get total(): number {
    return this.asked.to - this.asked.from;
  }

  get isOver(): boolean {
    return this.counts.done === this.total;
  }

  /** Null: nothing may be sent before something is answered, or everything was sent. The same until it is sent. */
  next(): Probe | null {
    while (this.waiting.length === 0 && this.again.length === 0 && this.openNext());
    const probe = this.again[0] ?? this.waiting[0];
    if (probe === undefined) return null;
    const room = probe.type === 'ping' ? this.pings < limits.sweepPingsMax : this.hasConnect();
    return room ? probe : null;
  }

  /** What `next` answered goes out, as so many packets. */
  send(probe: Probe, packets: number): void {
    (this.again[0] === probe ? this.again : this.waiting).shift();
    this.counts.sent += packets;
    if (probe.type === 'ping') {
      this.pings += 1;
      probe.host.sent += packets;
    } else this.connects += 1;
  }

  /** Whatever was sent is answered once. */
  answer(probe: Probe, answer: ProbeAnswer): void {
    if (answer.type === 'untold') {
      this.counts.untold += 1;
      this.why ??= answer.why;
    }
    if (probe.type === 'ping') this.answerPing(probe.host, probe.attempt, answer);
    else {
      this.connects -= 1;
      const available = answer.type === 'answered';
      probe.host.ports.push({ port: probe.port, available, latencyMs: available ? answer.ms : null });
      this.close(probe.host);
    }
  }

  private answerPing(host: OpenHost, attempt: number, answer: ProbeAnswer): void {
    this.pings -= 1;
    if (answer.type === 'answered') host.rttMs = answer.ms;
    else host.lost = host.sent;
    if (answer.type === 'silent' && attempt < limits.sweepPingTries)
      this.again.push({ type: 'ping', host, attempt: attempt + 1 });
    else this.close(host);
  }

  private hasConnect(): boolean {
    return this.connects < limits.sweepConnectsMax;
  }

  /** The probes of the next address; those that the guard refuses have none. False: there is none. */
  private openNext(): boolean {
    const next = this.addresses.next();
    if (next.done) return false;
    const { icmp, ports, guard } = this.asked;
    const verdict = judge(next.value, guard);
    const index = this.index;
    this.index += 1;
    if (!verdict.allowed) {
      this.counts.refused += 1;
      this.counts.done += 1;
      this.whyRefused ??= verdict.detail;
      return true;
    }
    const left = ports.length + (icmp ? 1 : 0);
    const host = { index, address: next.value.text, left, rttMs: null, sent: 0, lost: 0, ports: [] };
    this.waiting = [
      ...(icmp ? [{ type: 'ping', host, attempt: 1 } as const] : []),
      ...ports.map((port) => ({ type: 'connect', host, port }) as const),
    ];
    return true;
  }

  private close(host: OpenHost): void {
    host.left -= 1;
    if (host.left > 0) return;
    this.counts.done += 1;
    const { index, address, rttMs, sent, lost } = host;
    if (rttMs === null && !host.ports.some(({ available }) => available)) return;
    this.counts.live += 1;
    const ports = [...host.ports].sort((a, b) => a.port - b.port);
    this.found.push({ index, address, rttMs, sent, lost, ports });
  }
}
