/**
 * The sources that this agent lists, for its tenant, when its gateway says so: each run once, whoever asks again; what is listed goes to
 * the cluster as a document while it is read, and is whole there before the run is told to be complete. Outlives connections: a listing
 * goes on while no gateway is there, as far as the document's window allows. What opens a source is asked for with each run, and is
 * neither kept nor written.
 */
import type { NameResolver } from '../../checks/index.ts';
import type { SourceGiven } from '../../proto/index.ts';
import type { Clock, Log, Random } from '../../runtime/index.ts';
import {
  isFault,
  type ListingCounts,
  type ListingEnd,
  openListing,
  UpdateArray,
} from '../../sources/index.ts';
import { sendDocument } from '../document-client.ts';
import type { DocumentWire } from '../document-wire.ts';
import { documentPartBytesMax } from '../limits.ts';
import { type GivenRun, takeRun } from './given-source.ts';
import { sourceAnswersKeptMax, sourceProgressMs } from './limits.ts';
import type { SourceOrder } from './source-order.ts';

export interface OwnSourcesNeeds {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly resolver: NameResolver;
  /** What a run needs, over the connection of the moment. */
  take(run: string, from: number): Promise<SourceGiven>;
  /** A stream of documents over it; throws while there is none. */
  dial(): DocumentWire;
}

/** As it travels in the payload of progress. */
export interface RunTold {
  readonly page: number;
  readonly total: number | null;
  readonly devices: number;
  readonly beat: number;
}

/** As it travels in the payload of the result. */
export interface RunEnd {
  readonly outcome: 'complete' | 'aborted';
  readonly code: string;
  readonly detail: string;
  readonly page: number;
  /** `theirs`: the listed system is the matter. */
  readonly blames: 'none' | 'theirs' | 'ours';
  readonly counts: ListingCounts | null;
}

interface UnderWay {
  readonly source: string;
  readonly end: AbortController;
  readonly listeners: Set<(told: RunTold) => void>;
  readonly ended: Promise<RunEnd>;
}

interface Progress {
  page: number;
  total: number | null;
  devices: number;
}

export class OwnSources {
  private readonly needs: OwnSourcesNeeds;
  private readonly underWay = new Map<string, UnderWay>();
  /** The last that ended: their answers may have been lost. */
  private readonly answered = new Map<string, RunEnd>();

  constructor(needs: OwnSourcesNeeds) {
    this.needs = needs;
  }

  runningBeside(source: string): number {
    let count = 0;
    for (const one of this.underWay.values()) if (one.source !== source) count += 1;
    return count;
  }

  /** Under way, or over a moment ago. */
  isKnown(run: string): boolean {
    return this.underWay.has(run) || this.answered.has(run);
  }

  /** `told` hears how far it is, each second. */
  async run(order: SourceOrder, told: (told: RunTold) => void): Promise<RunEnd> {
    const before = this.answered.get(order.run);
    if (before !== undefined) return before;
    const one = this.underWay.get(order.run) ?? this.begin(order);
    one.listeners.add(told);
    try {
      return await one.ended;
    } finally {
      one.listeners.delete(told);
    }
  }

  /** False: it is not under way. */
  stop(run: string): boolean {
    const one = this.underWay.get(run);
    one?.end.abort();
    return one !== undefined;
  }

  end(): void {
    for (const { end } of this.underWay.values()) end.abort();
  }

  private begin({ run, source }: SourceOrder): UnderWay {
    // A source has one run: whoever began an earlier one is not there any more.
    for (const one of this.underWay.values()) if (one.source === source) one.end.abort();
    const end = new AbortController();
    const listeners = new Set<(told: RunTold) => void>();
    const ended = this.list(run, source, end.signal, listeners).finally(() => this.underWay.delete(run));
    const one = { source, end, listeners, ended };
    this.underWay.set(run, one);
    void ended.then((answer) => {
      this.answered.set(run, answer);
      if (this.answered.size > sourceAnswersKeptMax)
        this.answered.delete(this.answered.keys().next().value as string);
    });
    return one;
  }

  /** Never rejects: what goes wrong is an aborted run. */
  private async list(
    run: string,
    source: string,
    signal: AbortSignal,
    listeners: ReadonlySet<(told: RunTold) => void>,
  ): Promise<RunEnd> {
    const progress: Progress = { page: 0, total: null, devices: 0 };
    const still = this.beat(progress, listeners);
    try {
      const given = await takeRun({ ...this.needs, signal }, run);
      const end = 'code' in given ? aborted(given) : await this.bring(run, given, signal, progress);
      const { outcome, code, detail, page, counts } = end;
      this.needs.log(outcome === 'complete' ? 'info' : 'warn', 'a source was listed', {
        ...{ source, run, outcome, code, detail, page, listed: counts?.listed ?? 0 },
      });
      return end;
    } catch (error) {
      const { code, message } = error as { code?: unknown; message?: unknown };
      return aborted({ code: typeof code === 'string' ? code : 'failed', detail: String(message) });
    } finally {
      still();
    }
  }

  private beat(progress: Progress, listeners: ReadonlySet<(told: RunTold) => void>): () => void {
    let beat = 0;
    let cancel = () => {};
    const later = () => {
      cancel = this.needs.clock.timer(sourceProgressMs, () => {
        beat += 1;
        for (const listener of listeners) listener({ ...progress, beat });
        later();
      });
    };
    later();
    return () => cancel();
  }

  private async bring(
    run: string,
    given: GivenRun,
    signal: AbortSignal,
    progress: Progress,
  ): Promise<RunEnd> {
    const { clock, random, resolver, dial } = this.needs;
    const { settings, credentials, acceptEmpty, known } = given;
    const guard = { allowAll: true };
    const listing = openListing(settings, credentials, {
      ...{ clock, random, resolver, guard, signal, known, acceptEmpty },
    });
    if (isFault(listing)) return aborted(listing);
    const ended: { end: ListingEnd | null } = { end: null };
    let isRead = false;
    const sent = await sendDocument(
      {
        ...{ clock, random },
        dial() {
          if (signal.aborted) throw new CalledOff('it was called off');
          return dial();
        },
      },
      {
        ...{ id: run, kind: 'source', service: settings.kind, totalBytes: null },
        async *read() {
          // What was listed is not listed twice: it would be another document.
          if (isRead) throw new Stopped();
          isRead = true;
          const array = new UpdateArray(documentPartBytesMax);
          let step = await listing.next();
          for (; !step.done; step = await listing.next()) {
            const { kind, updates, page, total } = step.value;
            Object.assign(progress, { page, total });
            if (kind === 'devices') progress.devices += updates.length;
            yield* array.add(updates);
          }
          ended.end = step.value;
          // Only what is complete has an end.
          if (step.value.ended === 'aborted') throw new Stopped();
          yield* array.end();
        },
      },
    ).catch((error: unknown) => {
      if (error instanceof Stopped) return null;
      throw error;
    });
    return endOf(sent, ended.end, progress);
  }
}

/** The document has no end, and goes no further. */
class Stopped extends Error {
  constructor() {
    super('the document of the listing goes no further');
  }
}

/** Known by its code to whoever sends documents: it does not try again. */
class CalledOff extends Error {
  readonly code = 'cancelled';
}

const gone = { code: 'document_gone', detail: 'what was brought of the listing is not there any more' };

function endOf(
  sent: Awaited<ReturnType<typeof sendDocument>> | null,
  end: ListingEnd | null,
  { page }: Progress,
): RunEnd {
  if (end?.ended === 'aborted') {
    const { code, detail } = end.fault;
    const blames = code === 'cancelled' || code === 'bad_source' ? 'ours' : 'theirs';
    return { ...aborted({ code, detail }), page: end.page, blames, counts: end.counts };
  }
  const counts = end?.counts ?? null;
  if (sent?.ok === true) return { outcome: 'complete', code: 'ok', detail: '', page, blames: 'none', counts };
  return { ...aborted(sent?.error ?? gone), page, counts };
}

function aborted({ code, detail }: { readonly code: string; readonly detail: string }): RunEnd {
  return { outcome: 'aborted', code, detail, page: 0, blames: 'ours', counts: null };
}
