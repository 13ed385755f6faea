/** The hash and the items of a document, followed as its bytes come; what was missed is given to it later, in order. */
import { createHash } from 'node:crypto';
import { countItems, type ItemCount, itemsOf, noItems } from './item-count.ts';

export class DocumentSum {
  private readonly hash = createHash('sha256');
  private count: ItemCount = noItems;
  /** From the beginning, those that were given. */
  bytes = 0;

  add(bytes: Uint8Array): void {
    this.hash.update(bytes);
    this.count = countItems(this.count, bytes);
    this.bytes += bytes.length;
  }

  /** Hexadecimal, of what was given so far. */
  sha256(): string {
    return this.hash.copy().digest('hex');
  }

  /** Null: it is no JSON array, or not yet. */
  items(): number | null {
    return itemsOf(this.count);
  }
}
