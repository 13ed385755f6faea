/**
 * Follows pieces of work through one process: which step the running code belongs to, which are open, and what is told of
 * those that ended. Implements the runtime's hook. Between the messages of actors, the procedures, the doors and the store,
 * and whoever takes ended steps. Node follows asynchronous code only while something is open here: with nothing to follow
 * it is switched off, since it costs every promise of the process.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Clock,
  messageOf,
  type Random,
  type Span,
  type SpanFacts,
  type SpanKind,
  type Tracing,
} from '../runtime/index.ts';
import { factCharactersMax, spanLifeMs, spanNameCharactersMax, spanSweepMs, spansOpenMax } from './limits.ts';
import { formatHeader, newSpan, newTrace, parseHeader, type TraceContext } from './trace-header.ts';

/** A step that ended, of a trace that is exported. */
export interface EndedSpan {
  readonly trace: string;
  readonly span: string;
  /** Null: the first of its trace. */
  readonly parent: string | null;
  readonly isParentRemote: boolean;
  readonly kind: SpanKind;
  readonly name: string;
  readonly startedWallMs: number;
  readonly tookMs: number;
  readonly facts: SpanFacts;
  /** What failed it; null: nothing did. */
  readonly error: string | null;
}

export interface TracerNeeds {
  readonly clock: Clock;
  readonly random: Random;
  /** Of traces that begin here, how many are exported: 0 to 1. */
  readonly sample: number;
  /** Takes what ended; null: nothing is exported, and ids go into the logs alone. */
  readonly take: ((span: EndedSpan) => void) | null;
}

interface Place extends TraceContext {
  readonly isRemote: boolean;
  /** What goes on for ever after its step has ended, a timer say, is a part of nothing. */
  isOpen: boolean;
}

export class Tracer implements Tracing {
  isOn = false;
  /** Steps that were not followed, because too many were open. */
  refused = 0;
  /** Those that did not end by themselves. */
  unended = 0;
  private readonly needs: TracerNeeds;
  private readonly places = new AsyncLocalStorage<Place>();
  private readonly open = new Set<OpenSpan>();
  private held = 0;
  private sweeping = false;

  constructor(needs: TracerNeeds) {
    this.needs = needs;
  }

  get openCount(): number {
    return this.open.size;
  }

  get isSampling(): boolean {
    return this.needs.take !== null && this.needs.sample > 0;
  }

  trace(): string | null {
    return this.here()?.trace ?? null;
  }

  header(): string | null {
    const place = this.here();
    return place === null ? null : formatHeader(place);
  }

  under<T>(header: unknown, work: () => T): T {
    const context = parseHeader(header);
    if (context === null) return work();
    const place = { ...context, isRemote: true, isOpen: true };
    this.hold();
    try {
      return this.places.run(place, work);
    } finally {
      place.isOpen = false;
      this.release();
    }
  }

  begin(kind: SpanKind, name: string, facts: SpanFacts = {}): Span | null {
    const place = this.here();
    return place === null ? null : this.start(kind, name, facts, place);
  }

  root(kind: SpanKind, name: string, facts: SpanFacts = {}): Span | null {
    return this.start(kind, name, facts, this.here());
  }

  sampled(kind: SpanKind, name: string, facts: SpanFacts = {}): Span | null {
    const { random, sample } = this.needs;
    if (!this.isSampling || random.next() >= sample) return null;
    return this.start(kind, name, facts, null, true);
  }

  private here(): Place | null {
    const place = this.isOn ? this.places.getStore() : undefined;
    return place?.isOpen ? place : null;
  }

  /** `isChosen`: the sampling of its trace was asked already. */
  private start(
    kind: SpanKind,
    name: string,
    facts: SpanFacts,
    parent: Place | null,
    isChosen = false,
  ): Span | null {
    if (this.open.size >= spansOpenMax) {
      this.refused += 1;
      return null;
    }
    const { random, sample, clock } = this.needs;
    const trace = parent?.trace ?? newTrace(random);
    const sampled = isChosen || (parent === null ? sample > 0 && random.next() < sample : parent.sampled);
    const place = { trace, span: newSpan(random), sampled, isRemote: false, isOpen: true };
    const isExported = sampled && this.needs.take !== null;
    // Whoever calls a procedure names it, as long as a frame may be.
    const named = { name: name.slice(0, spanNameCharactersMax), facts };
    const about = { kind: parent?.isRemote && kind === 'internal' ? 'server' : kind, ...named } as const;
    const wallMs = isExported ? clock.wallMs() : 0;
    const span = new OpenSpan(this, place, parent, about, wallMs, clock.monotonicMs(), isExported);
    this.open.add(span);
    this.hold();
    this.sweepLater();
    return span;
  }

  /** For its own steps. */
  runAt<T>(place: Place, work: () => T): T {
    // What ended may still be run in, by code that came late.
    return this.isOn ? this.places.run(place, work) : work();
  }

  /** For its own steps: false when it had ended before. */
  ended(span: OpenSpan, error: unknown): void {
    if (!this.open.delete(span)) return;
    span.place.isOpen = false;
    if (span.isExported) this.needs.take?.(span.told(this.needs.clock.monotonicMs(), error));
    this.release();
  }

  private hold(): void {
    this.held += 1;
    this.isOn = true;
  }

  private release(): void {
    this.held -= 1;
    if (this.held > 0) return;
    this.isOn = false;
    this.places.disable();
  }

  private sweepLater(): void {
    if (this.sweeping) return;
    this.sweeping = true;
    this.needs.clock.timer(spanSweepMs, () => {
      this.sweeping = false;
      const beforeMs = this.needs.clock.monotonicMs() - spanLifeMs;
      for (const span of this.open) {
        if (span.startedMs > beforeMs) break;
        this.unended += 1;
        span.end(new Error(`no end within ${spanLifeMs} ms`));
      }
      if (this.open.size > 0) this.sweepLater();
    });
  }
}

class OpenSpan implements Span {
  readonly startedMs: number;
  readonly isExported: boolean;
  private readonly tracer: Tracer;
  readonly place: Place;
  private readonly parent: Place | null;
  private readonly about: { readonly kind: SpanKind; readonly name: string; readonly facts: SpanFacts };
  private readonly startedWallMs: number;

  constructor(
    tracer: Tracer,
    place: Place,
    parent: Place | null,
    about: OpenSpan['about'],
    startedWallMs: number,
    startedMs: number,
    isExported: boolean,
  ) {
    this.tracer = tracer;
    this.place = place;
    this.parent = parent;
    this.about = about;
    this.startedWallMs = startedWallMs;
    this.startedMs = startedMs;
    this.isExported = isExported;
  }

  get trace(): string {
    return this.place.trace;
  }

  get header(): string {
    return formatHeader(this.place);
  }

  run<T>(work: () => T): T {
    return this.tracer.runAt(this.place, work);
  }

  end(error?: unknown): void {
    this.tracer.ended(this, error);
  }

  told(nowMs: number, error: unknown): EndedSpan {
    const { trace, span } = this.place;
    const { kind, name, facts } = this.about;
    return {
      ...{ trace, span, parent: this.parent?.span ?? null, isParentRemote: this.parent?.isRemote ?? false },
      ...{ kind, name, startedWallMs: this.startedWallMs, tookMs: nowMs - this.startedMs },
      facts: Object.fromEntries(Object.entries(facts).map(([key, value]) => [key, cut(value)])),
      error: error === undefined ? null : String(cut(messageOf(error))),
    };
  }
}

function cut(value: string | number): string | number {
  return typeof value === 'string' ? value.slice(0, factCharactersMax) : value;
}
