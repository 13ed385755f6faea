/**
 * Finds frames in a stream of chunks of any size. Between a socket (push) and the link (next). Pull, not push: a link that
 * closes stops asking, and nothing is read further. The length field is judged before anything is allocated, and room
 * for an incomplete frame grows with the bytes that have really arrived, so a peer that only claims costs nothing.
 */
import { assert, ClusterError } from './errors.ts';
import { decodeFrame, type Frame, lengthBytes } from './frame.ts';
import { frameAssemblyStartBytes, frameBeforeHelloBytesMax } from './limits.ts';

export interface FrameReader {
  /** Takes the next chunk. All frames of the one before must have been asked for. Ignored after a failure. */
  push(chunk: Buffer): void;
  /** The next whole frame, or null: more bytes are needed, or `failure` is set. Payloads are views of what was pushed. */
  next(): Frame | null;
  /** `frame_too_large` or `frame_malformed`; nothing is read after it. */
  readonly failure: ClusterError | null;
  /** Raises the longest frame allowed, once the peer is known. */
  allow(frameBytesMax: number): void;
  /** Bytes held for a frame that is not complete. */
  readonly heldBytes: number;
}

const nothing: Buffer = Buffer.alloc(0);

export function createFrameReader(firstFrameBytesMax = frameBeforeHelloBytesMax): FrameReader {
  let bytesMax = firstFrameBytesMax;
  let failure: ClusterError | null = null;
  let chunk = nothing;
  let at = 0;
  /** The beginning of an incomplete frame, its length field included: `held` bytes of `assembly` are filled. */
  let assembly = nothing;
  let held = 0;

  function fail(code: 'frame_too_large' | 'frame_malformed', detail: string): null {
    failure = new ClusterError(code, detail);
    chunk = nothing;
    at = 0;
    release();
    return null;
  }

  function release(): void {
    assembly = nothing;
    held = 0;
  }

  /** The frame's end counted from its length field, or 0 after a failure. */
  function endOf(bytes: Buffer, start: number): number {
    const length = bytes.readUInt32BE(start);
    if (length <= bytesMax) return lengthBytes + length;
    fail('frame_too_large', `${length} bytes, at most ${bytesMax} now`);
    return 0;
  }

  function hold(bytes: number, roomMax: number): void {
    if (held + bytes > assembly.length) {
      const wanted = Math.max(held + bytes, assembly.length * 2, Math.min(roomMax, frameAssemblyStartBytes));
      const larger = Buffer.allocUnsafeSlow(Math.min(roomMax, wanted));
      assembly.copy(larger, 0, 0, held);
      assembly = larger;
    }
    chunk.copy(assembly, held, at, at + bytes);
    held += bytes;
    at += bytes;
  }

  function read(bytes: Buffer, start: number, end: number): Frame | null {
    const frame = decodeFrame(bytes, start + lengthBytes, end);
    return typeof frame === 'string' ? fail('frame_malformed', frame) : frame;
  }

  /** Goes on with the frame whose beginning is held. */
  function nextHeld(): Frame | null {
    if (held < lengthBytes) {
      hold(Math.min(lengthBytes - held, chunk.length - at), lengthBytes);
      if (held < lengthBytes) return null;
    }
    const end = endOf(assembly, 0);
    if (end === 0) return null;
    hold(Math.min(end - held, chunk.length - at), end);
    if (held < end) return null;
    const whole = assembly;
    release();
    return read(whole, 0, end);
  }

  function nextInChunk(): Frame | null {
    const left = chunk.length - at;
    if (left === 0) return null;
    if (left < lengthBytes) {
      hold(left, lengthBytes);
      return null;
    }
    const end = endOf(chunk, at);
    if (end === 0) return null;
    if (left < end) {
      hold(left, end);
      return null;
    }
    const start = at;
    at += end;
    return read(chunk, start, start + end);
  }

  return {
    push(next) {
      if (failure !== null) return;
      assert(at === chunk.length, 'a chunk was pushed before the last one was read to its end');
      chunk = next;
      at = 0;
    },
    next() {
      if (failure !== null) return null;
      return held > 0 ? nextHeld() : nextInChunk();
    },
    get failure() {
      return failure;
    },
    allow(frameBytesMax) {
      bytesMax = frameBytesMax;
    },
    get heldBytes() {
      return assembly.length;
    },
  };
}
