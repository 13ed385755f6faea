/**
 * gRPC's frames out of the bytes of a stream: a flag, a length of four bytes, a message (gRPC over HTTP2, Length-Prefixed-Message).
 * A length is judged before its bytes are held, so no more than one message is; and they are copied together as they come, since
 * pieces of one byte each would hold a hundred times what they say. Pure but for what it holds.
 */
import { type DialFault, faulty } from './dial-errors.ts';

const headBytes = 5;
/** Doubled as long as more comes: what is held for a message is at most twice what came of it. */
const firstBytes = 4_096;

export class FrameReader {
  private readonly bytesMax: number;
  private readonly head = Buffer.alloc(headBytes);
  private headSeen = 0;
  /** Of the message that is under way; null before its length is known. */
  private wanted: number | null = null;
  private body = Buffer.alloc(0);
  private bodySeen = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** The messages that are whole now, or why the stream is given up. */
  read(bytes: Buffer): Buffer[] | DialFault {
    const whole: Buffer[] = [];
    let at = 0;
    for (;;) {
      if (this.wanted === null) {
        at += this.takeHead(bytes.subarray(at));
        if (this.headSeen < headBytes) return whole;
        if (this.head[0] !== 0) return faulty('bad_answer', 'a compressed message, which was not asked for');
        const length = this.head.readUInt32BE(1);
        if (length > this.bytesMax)
          return faulty('too_large', `a message of ${length} bytes, at most ${this.bytesMax}`);
        this.wanted = length;
      }
      const piece = bytes.subarray(at, at + this.wanted - this.bodySeen);
      at += piece.length;
      const message = this.takeBody(piece, this.wanted);
      if (message === null) return whole;
      whole.push(message);
    }
  }

  /** Whether it ended between two messages. */
  get isBetween(): boolean {
    return this.wanted === null && this.headSeen === 0;
  }

  /** How many bytes of it are the head's. */
  private takeHead(bytes: Buffer): number {
    const taken = bytes.copy(this.head, this.headSeen, 0, headBytes - this.headSeen);
    this.headSeen += taken;
    return taken;
  }

  /** The message, once it is whole. */
  private takeBody(piece: Buffer, wanted: number): Buffer | null {
    const seen = this.bodySeen + piece.length;
    if (seen > this.body.length) {
      const longer = Buffer.allocUnsafeSlow(Math.min(wanted, Math.max(firstBytes, 2 * seen)));
      this.body.copy(longer, 0, 0, this.bodySeen);
      this.body = longer;
    }
    piece.copy(this.body, this.bodySeen);
    this.bodySeen = seen;
    if (seen < wanted) return null;
    const message = this.body.subarray(0, wanted);
    this.body = Buffer.alloc(0);
    this.bodySeen = 0;
    this.headSeen = 0;
    this.wanted = null;
    return message;
  }
}

export function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
