/**
 * Sweeps one slice: sends what the book says is next as fast as the bucket allows, gathers pings for one process, and
 * answers when every address is done. Between whoever was told to sweep (an edge agent, an agent node) and the network. What
 * comes out is in memory until then: the live hosts of one slice.
 */
import type { CancelSignal, MonotonicClock } from '../deadline.ts';
import { limits } from '../limits.ts';
import type { CheckOutcome } from '../outcome.ts';
import { runCheck } from '../run.ts';
import type { SharedRate } from './shared-rate.ts';
import { type Probe, type ProbeAnswer, type SliceAsked, SliceBook, type SliceCounts } from './slice-book.ts';
import type { FoundHost } from './sweep-document.ts';
import type { SweepPinger } from './sweep-pinger.ts';

export interface SliceWork extends SliceAsked {
  /** Of packets and connects; other slices of the same run may take of it too. */
  readonly rate: SharedRate;
  /** Of one packet or connect. */
  readonly timeoutMs: number;
}

export interface SweepClock extends MonotonicClock {
  timer(delayMs: number, run: () => void): () => void;
}

export interface SliceNeeds {
  readonly clock: SweepClock;
  /** Null: nothing here sends ICMP; its probes are untold. */
  readonly pinger: SweepPinger | null;
  /** Ends the slice with `cancelled`. */
  readonly signal: CancelSignal;
  /** A connect; the tcp check unless a test plays it. */
  connect?(address: string, port: number, timeoutMs: number): Promise<CheckOutcome>;
}

export interface SliceFound extends SliceCounts {
  readonly cancelled: boolean;
  readonly addresses: number;
  readonly hosts: readonly FoundHost[];
  readonly tookMs: number;
  /** Why the first probe that was untold was so, or the first address refused; null: none was. */
  readonly why: string | null;
}

/** Where it stands, whenever somebody asks. */
export interface RunningSlice {
  progress(): SliceCounts & { readonly total: number };
  readonly ended: Promise<SliceFound>;
}

export function runSlice(work: SliceWork, needs: SliceNeeds): RunningSlice {
  const running = new SliceRun(work, needs);
  return { progress: () => running.progress(), ended: running.ended };
}

const noPinger = 'no program to send ICMP with: install fping (Debian: apt-get install fping)';

class SliceRun {
  readonly ended: Promise<SliceFound>;
  private readonly book: SliceBook;
  private readonly work: SliceWork;
  private readonly needs: SliceNeeds;
  private readonly startedAtMs: number;
  private finish: (found: SliceFound) => void = () => {};
  private isOver = false;
  private cancelTimer: (() => void) | null = null;
  /** Pings that go out with the next process, and since when they are gathered. */
  private gathered: Probe[] = [];
  private gatheredAtMs = 0;
  private cancelGather: (() => void) | null = null;
  private readonly batches = new Set<() => void>();
  private readonly onAbort = () => this.end(true);

  constructor(work: SliceWork, needs: SliceNeeds) {
    this.work = work;
    this.needs = needs;
    this.book = new SliceBook(work);
    this.startedAtMs = needs.clock.monotonicMs();
    this.ended = new Promise((resolve) => {
      this.finish = resolve;
    });
    if (needs.signal.aborted) this.end(true);
    else {
      needs.signal.addEventListener('abort', this.onAbort);
      this.wake(0);
    }
  }

  progress() {
    return { ...this.book.counts, total: this.book.total };
  }

  /** Sends all that may be sent now, and comes again when more may be. */
  private pump(): void {
    while (!this.isOver) {
      const probe = this.book.next();
      if (probe === null) {
        if (this.book.isOver) this.end(false);
        else this.allSent();
        return;
      }
      const packets = probe.type === 'ping' ? (this.needs.pinger?.packets ?? 1) : 1;
      const waitMs = this.work.rate.take(packets, this.needs.clock.monotonicMs());
      if (waitMs > 0) {
        this.wake(waitMs);
        return;
      }
      this.book.send(probe, packets);
      if (probe.type === 'ping') this.gather(probe);
      else void this.connect(probe);
    }
  }

  private wake(afterMs: number): void {
    if (this.cancelTimer !== null || this.isOver) return;
    this.cancelTimer = this.needs.clock.timer(Math.ceil(afterMs), () => {
      this.cancelTimer = null;
      this.pump();
    });
  }

  /** Whoever answers next makes room, or is the last: pings that wait for company wait in vain. */
  private allSent(): void {
    if (this.gathered.length > 0) this.launch();
  }

  private gather(probe: Probe): void {
    const { clock } = this.needs;
    if (this.gathered.length === 0) {
      this.gatheredAtMs = clock.monotonicMs();
      this.cancelGather = clock.timer(limits.sweepPingWindowMs, () => this.launch());
    }
    this.gathered.push(probe);
    if (this.gathered.length >= limits.sweepPingBatchMax) this.launch();
  }

  private launch(): void {
    this.cancelGather?.();
    this.cancelGather = null;
    const probes = new Map(this.gathered.map((probe) => [probe.host.address, probe]));
    this.gathered = [];
    if (probes.size === 0 || this.isOver) return;
    const { pinger, clock } = this.needs;
    const tell = (address: string, answer: ProbeAnswer) => {
      const probe = probes.get(address);
      if (probe === undefined || this.isOver) return;
      probes.delete(address);
      if (probes.size === 0) this.batches.delete(cancel);
      this.answer(probe, answer);
    };
    let cancel = () => {};
    if (pinger === null) {
      for (const address of [...probes.keys()]) tell(address, { type: 'untold', why: noPinger });
      return;
    }
    const spreadMs = clock.monotonicMs() - this.gatheredAtMs;
    const batch = { addresses: [...probes.keys()], spreadMs, timeoutMs: this.work.timeoutMs };
    cancel = pinger.ping(batch, tell);
    if (probes.size > 0) this.batches.add(cancel);
  }

  private async connect(probe: Probe & { type: 'connect' }): Promise<void> {
    const { clock, signal, connect } = this.needs;
    const { timeoutMs, guard } = this.work;
    const { host, port } = probe;
    const asked = { kind: 'tcp', target: host.address, port, timeoutMs, settings: {} } as const;
    const outcome = await (connect?.(host.address, port, timeoutMs) ??
      runCheck(asked, { clock, guard, signal }));
    if (!this.isOver) this.answer(probe, answerOf(outcome));
  }

  private answer(probe: Probe, answer: ProbeAnswer): void {
    this.book.answer(probe, answer);
    this.wake(0);
  }

  private end(cancelled: boolean): void {
    if (this.isOver) return;
    this.isOver = true;
    this.cancelTimer?.();
    this.cancelGather?.();
    this.needs.signal.removeEventListener('abort', this.onAbort);
    for (const cancel of this.batches) cancel();
    const { counts, found: hosts, total: addresses, why, whyRefused } = this.book;
    const tookMs = this.needs.clock.monotonicMs() - this.startedAtMs;
    this.finish({ ...counts, cancelled, addresses, hosts, tookMs, why: why ?? whyRefused });
  }
}

function answerOf({ status, latencyMs, reason }: CheckOutcome): ProbeAnswer {
  if (status === 'success') return { type: 'answered', ms: latencyMs ?? 0 };
  if (status === 'timeout') return { type: 'silent' };
  return status === 'unknown' ? { type: 'untold', why: reason ?? 'unknown' } : { type: 'refused' };
}
