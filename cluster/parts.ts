/**
 * Puts frames together that arrive in parts. Between the link (whole frames and parts, in the order of arrival) and the
 * frames that it hands on. What a peer can make it hold is bounded: so many frames, so many bytes when they are whole, and
 * room is taken as parts arrive, not as they are claimed.
 */
import { ClusterError } from './errors.ts';
import { type ControlFrame, decodeFrame, type Frame } from './frame.ts';
import {
  frameBytesMax,
  partedBytesMax,
  partedFramesMax,
  partsStartBytes,
  wholeFrameBytesMax,
} from './limits.ts';

interface Parted {
  readonly totalBytes: number;
  room: Buffer;
  held: number;
}

type PartFrame = ControlFrame<'part'>;

export class Parts {
  private readonly open = new Map<number, Parted>();
  private claimedBytes = 0;

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
  take(part: PartFrame): Frame | ClusterError | null {
    const { stream, offset, totalBytes } = part.header;
    const { payload } = part;
    const parted = offset === 0 ? this.begin(stream, totalBytes) : this.open.get(stream);
    if (parted instanceof ClusterError) return parted;
    if (parted === undefined) return malformed(`part of stream ${stream}, which is not there`);
    if (parted.held !== offset || parted.totalBytes !== totalBytes || payload.length === 0)
      return malformed(`part ${offset} of ${totalBytes} after ${parted.held} of ${parted.totalBytes}`);
    const end = offset + payload.length;
    if (end > totalBytes) return malformed(`part to ${end} of ${totalBytes}`);
    if (end > parted.room.length) parted.room = roomier(parted, end);
    parted.room.set(payload, offset);
    parted.held = end;
    if (end < totalBytes) return null;
    this.open.delete(stream);
    this.claimedBytes -= totalBytes;
    return whole(parted.room, totalBytes);
  }

  private begin(stream: number, totalBytes: number): Parted | ClusterError {
    if (this.open.has(stream)) return malformed(`stream ${stream} begins twice`);
    if (totalBytes <= wholeFrameBytesMax) return malformed(`a frame of ${totalBytes} bytes in parts`);
    if (totalBytes > frameBytesMax) return tooLarge(`${totalBytes} bytes in parts, at most ${frameBytesMax}`);
    if (this.open.size >= partedFramesMax || this.claimedBytes + totalBytes > partedBytesMax)
      return tooLarge(`${this.open.size} frames, ${this.claimedBytes} bytes and ${totalBytes} more in parts`);
    this.claimedBytes += totalBytes;
    const room = Buffer.allocUnsafeSlow(Math.min(totalBytes, partsStartBytes));
    const parted = { totalBytes, room, held: 0 };
    this.open.set(stream, parted);
    return parted;
  }
}

function whole(room: Buffer, totalBytes: number): Frame | ClusterError {
  const frame = decodeFrame(room, 0, totalBytes);
  if (typeof frame === 'string') return malformed(`in parts: ${frame}`);
  return frame.kind === 'part' ? malformed('parts within parts') : frame;
}

function roomier({ room, held, totalBytes }: Parted, end: number): Buffer {
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
