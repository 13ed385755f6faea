/**
 * Puts frames together that arrive in parts. Between the link (whole frames and parts, in the order of arrival) and the
 * frames that it hands on. What a peer can make it hold is bounded: so many frames, so many bytes when they are whole, and
 * room is taken as parts arrive, not as they are claimed.
 */
import { ClusterError } from './errors.ts';
import { type ControlFrame, decodeFrame, type Frame } from './frame.ts';
import { frameBytesMax, partedFramesMax, partsStartBytes, wholeFrameBytesMax } from './limits.ts';
import { type PartBounds, partBounds } from './part-bounds.ts';

interface Parted {
  readonly totalBytes: number;
  room: Buffer;
  held: number;
  /** Only counted: its beginning was handed on. */
  readonly isOverlong: boolean;
}

/** The beginning of a frame that is longer than this link takes, with as much of its payload as its first part holds. */
export class Overlong {
  readonly frame: Frame;

  constructor(frame: Frame) {
    this.frame = frame;
  }
}

type PartFrame = ControlFrame<'part'>;

export class Parts {
  private readonly bounds: () => PartBounds;
  private readonly open = new Map<number, Parted>();
  private claimedBytes = 0;

  constructor(bounds: () => PartBounds = () => partBounds) {
    this.bounds = bounds;
  }

  get isEmpty(): boolean {
    return this.open.size === 0;
  }

  /** The stream that is unfinished for longest. */
  get oldest(): number | null {
    const [first] = this.open.keys();
    return first ?? null;
  }

  /** Memory that is taken for them. */
  get heldBytes(): number {
    let bytes = 0;
    for (const { room } of this.open.values()) bytes += room.length;
    return bytes;
  }

  /** The frame that is whole by this part, or null; an error ends the link. Nothing is to be asked after one. */
  take(part: PartFrame): Frame | Overlong | ClusterError | null {
    const { stream, offset, totalBytes } = part.header;
    const { payload } = part;
    const parted = offset === 0 ? this.begin(stream, totalBytes) : this.open.get(stream);
    if (parted instanceof ClusterError) return parted;
    if (parted === undefined) return malformed(`part of stream ${stream}, which is not there`);
    if (parted.held !== offset || parted.totalBytes !== totalBytes || payload.length === 0)
      return malformed(`part ${offset} of ${totalBytes} after ${parted.held} of ${parted.totalBytes}`);
    const end = offset + payload.length;
    if (end > totalBytes) return malformed(`part to ${end} of ${totalBytes}`);
    parted.held = end;
    if (end === totalBytes) this.open.delete(stream);
    if (parted.isOverlong) return offset === 0 ? beginning(payload) : null;
    if (end > parted.room.length) parted.room = roomier(parted, offset, end);
    parted.room.set(payload, offset);
    if (end < totalBytes) return null;
    this.claimedBytes -= totalBytes;
    return whole(parted.room, totalBytes);
  }

  private begin(stream: number, totalBytes: number): Parted | ClusterError {
    if (this.open.has(stream)) return malformed(`stream ${stream} begins twice`);
    if (totalBytes <= wholeFrameBytesMax) return malformed(`a frame of ${totalBytes} bytes in parts`);
    if (totalBytes > frameBytesMax) return tooLarge(`${totalBytes} bytes in parts, at most ${frameBytesMax}`);
    const isOverlong = totalBytes > this.bounds().frameBytesMax;
    const claimedBytes = this.claimedBytes + (isOverlong ? 0 : totalBytes);
    if (this.open.size >= partedFramesMax || claimedBytes > this.bounds().bytesMax)
      return tooLarge(`${this.open.size} frames, ${this.claimedBytes} bytes and ${totalBytes} more in parts`);
    this.claimedBytes = claimedBytes;
    const room = Buffer.allocUnsafeSlow(isOverlong ? 0 : Math.min(totalBytes, partsStartBytes));
    const parted = { totalBytes, room, held: 0, isOverlong };
    this.open.set(stream, parted);
    return parted;
  }
}

function whole(room: Buffer, totalBytes: number): Frame | ClusterError {
  const frame = decodeFrame(room, 0, totalBytes);
  if (typeof frame === 'string') return malformed(`in parts: ${frame}`);
  return frame.kind === 'part' ? malformed('parts within parts') : frame;
}

/** The payload is a view of the part, as that of any frame is of what was read. */
function beginning(payload: Uint8Array): Overlong | ClusterError {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  const frame = decodeFrame(bytes, 0, bytes.length);
  if (typeof frame === 'string') return malformed(`in parts: ${frame}`);
  return frame.kind === 'part' ? malformed('parts within parts') : new Overlong(frame);
}

function roomier({ room, totalBytes }: Parted, held: number, end: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.min(totalBytes, Math.max(end, room.length * 2)));
  room.copy(larger, 0, 0, held);
  return larger;
}

function malformed(detail: string): ClusterError {
  return new ClusterError('frame_malformed', detail);
}

function tooLarge(detail: string): ClusterError {
  return new ClusterError('frame_too_large', detail);
}
