/**
 * The items of a JSON array as its bytes come, however they are cut: one text each, of bounded length. That it is an array is known;
 * what an item says is its reader's to judge. Pure, and of constant size but for the item that is open.
 */

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const isOpening = (byte: number) => byte === 0x5b || byte === 0x7b;
const isClosing = (byte: number) => byte === 0x5d || byte === 0x7d;

export class ArrayItems {
  private readonly itemBytesMax: number;
  private depth = 0;
  private inText = false;
  private isEscaped = false;
  private held: Uint8Array[] = [];
  private heldBytes = 0;
  private isTooLong = false;

  constructor(itemBytesMax: number) {
    this.itemBytesMax = itemBytesMax;
  }

  /** Those that end in these bytes; null: one that is too long to be read. */
  add(bytes: Uint8Array): (string | null)[] {
    const items: (string | null)[] = [];
    let from = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at]!;
      if (this.inText) {
        if (this.isEscaped) this.isEscaped = false;
        else if (byte === backslash) this.isEscaped = true;
        else if (byte === quote) this.inText = false;
      } else if (byte === quote) this.inText = true;
      else if (isOpening(byte)) {
        this.depth += 1;
        if (this.depth === 1) from = at + 1;
      } else if (isClosing(byte) || (byte === comma && this.depth === 1)) {
        if (this.depth === 1) {
          this.hold(bytes.subarray(from, at));
          this.take(items, byte === comma);
          from = at + 1;
        }
        if (byte !== comma) this.depth -= 1;
      }
    }
    if (this.depth > 0) this.hold(bytes.slice(from));
    return items;
  }

  private hold(bytes: Uint8Array): void {
    this.heldBytes += bytes.length;
    if (this.heldBytes > this.itemBytesMax) {
      this.isTooLong = true;
      this.held = [];
    } else this.held.push(bytes);
  }

  /** Nothing between a bracket and the end is no item. */
  private take(items: (string | null)[], isBeforeComma: boolean): void {
    if (this.isTooLong) items.push(null);
    else {
      const text = Buffer.concat(this.held).toString('utf8').trim();
      if (text !== '' || isBeforeComma) items.push(text);
    }
    this.held = [];
    this.heldBytes = 0;
    this.isTooLong = false;
  }
}
