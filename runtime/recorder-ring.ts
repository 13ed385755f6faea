/**
 * The ring of one kind of machine: an open segment, the sealed ones before it, and the allowance that bounds what
 * recording costs. Events past the allowance are counted and told as a gap. Between the recordings of single machines
 * (`recorder.ts`) and the segments. Whole segments go, oldest first, so no entry is ever without its checkpoint.
 */
import type { Clock } from './clock.ts';
import {
  recordBytesPerS,
  recordKeptMs,
  recordKindBytesMax,
  recordSegmentBytes,
  recordSegmentMs,
} from './limits.ts';
import { costOf, type SealedSegment, type SegmentInfo, SegmentWriter } from './recorder-segment.ts';

interface Gap {
  count: number;
  readonly types: Record<string, number>;
  /** Wall clock; the other two are monotonic, because in a storm one clock is enough to ask. */
  readonly fromMs: number;
  readonly sinceMs: number;
  lastMs: number;
}

export interface RingNeeds {
  readonly clock: Clock;
  /** The allowance at its fullest. */
  readonly burstBytes: number;
  nextSegment(): number;
  /** More is held: the node's total is to be looked at. */
  grew(): void;
}

export class Ring {
  readonly kind: string;
  readonly sealed: SealedSegment[] = [];
  private readonly needs: RingNeeds;
  private readonly writer = new SegmentWriter();
  private number = 0;
  private fromMs = 0;
  private toMs = 0;
  private openedAtMs = 0;
  private sealedBytes = 0;
  private allowanceBytes: number;
  private refilledAtMs: number;
  private gap: Gap | null = null;
  private counting = false;
  /** Of large states that are being written. */
  private heldBytes = 0;
  /** Monotonic, of the event that was admitted last. */
  nowMs: number;
  /** Events that were not recorded, since the start. */
  leftOut = 0;

  constructor(kind: string, needs: RingNeeds) {
    this.kind = kind;
    this.needs = needs;
    this.allowanceBytes = needs.burstBytes;
    this.nowMs = needs.clock.monotonicMs();
    this.refilledAtMs = this.nowMs;
  }

  get bytes(): number {
    return this.sealedBytes + this.writer.heldBytes + this.heldBytes;
  }

  /** False: the allowance is used up, and the event is only counted. */
  admits(type: string): boolean {
    this.nowMs = this.needs.clock.monotonicMs();
    this.refill();
    this.counting = this.allowanceBytes < (this.counting ? this.needs.burstBytes / 2 : 1);
    if (this.counting) this.leaveOut(type);
    return !this.counting;
  }

  leaveOut(type: string): void {
    this.leftOut += 1;
    const { nowMs } = this;
    this.gap ??= { count: 0, types: {}, fromMs: wholeMs(this.needs.clock), sinceMs: nowMs, lastMs: nowMs };
    const { gap } = this;
    gap.count += 1;
    gap.types[type] = (gap.types[type] ?? 0) + 1;
    gap.lastMs = nowMs;
  }

  /** The number of the segment that the next lines go to; another than before when that one was full or old. */
  segment(): number {
    const { nowMs } = this;
    if (this.number !== 0) {
      const full = this.writer.textBytes >= recordSegmentBytes;
      if (full || nowMs - this.openedAtMs >= recordSegmentMs) this.seal();
    }
    if (this.number === 0) {
      this.number = this.needs.nextSegment();
      this.openedAtMs = nowMs;
      this.fromMs = wholeMs(this.needs.clock);
      this.toMs = this.fromMs;
    }
    this.tellGap();
    return this.number;
  }

  /** More memory is in use for this kind, or (below 0) less. */
  hold(bytes: number): void {
    this.heldBytes += bytes;
    this.trim();
    this.needs.grew();
  }

  /** Into the open segment: after `segment()` only. */
  write(line: string, wallMs: number): void {
    this.allowanceBytes -= this.place(line, wallMs);
  }

  /** As `write`, beside the allowance: for what has a bound of its own. Answers the bytes. */
  place(line: string, wallMs: number): number {
    const { heldBytes } = this.writer;
    const bytes = this.writer.line(line);
    this.toMs = wallMs;
    if (this.writer.heldBytes !== heldBytes) this.grown();
    return bytes;
  }

  private grown(): void {
    this.trim();
    this.needs.grew();
  }

  /** What is kept, the open segment last. */
  list(): SegmentInfo[] {
    // A gap that lasts is told as far as it has come.
    if (this.gap !== null) this.segment();
    const open = this.open(0);
    return [
      ...this.sealed.map(({ body: _, ...info }) => info),
      ...(open === null || this.writer.textBytes === 0 ? [] : [open]),
    ];
  }

  /** The compressed lines of a segment that is kept; the open one as it is now. */
  body(number: number): Buffer | null {
    if (number === this.number && number !== 0) return this.writer.compressed();
    return this.sealed.find((one) => one.number === number)?.body ?? null;
  }

  dropOldest(): void {
    const oldest = this.sealed.shift();
    if (oldest !== undefined) this.sealedBytes -= costOf(oldest);
  }

  /** Lets go what is too old or too much for this kind. */
  trim(): void {
    const beforeMs = wholeMs(this.needs.clock) - recordKeptMs;
    while (this.sealed.length > 0 && (this.bytes > recordKindBytesMax || this.sealed[0]!.toMs < beforeMs)) {
      this.dropOldest();
    }
  }

  private seal(): void {
    const body = this.writer.compressed();
    const segment = { ...this.open(body.length)!, body };
    this.sealed.push(segment);
    this.sealedBytes += costOf(segment);
    this.writer.clear();
    this.number = 0;
    this.trim();
    this.needs.grew();
  }

  private open(bytes: number): SegmentInfo | null {
    if (this.number === 0) return null;
    const { number, kind, fromMs, toMs } = this;
    return { number, kind, fromMs, toMs, textBytes: this.writer.textBytes, bytes };
  }

  private tellGap(): void {
    const { gap } = this;
    if (gap === null) return;
    this.gap = null;
    const { count, types, fromMs } = gap;
    const toMs = fromMs + Math.round(gap.lastMs - gap.sinceMs);
    const line = JSON.stringify({ gap: { kind: this.kind, count, types, fromMs, toMs } });
    this.write(line, wholeMs(this.needs.clock));
  }

  private refill(): void {
    const { nowMs } = this;
    const earned = ((nowMs - this.refilledAtMs) / 1_000) * recordBytesPerS;
    this.allowanceBytes = Math.min(this.needs.burstBytes, this.allowanceBytes + earned);
    this.refilledAtMs = nowMs;
  }
}

/** The wall clock in whole milliseconds: a simulated one may have parts of them. */
export function wholeMs(clock: Clock): number {
  return Math.floor(clock.wallMs());
}
