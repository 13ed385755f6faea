/**
 * The lines of a stream of bytes, each with its number, however the bytes are cut. A line longer than is read is told as such and
 * skipped to its end; nothing of a file is held but one line.
 */
import { StringDecoder } from 'node:string_decoder';
import { limits } from '../limits.ts';

export type Line =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly text: null };

export async function* linesOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Line, void, void> {
  let number = 1;
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let isTooLong = false;
  const take = (): Line => {
    const text = isTooLong ? null : textOf(held, number);
    const line = { number, text } as Line;
    number += 1;
    held = [];
    heldBytes = 0;
    isTooLong = false;
    return line;
  };
  const hold = (piece: Uint8Array) => {
    heldBytes += piece.length;
    if (heldBytes > limits.lineBytesMax) isTooLong = true;
    if (isTooLong) held = [];
    else held.push(piece);
  };
  for await (const piece of bytes) {
    let at = 0;
    for (let end = piece.indexOf(0x0a); end >= 0; end = piece.indexOf(0x0a, at)) {
      hold(piece.subarray(at, end));
      at = end + 1;
      yield take();
    }
    if (at < piece.length) hold(piece.slice(at));
  }
  if (heldBytes > 0) yield take();
}

/** UTF-8 without a mark at the file's beginning, and without the carriage return of a line's end. */
function textOf(pieces: readonly Uint8Array[], number: number): string {
  const decoder = new StringDecoder('utf8');
  const text = pieces.map((piece) => decoder.write(piece as Buffer)).join('') + decoder.end();
  const bare = number === 1 && text.startsWith('\ufeff') ? text.slice(1) : text;
  return bare.endsWith('\r') ? bare.slice(0, -1) : bare;
}
