/**
 * One machine's way into the record: its steps, and the states that they follow from. A small state is kept anew in every
 * segment; a large one is kept in pieces every few minutes, and the segments between say that they follow. Between the
 * shell that steps the machine and the ring of its kind. Never changes what is decided.
 */
import type { Clock } from './clock.ts';
import {
  recordBaseAgainMs,
  recordBaseAtOnceBytesMax,
  recordBaseBytesMax,
  recordBaseEveryMs,
  recordCheckpointBytesMax,
  recordEventBytesMax,
} from './limits.ts';
import type { Random } from './random.ts';
import { hashEffects, hashText, type RecordForm } from './recorder-form.ts';
import { LargeState } from './recorder-large.ts';
import { type Pieces, piecesOf, snapshotText } from './recorder-pieces.ts';
import { type Ring, wholeMs } from './recorder-ring.ts';

export interface RecordingNeeds {
  readonly ring: Ring;
  readonly clock: Clock;
  readonly bases: Set<LargeState>;
  nextEntry(): number;
}

/** One machine's way into the record. */
export class Recording<S, E extends { readonly type: string }, F> {
  private readonly form: RecordForm<S, E, F>;
  private readonly label: string;
  private readonly needs: RecordingNeeds;
  private readonly ring: Ring;
  private readonly clock: Clock;
  /** The segment that holds a checkpoint of this machine, or says that it follows from the one before; 0: none. */
  private checkpointIn = 0;
  /** When the large state was captured from which everything follows that came since; null: it is told in one line. */
  private baseAtMs: number | null = null;
  private base: LargeState | null = null;
  private lastBaseMs = Number.NEGATIVE_INFINITY;
  /** A large state is to be kept, but not before. */
  private baseDueMs: number | null = null;
  /** The last entry; null when something was left out after it. */
  private last: number | null = null;
  private drawn: number[] = [];

  constructor(form: RecordForm<S, E, F>, machine: string, needs: RecordingNeeds) {
    this.form = form;
    this.label = JSON.stringify(machine);
    this.needs = needs;
    this.ring = needs.ring;
    this.clock = needs.clock;
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
    const told = form.isHuge?.(event) ? null : JSON.stringify(form.event(event));
    if (told === null || isOver(told, recordEventBytesMax)) {
      ring.leaveOut(event.type);
      return this.leftOut();
    }
    const segment = ring.segment();
    if (segment !== this.checkpointIn || (this.baseDueMs !== null && ring.nowMs >= this.baseDueMs)) {
      this.checkpoint(state);
      // A large state may have filled segments.
      this.checkpointIn = ring.segment();
      if (this.checkpointIn !== segment) this.follow();
    }
    return told;
  }

  private after(told: string, hash: number, threw: boolean): void {
    const n = this.needs.nextEntry();
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

  /** What the next entry follows from. */
  private checkpoint(state: S): void {
    const { form, ring } = this;
    const { nowMs } = ring;
    if (this.baseAtMs !== null && nowMs - this.baseAtMs < recordBaseEveryMs) {
      this.follow();
      return;
    }
    this.base?.finish();
    this.forgetBase();
    this.baseDueMs = null;
    const weightBytes = form.weightBytes(state);
    if (weightBytes > (form.changesInPlace ? recordBaseAtOnceBytesMax : recordBaseBytesMax)) {
      this.tell(`"omittedBytes":${weightBytes}`);
      return;
    }
    const snapshot = form.snapshot(state);
    if (weightBytes <= recordCheckpointBytesMax) {
      const text = snapshotText(snapshot);
      if (!isOver(text, recordCheckpointBytesMax)) {
        this.tell(`"hash":${hashText(text)},"state":${text}`);
        return;
      }
    }
    const isDue = nowMs - this.lastBaseMs >= recordBaseAgainMs;
    if (!isDue) this.baseDueMs = this.lastBaseMs + recordBaseAgainMs;
    const pieces = isDue ? piecesOf(snapshot) : null;
    // What is no row must be short enough for a line.
    if (pieces !== null && !isOver(pieces.head, recordCheckpointBytesMax)) this.keepLarge(pieces);
    else this.tell(`"omittedBytes":${weightBytes}`);
  }

  private keepLarge(pieces: Pieces): void {
    const { ring, clock, label, last: after, needs } = this;
    const base = new LargeState({ ring, clock, label, after }, pieces);
    this.lastBaseMs = ring.nowMs;
    this.baseAtMs = ring.nowMs;
    this.base = base;
    if (this.form.changesInPlace) {
      base.finish();
      return;
    }
    needs.bases.add(base);
    base.begin(() => needs.bases.delete(base));
  }

  /** This segment goes on where the one before it ended. */
  private follow(): void {
    this.tell('"follows":true');
  }

  private tell(body: string): void {
    const { ring, label, last } = this;
    ring.write(`{"checkpoint":{"machine":${label},"after":${last},${body}}}`, wholeMs(this.clock));
  }

  private forgetBase(): void {
    this.baseAtMs = null;
    if (this.base === null) return;
    this.base.abandon();
    this.needs.bases.delete(this.base);
    this.base = null;
  }

  private leftOut(): null {
    this.checkpointIn = 0;
    this.last = null;
    this.forgetBase();
    return null;
  }
}

function isOver(text: string, bytesMax: number): boolean {
  return text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax;
}
