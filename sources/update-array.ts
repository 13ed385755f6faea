/**
 * Device updates as one JSON array, in parts of a bounded size, as they come: what a document is made of. It follows the hash and
 * the length of all of it; what it holds is less than a part and the updates that were just given.
 */
import { createHash } from 'node:crypto';
import type { DeviceUpdate } from './device-update.ts';

export class UpdateArray {
  private readonly partBytesMax: number;
  private readonly hash = createHash('sha256');
  private held: Buffer[] = [];
  private heldBytes = 0;
  /** Of all parts that were given out. */
  bytes = 0;
  items = 0;

  constructor(partBytesMax: number) {
    this.partBytesMax = partBytesMax;
  }

  /** The parts that are full with these; often none. */
  *add(updates: readonly DeviceUpdate[]): Generator<Uint8Array> {
    for (const update of updates) {
      this.hold(Buffer.from(`${this.items === 0 ? '[' : ',\n'}${JSON.stringify(update)}`));
      this.items += 1;
      yield* this.full(this.partBytesMax);
    }
  }

  /** What is left, with the end of the array. */
  *end(): Generator<Uint8Array> {
    this.hold(Buffer.from(this.items === 0 ? '[]' : ']'));
    yield* this.full(1);
  }

  /** Hexadecimal, of all parts that were given out. */
  sha256(): string {
    return this.hash.copy().digest('hex');
  }

  private hold(bytes: Buffer): void {
    this.held.push(bytes);
    this.heldBytes += bytes.length;
  }

  private *full(bytesMin: number): Generator<Uint8Array> {
    while (this.heldBytes >= bytesMin) {
      const all = Buffer.concat(this.held);
      const part = all.subarray(0, this.partBytesMax);
      const rest = all.subarray(part.length);
      this.held = rest.length === 0 ? [] : [rest];
      this.heldBytes = rest.length;
      this.hash.update(part);
      this.bytes += part.length;
      yield part;
    }
  }
}
