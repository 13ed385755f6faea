/**
 * The flight recorder: the last minutes of what a node's decision machines were told and what they decided, in bounded
 * memory and at a bounded cost. Decisions are pure, so a checkpoint and the events after it give the same decisions
 * again (`recorder-replay.ts`). Between the shells that step machines and whoever asks for the record. Keeps no payloads:
 * a machine's `RecordForm` says what of an event may be kept. Never changes what a machine decides.
 */
import type { Clock } from './clock.ts';
import { assert } from './errors.ts';
import {
  recordBurstBytes,
  recordBytesMax,
  recordCheckpointBytesMax,
  recordEventBytesMax,
  recordKindsMax,
} from './limits.ts';
import type { Random } from './random.ts';
import { hashEffects, hashText, type RecordForm } from './recorder-form.ts';
import { type RecordHead, recordVersion } from './recorder-lines.ts';
import { Ring, wholeMs } from './recorder-ring.ts';

export interface RecorderOptions {
  readonly node: string;
  readonly boot: number;
  readonly clock: Clock;
}

export class Recorder {
  private readonly options: RecorderOptions;
  private readonly rings = new Map<string, Ring>();
  private readonly forms: Record<string, number> = {};
  private segments = 0;
  private entries = 0;

  constructor(options: RecorderOptions) {
    this.options = options;
  }

  /** What it costs in memory now; never more than `recordBytesMax`. */
  get bytes(): number {
    let sum = 0;
    for (const ring of this.rings.values()) sum += ring.bytes;
    return sum;
  }

  /** A machine from now on. Nothing need be undone when it ends. `name` tells machines of one kind apart. */
  machine<S, E extends { readonly type: string }, F>(
    form: RecordForm<S, E, F>,
    name = '',
  ): Recording<S, E, F> {
    this.forms[form.kind] = form.version;
    const label = name === '' ? form.kind : `${form.kind}/${name}`;
    return new Recording(
      form,
      label,
      this.ringOf(form.kind, form.burstBytes ?? recordBurstBytes),
      this.options.clock,
      () => {
        this.entries += 1;
        return this.entries;
      },
    );
  }

  head(): RecordHead {
    const { node, boot, clock } = this.options;
    const rings = [...this.rings.values()];
    for (const ring of rings) ring.trim();
    return {
      version: recordVersion,
      node,
      boot,
      takenAtMs: wholeMs(clock),
      forms: { ...this.forms },
      leftOut: rings.reduce((sum, ring) => sum + ring.leftOut, 0),
      segments: rings.flatMap((ring) => ring.list()).sort((a, b) => a.number - b.number),
    };
  }

  /** The lines of a segment as raw deflate; null when it is no longer kept. */
  segment(number: number): Buffer | null {
    for (const ring of this.rings.values()) {
      const body = ring.body(number);
      if (body !== null) return body;
    }
    return null;
  }

  private ringOf(kind: string, burstBytes: number): Ring {
    const known = this.rings.get(kind);
    if (known !== undefined) return known;
    assert(this.rings.size < recordKindsMax, `over ${recordKindsMax} kinds of machines are recorded`);
    const ring = new Ring(kind, {
      clock: this.options.clock,
      burstBytes,
      nextSegment: () => {
        this.segments += 1;
        return this.segments;
      },
      grew: () => this.trim(),
    });
    this.rings.set(kind, ring);
    return ring;
  }

  private trim(): void {
    while (this.bytes > recordBytesMax) {
      let oldest: Ring | null = null;
      for (const ring of this.rings.values()) {
        const first = ring.sealed[0];
        if (first !== undefined && (oldest === null || first.number < oldest.sealed[0]!.number))
          oldest = ring;
      }
      if (oldest === null) return;
      oldest.dropOldest();
    }
  }
}

/** One machine's way into the record. */
export class Recording<S, E extends { readonly type: string }, F> {
  private readonly form: RecordForm<S, E, F>;
  private readonly label: string;
  private readonly ring: Ring;
  private readonly clock: Clock;
  private readonly nextEntry: () => number;
  /** The segment that holds a checkpoint of this machine which its later entries follow from; 0: none. */
  private checkpointIn = 0;
  /** The last entry; null when something was left out after it. */
  private last: number | null = null;
  private drawn: number[] = [];

  constructor(form: RecordForm<S, E, F>, machine: string, ring: Ring, clock: Clock, nextEntry: () => number) {
    this.form = form;
    this.label = JSON.stringify(machine);
    this.ring = ring;
    this.clock = clock;
    this.nextEntry = nextEntry;
  }

  /** Steps the machine, and records what it was told before it and what came of it after. */
  step<R extends { readonly effects: readonly F[] }>(
    state: S,
    event: E,
    decide: (state: S, event: E) => R,
  ): R {
    const told = this.before(state, event);
    if (told === null) return decide(state, event);
    let step: R;
    try {
      step = decide(state, event);
    } catch (thrown) {
      this.after(told, 0, true);
      throw thrown;
    }
    this.after(told, hashEffects(this.form, step.effects), false);
    return step;
  }

  /** Chance for the machine: what it draws within a step is recorded with it. */
  random(source: Random): Random {
    return {
      next: () => {
        const drawn = source.next();
        this.drawn.push(drawn);
        return drawn;
      },
    };
  }

  /** The event as it will be kept, with the state before it: both may be changed by the step. Null: not recorded. */
  private before(state: S, event: E): string | null {
    const { form, ring } = this;
    if (this.drawn.length > 0) this.drawn = [];
    if (form.changesNothing?.(state, event)) return null;
    if (!ring.admits(event.type)) return this.leftOut();
    const told = JSON.stringify(form.event(event));
    if (told.length * 3 > recordEventBytesMax && Buffer.byteLength(told) > recordEventBytesMax) {
      ring.leaveOut(event.type);
      return this.leftOut();
    }
    const segment = ring.segment();
    if (segment !== this.checkpointIn) {
      this.checkpointIn = segment;
      ring.write(this.checkpoint(state), wholeMs(this.clock));
    }
    return told;
  }

  private after(told: string, hash: number, threw: boolean): void {
    const n = this.nextEntry();
    this.last = n;
    const atMs = wholeMs(this.clock);
    const ms = Math.round(this.ring.nowMs * 1_000) / 1_000;
    const chance = this.drawn.length === 0 ? '' : `,"drawn":${JSON.stringify(this.drawn)}`;
    const end = threw ? ',"threw":true}' : '}';
    this.ring.write(
      `{"n":${n},"machine":${this.label},"at":${atMs},"ms":${ms},"event":${told},"effects":${hash}${chance}${end}`,
      atMs,
    );
  }

  private checkpoint(state: S): string {
    const { form, label, last } = this;
    const weightBytes = form.weightBytes(state);
    const text = weightBytes > recordCheckpointBytesMax ? '' : JSON.stringify(form.snapshot(state));
    const bytes = Buffer.byteLength(text);
    const body =
      text !== '' && bytes <= recordCheckpointBytesMax
        ? `"hash":${hashText(text)},"state":${text}`
        : `"omittedBytes":${Math.max(weightBytes, bytes)}`;
    return `{"checkpoint":{"machine":${label},"after":${last},${body}}}`;
  }

  private leftOut(): null {
    this.checkpointIn = 0;
    this.last = null;
    return null;
  }
}
