/**
 * Finds frames in a stream of chunks of any size. Between a socket (push) and the link (next). Pull, not push: a link that
 * closes stops asking, and nothing is read further. The length field is judged before anything is allocated, and room
 * for an incomplete frame grows with the bytes that have really arrived, so a peer that only claims costs nothing.
 */
import { assert, ClusterError } from './errors.ts';
import { decodeFrame, type Frame, lengthBytes } from './frame.ts';
import { frameAssemblyStartBytes, wholeFrameBytesMax } from './limits.ts';

const nothing: Buffer = Buffer.alloc(0);

/** Frames of at most `bytesMax` bytes after their length field. */
export function createFrameReader(bytesMax = wholeFrameBytesMax): FrameReader {
  return new FrameReader(bytesMax);
}

/** Where the frame ends that begins at `start`; 0 when not all of it is there, or when it is too large to be read whole. */
export function wholeFrameEnd(bytes: Buffer, start: number): number {
  if (bytes.length - start < lengthBytes) return 0;
  const length = bytes.readUInt32BE(start);
  const end = start + lengthBytes + length;
  return length > wholeFrameBytesMax || end > bytes.length ? 0 : end;
}

export class FrameReader {
  private readonly bytesMax: number;
  private failed: ClusterError | null = null;
  private chunk = nothing;
  private at = 0;
  /** The beginning of an incomplete frame, its length field included: `held` bytes of `assembly` are filled. */
  private assembly = nothing;
  private held = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** `frame_too_large` or `frame_malformed`; nothing is read after it. */
  get failure(): ClusterError | null {
    return this.failed;
  }

  /** Bytes held for a frame that is not complete. */
  get heldBytes(): number {
    return this.assembly.length;
  }

  /** Takes the next chunk. All frames of the one before must have been asked for. Ignored after a failure. */
  push(chunk: Buffer): void {
    if (this.failed !== null) return;
    assert(this.at === this.chunk.length, 'a chunk was pushed before the last one was read to its end');
    this.chunk = chunk;
    this.at = 0;
  }

  /** The next whole frame, or null: more bytes are needed, or `failure` is set. Payloads are views of what was pushed. */
  next(): Frame | null {
    if (this.failed !== null) return null;
    return this.held > 0 ? this.nextHeld() : this.nextInChunk();
  }

  /** Goes on with the frame whose beginning is held. */
  private nextHeld(): Frame | null {
    if (this.held < lengthBytes) {
      this.hold(Math.min(lengthBytes - this.held, this.chunk.length - this.at), lengthBytes);
      if (this.held < lengthBytes) return null;
    }
    const end = this.endOf(this.assembly, 0);
    if (end === 0) return null;
    this.hold(Math.min(end - this.held, this.chunk.length - this.at), end);
    if (this.held < end) return null;
    const whole = this.assembly;
    this.release();
    return this.read(whole, 0, end);
  }

  private nextInChunk(): Frame | null {
    const { chunk, at } = this;
    const left = chunk.length - at;
    if (left === 0) return null;
    if (left < lengthBytes) {
      this.hold(left, lengthBytes);
      return null;
    }
    const end = this.endOf(chunk, at);
    if (end === 0) return null;
    if (left < end) {
      this.hold(left, end);
      return null;
    }
    this.at = at + end;
    return this.read(chunk, at, at + end);
  }

  /** The frame's end counted from its length field, or 0 after a failure. */
  private endOf(bytes: Buffer, start: number): number {
    const length = bytes.readUInt32BE(start);
    if (length <= this.bytesMax) return lengthBytes + length;
    this.fail('frame_too_large', `${length} bytes, at most ${this.bytesMax}`);
    return 0;
  }

  private hold(bytes: number, roomMax: number): void {
    if (this.held + bytes > this.assembly.length) {
      this.assembly = roomier(this.assembly, this.held, bytes, roomMax);
    }
    this.chunk.copy(this.assembly, this.held, this.at, this.at + bytes);
    this.held += bytes;
    this.at += bytes;
  }

  private read(bytes: Buffer, start: number, end: number): Frame | null {
    const frame = decodeFrame(bytes, start + lengthBytes, end);
    return typeof frame === 'string' ? this.fail('frame_malformed', frame) : frame;
  }

  private release(): void {
    this.assembly = nothing;
    this.held = 0;
  }

  private fail(code: 'frame_too_large' | 'frame_malformed', detail: string): null {
    this.failed = new ClusterError(code, detail);
    this.chunk = nothing;
    this.at = 0;
    this.release();
    return null;
  }
}

/** At least doubled, so that many small chunks are not copied over and over; never beyond the frame's own length. */
function roomier(assembly: Buffer, held: number, bytes: number, roomMax: number): Buffer {
  const wanted = Math.max(held + bytes, assembly.length * 2, Math.min(roomMax, frameAssemblyStartBytes));
  const larger = Buffer.allocUnsafeSlow(Math.min(roomMax, wanted));
  assembly.copy(larger, 0, 0, held);
  return larger;
}
