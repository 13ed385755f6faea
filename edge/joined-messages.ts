/**
 * Older pollers cut a message over 3 MiB by its bytes into entries that follow one another: joined here by service name and
 * type. Of a sync each entry may be an array of its own: those become one array. Pure.
 */
import { resultsMessageBytesMax } from './limits.ts';
import type { StatusItem } from './status-items.ts';

const quote = 0x22;
const backslash = 0x5c;
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

export interface Joined {
  readonly items: StatusItem[];
  /** Entries of messages that are too long when they are joined: left out. */
  readonly tooLong: number;
}

/** Statuses are whole by themselves: of those each entry stays its own. */
export function joinMessages(items: readonly StatusItem[]): Joined {
  const joined: StatusItem[] = [];
  let tooLong = 0;
  for (let at = 0; at < items.length; ) {
    const first = items[at]!;
    let end = at + 1;
    while (end < items.length && isContinued(first, items[end]!)) end += 1;
    const parts = items.slice(at, end).map(({ message }) => message);
    const bytes = parts.reduce((sum, { length }) => sum + length, 0);
    if (parts.length === 1) joined.push(first);
    else if (bytes > resultsMessageBytesMax) tooLong += parts.length;
    else joined.push({ ...first, message: joinParts(first.type, parts) });
    at = end;
  }
  return { items: joined, tooLong };
}

function isContinued(first: StatusItem, next: StatusItem): boolean {
  return (
    first.source !== 'status' &&
    next.source === first.source &&
    next.name === first.name &&
    next.type === first.type &&
    next.agentId === first.agentId
  );
}

function joinParts(type: string, parts: readonly Uint8Array[]): Uint8Array {
  // A cut by bytes leaves the first part open; an array that is whole was never cut.
  if (type !== 'sync' || !isWholeArray(parts[0]!)) return Buffer.concat(parts);
  const inner = parts.map(insideOfArray).filter(({ length }) => length > 0);
  const comma = Buffer.from(',');
  const list = inner.flatMap((part, at) => (at === 0 ? [part] : [comma, part]));
  return Buffer.concat([Buffer.from('['), ...list, Buffer.from(']')]);
}

/** Whether the JSON text is one array from its first byte to its last: its brackets close there and no earlier. */
function isWholeArray(text: Uint8Array): boolean {
  const [from, to] = edges(text);
  if (to - from < 2 || text[from] !== openArray) return false;
  let depth = 0;
  let inText = false;
  for (let at = from; at < to; at += 1) {
    const byte = text[at]!;
    if (inText) {
      if (byte === backslash) at += 1;
      else if (byte === quote) inText = false;
    } else if (byte === quote) inText = true;
    else if (byte === openArray || byte === openObject) depth += 1;
    else if (byte === closeArray || byte === closeObject) {
      depth -= 1;
      if (depth === 0) return byte === closeArray && at === to - 1;
    }
  }
  return false;
}

/** What stands between the brackets; a part that has none is taken as it is. */
function insideOfArray(text: Uint8Array): Uint8Array {
  const [from, to] = edges(text);
  if (to - from < 2 || text[from] !== openArray || text[to - 1] !== closeArray)
    return text.subarray(from, to);
  const inside = text.subarray(from + 1, to - 1);
  const [first, last] = edges(inside);
  return inside.subarray(first, last);
}

/** Without the white space of JSON around it. */
function edges(text: Uint8Array): [from: number, to: number] {
  let from = 0;
  let to = text.length;
  const isSpace = (byte: number | undefined) =>
    byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
  while (from < to && isSpace(text[from])) from += 1;
  while (to > from && isSpace(text[to - 1])) to -= 1;
  return [from, to];
}
