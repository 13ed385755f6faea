/**
 * Many JSON texts as one array, piece by piece however they are cut: what stands in an array becomes items of the one, an
 * object becomes an item. Older agents send a sync as arrays and a sweep as objects, one a chunk, and older pollers cut either
 * anywhere. Of constant size; what the items say is their reader's to judge.
 */

export interface OneArray {
  /** Brackets that are open in an item. */
  readonly depth: number;
  /** Between the brackets of an array of theirs, which is left out. */
  readonly inArray: boolean;
  /** In an item of such an array. */
  readonly inItem: boolean;
  /** A comma was there, and something has to come. */
  readonly expectsItem: boolean;
  readonly inText: boolean;
  readonly isEscaped: boolean;
  readonly items: number;
  /** It was no array and no object: nothing more is taken. */
  readonly isBad: boolean;
}

export const emptyArray: OneArray = {
  ...{ depth: 0, inArray: false, inItem: false, expectsItem: false, inText: false, isEscaped: false },
  ...{ items: 0, isBad: false },
};

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];
const isSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** `text`: what is to follow on what was given before; it begins with a bracket. */
export function addToArray(before: OneArray, piece: Uint8Array): { state: OneArray; text: Uint8Array } {
  const state: { -readonly [K in keyof OneArray]: OneArray[K] } = { ...before };
  // `{}{}` becomes `{},{}`: half as much again at the most, and the bracket.
  const out = Buffer.allocUnsafe(piece.length + (piece.length >> 1) + 2);
  let length = 0;
  const begin = () => {
    out[length] = state.items === 0 ? openArray : comma;
    length += 1;
    state.items += 1;
    state.expectsItem = false;
  };
  for (let at = 0; at < piece.length && !state.isBad; at += 1) {
    const byte = piece[at]!;
    if (state.inText || state.depth > 0) follow(state, byte);
    else if (isSpace(byte)) continue;
    else if (!state.inArray) {
      if (byte === openArray) state.inArray = true;
      else if (byte === openObject) {
        begin();
        state.depth = 1;
      } else state.isBad = true;
      if (byte !== openObject) continue;
    } else if (byte === comma || byte === closeArray) {
      // `[,` and `,]`; an empty array is one.
      if (!state.inItem && (byte === comma || state.expectsItem)) state.isBad = true;
      state.inItem = false;
      state.expectsItem = byte === comma;
      state.inArray = byte === comma;
      continue;
    } else if (byte === closeObject) {
      state.isBad = true;
      continue;
    } else {
      if (!state.inItem) begin();
      state.inItem = true;
      follow(state, byte);
    }
    out[length] = byte;
    length += 1;
  }
  return { state, text: out.subarray(0, length) };
}

/** What ends it; empty when there is no item. Null: it was cut in the middle, or was none. */
export function endOfArray({ isBad, inArray, inText, depth, items }: OneArray): Uint8Array | null {
  if (isBad || inArray || inText || depth > 0) return null;
  return Buffer.from(items === 0 ? '' : ']');
}

function follow(state: { inText: boolean; isEscaped: boolean; depth: number }, byte: number): void {
  if (state.inText) {
    if (state.isEscaped) state.isEscaped = false;
    else if (byte === backslash) state.isEscaped = true;
    else if (byte === quote) state.inText = false;
  } else if (byte === quote) state.inText = true;
  else if (byte === openArray || byte === openObject) state.depth += 1;
  else if (byte === closeArray || byte === closeObject) state.depth -= 1;
}
