/**
 * What the door refused and what it left out, by code, in all and by sender: counted for every one. The log has the first of each
 * code of a sender, with the SPIFFE id of its certificate, and then one in a while.
 */
import type { Clock, Log } from '../runtime/index.ts';
import { refusalsLogMs, sendersCountedMax } from './limits.ts';
import { type EdgePeer, holderOf, spiffeIdOf } from './peer.ts';

export type Counts = Readonly<Record<string, number>>;

interface Sender {
  readonly refused: Map<string, number>;
  heardAtMs: number;
}

export interface SenderView {
  /** Unix milliseconds of its last call; null: none is known. */
  readonly heardAtMs: number | null;
  readonly refused: Counts;
}

const nobody = 'nobody';

export class RefusalCount {
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly counts = new Map<string, number>();
  /** By holder, the latest heard last. */
  private readonly senders = new Map<string, Sender>();
  private loggedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, log: Log) {
    this.clock = clock;
    this.log = log;
  }

  /** A call of it came. */
  heard(holder: string): void {
    const sender = this.senders.get(holder) ?? { refused: new Map(), heardAtMs: 0 };
    sender.heardAtMs = this.clock.wallMs();
    this.senders.delete(holder);
    this.senders.set(holder, sender);
    if (this.senders.size > sendersCountedMax)
      this.senders.delete(this.senders.keys().next().value as string);
  }

  /** `peer` null: nobody that a certificate names. `detail` of the one that is logged. */
  add(code: string, peer: EdgePeer | null, detail: string, times = 1): void {
    const holder = peer === null ? nobody : holderOf(peer);
    this.heard(holder);
    const { refused } = this.senders.get(holder)!;
    const before = refused.get(code) ?? 0;
    refused.set(code, before + times);
    this.counts.set(code, (this.counts.get(code) ?? 0) + times);
    const nowMs = this.clock.monotonicMs();
    if (before > 0 && nowMs - this.loggedAtMs < refusalsLogMs) return;
    this.loggedAtMs = nowMs;
    const who = peer === null ? nobody : spiffeIdOf(peer);
    const fields = { code, who, detail, of_sender: Object.fromEntries(refused), counts: this.all() };
    this.log('warn', 'the edge door refused something', fields);
  }

  all(): Counts {
    return Object.fromEntries(this.counts);
  }

  of(peer: EdgePeer): SenderView {
    const sender = this.senders.get(holderOf(peer));
    if (sender === undefined) return { heardAtMs: null, refused: {} };
    return { heardAtMs: sender.heardAtMs, refused: Object.fromEntries(sender.refused) };
  }
}
