/**
 * The slices that this agent sweeps: each once, whoever asks again while it runs or soon after; what was found goes to the
 * cluster as a document before the command is answered. Outlives connections: a slice goes on while no gateway is there.
 */
import { runSlice, SharedRates, type SweepPinger, sweepDocument } from '../../checks/index.ts';
import type { Clock, Log, Random } from '../../runtime/index.ts';
import { sendDocument } from '../document-client.ts';
import type { DocumentWire } from '../document-wire.ts';
import { sweepAnswersKeptMax, sweepProgressMs } from './limits.ts';
import type { SweepOrder } from './sweep-order.ts';

export interface OwnSweepsNeeds {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly pinger: SweepPinger | null;
  /** The time that documents are kept by. */
  nowMs(): number;
  /** A stream of documents over the connection of the moment; throws while there is none. */
  dial(): DocumentWire;
}

/** As it travels in the payload of progress and of the result. */
export interface SliceTold {
  readonly done: number;
  readonly total: number;
  readonly live: number;
  readonly refused: number;
  readonly untold: number;
  readonly sent: number;
  readonly took_ms: number;
  readonly why: string | null;
  readonly beat: number;
}

export type SliceEnd =
  | { readonly ok: true; readonly told: SliceTold }
  | { readonly ok: false; readonly code: string; readonly detail: string };

interface UnderWay {
  readonly end: AbortController;
  readonly listeners: Set<(told: SliceTold) => void>;
  readonly ended: Promise<SliceEnd>;
}

export class OwnSweeps {
  private readonly needs: OwnSweepsNeeds;
  private readonly underWay = new Map<string, UnderWay>();
  /** The last that went well: their answers may have been lost. */
  private readonly answered = new Map<string, SliceEnd>();
  private readonly rates = new SharedRates();
  private isOver = false;

  constructor(needs: OwnSweepsNeeds) {
    this.needs = needs;
  }

  get running(): number {
    return this.underWay.size;
  }

  isUnderWay(order: SweepOrder): boolean {
    return this.underWay.has(keyOf(order));
  }

  /** `told` hears how far it is, each second. */
  async run(order: SweepOrder, told: (told: SliceTold) => void): Promise<SliceEnd> {
    const key = keyOf(order);
    const before = this.answered.get(key);
    if (before !== undefined) return before;
    const one = this.underWay.get(key) ?? this.begin(key, order);
    one.listeners.add(told);
    try {
      return await one.ended;
    } finally {
      one.listeners.delete(told);
    }
  }

  /** False: it is not under way. */
  stop(run: string, slice: number): boolean {
    const one = this.underWay.get(keyOf({ run, slice }));
    one?.end.abort();
    return one !== undefined;
  }

  end(): void {
    this.isOver = true;
    for (const { end } of this.underWay.values()) end.abort();
  }

  private begin(key: string, order: SweepOrder): UnderWay {
    const end = new AbortController();
    const listeners = new Set<(told: SliceTold) => void>();
    const ended = this.sweep(order, end.signal, listeners).finally(() => this.underWay.delete(key));
    const one = { end, listeners, ended };
    this.underWay.set(key, one);
    void ended.then((answer) => {
      if (!answer.ok) return;
      this.answered.set(key, answer);
      if (this.answered.size > sweepAnswersKeptMax)
        this.answered.delete(this.answered.keys().next().value as string);
    });
    return one;
  }

  private async sweep(
    order: SweepOrder,
    signal: AbortSignal,
    listeners: ReadonlySet<(told: SliceTold) => void>,
  ): Promise<SliceEnd> {
    const { clock, pinger, log } = this.needs;
    const { set, from, to, ratePerS, run, slice } = order;
    const { icmp, ports, timeoutMs } = order.spec;
    const startedAtMs = clock.monotonicMs();
    const rate = this.rates.join(run, ratePerS, startedAtMs);
    const work = { set, from, to, icmp, ports, rate, timeoutMs, guard: { allowAll: true } };
    const running = runSlice(work, { clock, pinger, signal });
    let beat = 0;
    const toldOf = (why: string | null): SliceTold => {
      beat += 1;
      const took_ms = Math.round(clock.monotonicMs() - startedAtMs);
      return { ...running.progress(), took_ms, why, beat };
    };
    let cancel = () => {};
    const beatLater = () => {
      cancel = clock.timer(sweepProgressMs, () => {
        for (const listener of listeners) listener(toldOf(null));
        beatLater();
      });
    };
    beatLater();
    try {
      const found = await running.ended.finally(() => this.rates.leave(run));
      if (found.cancelled || this.isOver)
        return { ok: false, code: 'cancelled', detail: 'it was called off' };
      const sent = await this.bring(order, found, signal);
      if (!sent.ok) return { ok: false, ...sent.error };
      const { live, addresses, tookMs } = found;
      const seconds = Math.round(tookMs) / 1_000;
      log('info', 'a slice of a sweep is done', { sweep: order.sweep, run, slice, addresses, live, seconds });
      return { ok: true, told: toldOf(found.why) };
    } finally {
      cancel();
    }
  }

  private async bring(
    order: SweepOrder,
    found: Awaited<ReturnType<typeof runSlice>['ended']>,
    signal: AbortSignal,
  ) {
    const { clock, random, nowMs, dial } = this.needs;
    const { run, slice, attempt, sweep, spec } = order;
    const head = {
      ...{ sweep, run, slice, networks: spec.networks, addresses: found.addresses },
      ...{ ports: spec.ports, icmp: spec.icmp, endedAtS: Math.floor(nowMs() / 1_000) },
    };
    const pieces = [...sweepDocument(head, found.hosts)].map((piece) => Buffer.from(piece));
    const totalBytes = pieces.reduce((sum, { length }) => sum + length, 0);
    // A slice that was given out before may have left a document of other content.
    const id = attempt === 1 ? `${run}/${slice}` : `${run}/${slice}/${attempt}`;
    const send = () =>
      sendDocument(
        {
          ...{ clock, random },
          dial() {
            if (signal.aborted) throw new Error('it was called off');
            return dial();
          },
        },
        {
          ...{ id, kind: 'sweep', service: sweep, totalBytes },
          async *read() {
            yield* pieces;
          },
        },
      );
    const sent = await send();
    // What another life of this program had begun under the id is gone now.
    return !sent.ok && sent.error.code === 'document_damaged' ? await send() : sent;
  }
}

const keyOf = ({ run, slice }: Pick<SweepOrder, 'run' | 'slice'>) => `${run}/${slice}`;
