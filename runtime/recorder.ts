/**
 * The flight recorder: the last minutes of what a node's decision machines were told and what they decided, in bounded
 * memory and at a bounded cost. Decisions are pure, so a checkpoint and the events after it give the same decisions
 * again (`recorder-replay.ts`). Between the shells that step machines and whoever asks for the record. Keeps no payloads:
 * a machine's `RecordForm` says what of an event may be kept. Never changes what a machine decides.
 */
import type { Clock } from './clock.ts';
import { assert } from './errors.ts';
import { recordBurstBytes, recordBytesMax, recordKindsMax } from './limits.ts';
import type { RecordForm } from './recorder-form.ts';
import type { LargeState } from './recorder-large.ts';
import { recordVersion } from './recorder-line.ts';
import type { RecordHead } from './recorder-lines.ts';
import { Recording } from './recorder-machine.ts';
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
  /** Large states that are being written. */
  private readonly bases = new Set<LargeState>();

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
    return new Recording(form, label, {
      ring: this.ringOf(form.kind, form.burstBytes ?? recordBurstBytes),
      clock: this.options.clock,
      bases: this.bases,
      nextEntry: () => {
        this.entries += 1;
        return this.entries;
      },
    });
  }

  head(): RecordHead {
    const { node, boot, clock } = this.options;
    // A large state that is half told would be of no use.
    for (const base of this.bases) base.finish();
    this.bases.clear();
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
