/**
 * One lane of a link's queue: frames in the order in which they are written. A frame that is larger than
 * `wholeFrameBytesMax` goes in parts, and small frames and the parts of others go between them; but what has the same flow
 * (the same receiver) as a large frame waits behind it, so that messages to one actor keep their order. Pure; bytes are
 * passed on, never copied.
 */
import { encodeControlHead, frameStartBytes, lengthBytes } from './frame.ts';
import { partedFramesMax, partFrameBytes, wholeFrameBytesMax } from './limits.ts';
import type { PartBounds } from './part-bounds.ts';

/** Frames that keep no order with any other have no flow. */
export type Flow = number | null;

/** Of the frames that are taken to be written. */
export interface Taken {
  chunks: Uint8Array[];
  bytes: number;
  /** Frames of them that are parts. */
  parts: number;
}

/** The frames of a link that are under way in parts: its lanes count them together. */
export interface Parted {
  frames: number;
  bytes: number;
  lastId: number;
  /** A single frame may be larger. */
  readonly bounds: () => PartBounds;
}

/** Stream, offset and total of a part, after what every frame begins with. */
const partHeadBytes = frameStartBytes + 12;
const partPayloadBytes = partFrameBytes - partHeadBytes;

/** A large frame, and what waits behind it. */
interface Stream {
  readonly flow: Flow;
  readonly frames: Uint8Array[][];
  /** Small frames that were put before it: they are written first. */
  readonly behind: number;
  /** The number of the frame that is written in parts; 0 when the first one is not begun. */
  id: number;
  offset: number;
}

/** Of lanes without small frames; never filled. */
const none: Uint8Array[] = [];

export class Lane {
  private small = none;
  private smallBytes = 0;
  private smallAt = 0;
  /** Small frames ever put, and ever taken. */
  private smallPut = 0;
  private smallTaken = 0;
  /** Mostly none: the number beside it is asked, which lies in the lane itself. */
  private readonly streams: Stream[] = [];
  private streamCount = 0;
  private flows: Map<number, Stream> | null = null;
  private readonly parted: Parted;
  /** The next stream whose turn it is. */
  private turn = 0;
  bytes = 0;

  constructor(parted: Parted) {
    this.parted = parted;
  }

  /** One frame: `head` begins with its length field. */
  put(head: Uint8Array, payload: Uint8Array, flow: Flow): void {
    const bytes = head.length + payload.length;
    this.bytes += bytes;
    if (bytes - lengthBytes <= wholeFrameBytesMax && this.streamCount === 0) {
      this.putSmall(head, payload, bytes);
      return;
    }
    const stream = flow === null ? undefined : this.flows?.get(flow);
    if (stream !== undefined) {
      stream.frames.push([head, payload]);
    } else if (bytes - lengthBytes > wholeFrameBytesMax) {
      const made = { flow, frames: [[head, payload]], behind: this.smallPut, id: 0, offset: 0 };
      this.streamCount = this.streams.push(made);
      this.flows ??= new Map();
      if (flow !== null) this.flows.set(flow, made);
    } else {
      this.putSmall(head, payload, bytes);
    }
  }

  private putSmall(head: Uint8Array, payload: Uint8Array, bytes: number): void {
    this.smallPut += 1;
    this.smallBytes += bytes;
    // In one piece, so that nothing comes between them.
    const frame = payload.length === 0 ? head : Buffer.concat([head, payload], bytes);
    // Mostly it is alone: a list that grows would take room for many.
    if (this.small.length === 0) this.small = [frame];
    else this.small.push(frame);
  }

  /** Takes whole frames and parts until there are `bytesMax` or a little more. */
  take(taken: Taken, bytesMax: number): void {
    while (this.bytes > 0 && taken.bytes < bytesMax) {
      const before = taken.bytes;
      const room = bytesMax - taken.bytes;
      this.takeSmall(taken, this.streamCount === 0 ? room : Math.min(room, wholeFrameBytesMax));
      if (this.streamCount > 0) this.takePart(taken);
      if (taken.bytes === before) return;
    }
  }

  private takeSmall(taken: Taken, bytesMax: number): void {
    if (this.smallBytes === 0) return;
    const { small } = this;
    if (taken.chunks.length === 0 && this.smallAt === 0 && this.smallBytes <= bytesMax) {
      taken.chunks = small;
      taken.bytes += this.smallBytes;
      this.bytes -= this.smallBytes;
      this.smallTaken += small.length;
      this.small = none;
      this.smallBytes = 0;
      return;
    }
    let [at, bytes] = [this.smallAt, 0];
    while (at < small.length && bytes < bytesMax) {
      const chunk = small[at]!;
      bytes += chunk.length;
      taken.chunks.push(chunk);
      at += 1;
    }
    this.smallTaken += at - this.smallAt;
    this.smallAt = at;
    this.smallBytes -= bytes;
    this.bytes -= bytes;
    taken.bytes += bytes;
    if (at === small.length) {
      this.small = none;
      this.smallAt = 0;
    } else if (at > 1_024 && at * 2 > small.length) {
      small.splice(0, at);
      this.smallAt = 0;
    }
  }

  /** Of the next stream in turn that may go on. */
  private takePart(taken: Taken): void {
    for (let tried = 0; tried < this.streams.length; tried += 1) {
      if (this.turn >= this.streams.length) this.turn = 0;
      const stream = this.streams[this.turn]!;
      if (!this.mayGoOn(stream)) {
        this.turn += 1;
        continue;
      }
      this.takeOf(stream, taken);
      if (stream.frames.length === 0) this.end(stream);
      else this.turn += 1;
      return;
    }
  }

  private mayGoOn(stream: Stream): boolean {
    if (stream.id !== 0) return true;
    if (stream.behind > this.smallTaken) return false;
    const bytes = bytesOf(stream.frames[0]!);
    if (bytes - lengthBytes <= wholeFrameBytesMax) return true;
    const { frames, bounds } = this.parted;
    return frames === 0 || (frames < partedFramesMax && this.parted.bytes + bytes <= bounds().bytesMax);
  }

  private takeOf(stream: Stream, taken: Taken): void {
    const frame = stream.frames[0]!;
    const totalBytes = bytesOf(frame) - lengthBytes;
    if (totalBytes <= wholeFrameBytesMax) {
      stream.frames.shift();
      taken.chunks.push(...frame);
      this.account(taken, totalBytes + lengthBytes, totalBytes + lengthBytes);
      return;
    }
    if (stream.id === 0) {
      this.parted.lastId = (this.parted.lastId % 0xffff_ffff) + 1;
      stream.id = this.parted.lastId;
      this.parted.frames += 1;
      this.parted.bytes += totalBytes;
    }
    const { id, offset } = stream;
    const bytes = Math.min(partPayloadBytes, totalBytes - offset);
    taken.chunks.push(encodeControlHead('part', { stream: id, offset, totalBytes }, bytes));
    slice(frame, lengthBytes + offset, bytes, taken.chunks);
    taken.parts += 1;
    stream.offset += bytes;
    const isWhole = stream.offset === totalBytes;
    this.account(taken, partHeadBytes + bytes, isWhole ? bytes + lengthBytes : bytes);
    if (!isWhole) return;
    stream.frames.shift();
    stream.id = 0;
    stream.offset = 0;
    this.parted.frames -= 1;
    this.parted.bytes -= totalBytes;
  }

  /** What is written is more than what was put, by the heads of parts. */
  private account(taken: Taken, written: number, put: number): void {
    taken.bytes += written;
    this.bytes -= put;
  }

  private end(stream: Stream): void {
    this.streams.splice(this.turn, 1);
    this.streamCount = this.streams.length;
    if (stream.flow !== null) this.flows?.delete(stream.flow);
  }
}

function bytesOf(chunks: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const chunk of chunks) bytes += chunk.length;
  return bytes;
}

/** Views of `bytes` bytes from `at` on. */
function slice(chunks: readonly Uint8Array[], at: number, bytes: number, into: Uint8Array[]): void {
  let [skip, left] = [at, bytes];
  for (const chunk of chunks) {
    if (left === 0) return;
    if (skip >= chunk.length) {
      skip -= chunk.length;
      continue;
    }
    const view = chunk.subarray(skip, skip + left);
    into.push(view);
    left -= view.length;
    skip = 0;
  }
}
