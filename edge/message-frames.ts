/**
 * The frames of gRPC's messages (github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md, "Length-Prefixed-Message") in the bytes
 * of a stream as they come: how much of one is there that is not whole, and how long those are that became whole. Pure; decodes
 * nothing.
 */
import { chunkOverheadBytes } from './limits.ts';

const headBytes = 5;

export class MessageFrames {
  private headSeen = 0;
  private size = 0;
  private left = 0;
  /** What is kept in memory for the message that is not whole: the pieces with what each costs beside its bytes. */
  partialBytes = 0;
  /** Lengths of those that became whole and were not taken yet, the oldest first. */
  readonly whole: number[] = [];

  take(piece: Uint8Array): void {
    let began = this.headSeen > 0;
    for (let at = 0; at < piece.length; ) {
      if (this.headSeen < headBytes) {
        // The first octet says whether it is compressed, the others how long it is.
        if (this.headSeen > 0) this.size = this.size * 256 + piece[at]!;
        this.headSeen += 1;
        at += 1;
        if (this.headSeen < headBytes) continue;
        this.left = this.size;
      } else {
        const taken = Math.min(this.left, piece.length - at);
        this.left -= taken;
        at += taken;
      }
      if (this.left > 0) continue;
      this.whole.push(this.size);
      this.headSeen = 0;
      this.size = 0;
      this.partialBytes = 0;
      began = false;
    }
    // A message keeps all of the piece in which it begins, also what was another's.
    if (began || this.headSeen > 0) this.partialBytes += piece.length + chunkOverheadBytes;
  }
}
