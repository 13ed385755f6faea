/**
 * Counts the items of a JSON array as its bytes go by, however they are cut, and sees whether it is one: that it begins and
 * ends as an array, that its brackets and texts close. What the items say is their reader's to judge. Pure, and of constant size.
 */

export interface ItemCount {
  readonly items: number;
  /** Brackets that are open. */
  readonly depth: number;
  readonly inText: boolean;
  /** The byte before was a backslash in a text. */
  readonly isEscaped: boolean;
  /** Since the bracket or the last comma of the array there was something. */
  readonly hasItem: boolean;
  readonly phase: 'before' | 'inside' | 'after' | 'no_array';
}

export const noItems: ItemCount = {
  items: 0,
  depth: 0,
  inText: false,
  isEscaped: false,
  hasItem: false,
  phase: 'before',
};

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];
const isSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

export function countItems(state: ItemCount, bytes: Uint8Array): ItemCount {
  let { items, depth, inText, isEscaped, hasItem, phase } = state;
  for (let at = 0; at < bytes.length && phase !== 'no_array'; at += 1) {
    const byte = bytes[at]!;
    if (inText) {
      if (isEscaped) isEscaped = false;
      else if (byte === backslash) isEscaped = true;
      else if (byte === quote) inText = false;
      continue;
    }
    if (isSpace(byte)) continue;
    if (phase === 'before' && byte === openArray) {
      phase = 'inside';
      depth = 1;
    } else if (phase !== 'inside') phase = 'no_array';
    else if (depth === 1 && byte === comma) {
      if (!hasItem) phase = 'no_array';
      hasItem = false;
    } else if (byte === closeArray || byte === closeObject) {
      depth -= 1;
      if (depth === 0) {
        // After a comma something has to come.
        phase = byte === closeArray && (hasItem || items === 0) ? 'after' : 'no_array';
      }
    } else {
      if (depth === 1 && !hasItem) {
        hasItem = true;
        items += 1;
      }
      if (byte === openArray || byte === openObject) depth += 1;
      else if (byte === quote) inText = true;
    }
  }
  return { items, depth, inText, isEscaped, hasItem, phase };
}

/** Null: it was no array, or it is not over. */
export function itemsOf({ items, phase }: ItemCount): number | null {
  return phase === 'after' ? items : null;
}
