/**
 * Segments of a record: one that is being written, as lines in a buffer that is used again, and sealed ones, compressed
 * and never changed. Between a ring (`recorder-ring.ts`) and zlib. Knows lines, not what they say.
 */
import { deflateRawSync } from 'node:zlib';
import { recordBufferStartBytes, recordSegmentOverheadBytes } from './limits.ts';

export interface SegmentInfo {
  /** Counts all segments of the node, in the order in which they were opened. */
  readonly number: number;
  readonly kind: string;
  /** Wall clock of its first and last line, Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Length of its text, and of the same compressed (an open one: not known, 0). */
  readonly textBytes: number;
  readonly bytes: number;
}

export interface SealedSegment extends SegmentInfo {
  readonly body: Buffer;
}

/** The level is the quickest: it makes the text a tenth already. */
const level = 1;

/** The text of the segments of one kind while they are written. */
export class SegmentWriter {
  private buffer = Buffer.allocUnsafeSlow(recordBufferStartBytes);
  private length = 0;

  get textBytes(): number {
    return this.length;
  }

  /** What it costs, also when empty. */
  get heldBytes(): number {
    return this.buffer.length;
  }

  /** Answers the bytes that were written. */
  line(text: string): number {
    // A UTF-16 unit takes three bytes at most; measured exactly only when that might not fit.
    if (this.length + text.length * 3 + 1 > this.buffer.length) {
      const needed = this.length + Buffer.byteLength(text) + 1;
      if (needed > this.buffer.length) this.grow(needed);
    }
    const before = this.length;
    this.length += this.buffer.write(text, this.length);
    this.buffer[this.length] = 10;
    this.length += 1;
    return this.length - before;
  }

  compressed(): Buffer {
    const bytes = deflateRawSync(this.buffer.subarray(0, this.length), { level });
    // zlib answers a view of a larger buffer; only these bytes are to be kept.
    const body = Buffer.allocUnsafeSlow(bytes.length);
    bytes.copy(body);
    return body;
  }

  clear(): void {
    this.length = 0;
  }

  private grow(needed: number): void {
    let size = this.buffer.length * 2;
    while (size < needed) size *= 2;
    const larger = Buffer.allocUnsafeSlow(size);
    this.buffer.copy(larger, 0, 0, this.length);
    this.buffer = larger;
  }
}

export function costOf(segment: SealedSegment): number {
  return segment.bytes + recordSegmentOverheadBytes;
}
