/**
 * gRPC's frames out of the bytes of a stream: a flag, a length of four bytes, a message (gRPC over HTTP2, Length-Prefixed-Message).
 * A length is judged before its bytes are held, so no more than one message is. Pure but for what it holds.
 */
import { type DialFault, faulty } from './dial-errors.ts';

const headBytes = 5;

export class FrameReader {
  private readonly bytesMax: number;
  private parts: Buffer[] = [];
  private held = 0;
  /** Of the message that is under way; null before its length is known. */
  private wanted: number | null = null;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  /** The messages that are whole now, or why the stream is given up. */
  read(bytes: Buffer): Buffer[] | DialFault {
    this.parts.push(bytes);
    this.held += bytes.length;
    const whole: Buffer[] = [];
    for (;;) {
      if (this.wanted === null) {
        if (this.held < headBytes) return whole;
        const head = this.take(headBytes);
        if (head[0] !== 0) return faulty('bad_answer', 'a compressed message, which was not asked for');
        const length = head.readUInt32BE(1);
        if (length > this.bytesMax)
          return faulty('too_large', `a message of ${length} bytes, at most ${this.bytesMax}`);
        this.wanted = length;
      }
      if (this.held < this.wanted) return whole;
      whole.push(this.take(this.wanted));
      this.wanted = null;
    }
  }

  /** Whether it ended between two messages. */
  get isBetween(): boolean {
    return this.wanted === null && this.held === 0;
  }

  private take(length: number): Buffer {
    const all = this.parts.length === 1 ? this.parts[0]! : Buffer.concat(this.parts);
    const rest = all.subarray(length);
    this.parts = rest.length === 0 ? [] : [rest];
    this.held -= length;
    return all.subarray(0, length);
  }
}

export function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(headBytes);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
