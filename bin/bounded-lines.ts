/** Lines of a stream of any length, of which one at a time is held and none is longer than its bound. */
import { StringDecoder } from 'node:string_decoder';

/**
 * Null stands for a line that was too long: it is passed over to its end. A last line needs no end. A byte order mark at the
 * beginning is no part of the first: editors of some systems write one.
 */
export async function* boundedLines(
  chunks: AsyncIterable<Uint8Array>,
  charactersMax: number,
): AsyncGenerator<string | null> {
  const decoder = new StringDecoder('utf8');
  let pieces: string[] = [];
  let length = 0;
  let isBegun = false;
  const take = (text: string) => {
    length += text.length;
    if (length <= charactersMax) pieces.push(text);
    else pieces = [];
  };
  const end = (): string | null => {
    const line = length > charactersMax ? null : pieces.join('');
    pieces = [];
    length = 0;
    return line?.endsWith('\r') ? line.slice(0, -1) : line;
  };
  for await (const chunk of chunks) {
    const decoded = decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    const text = !isBegun && decoded.startsWith('\ufeff') ? decoded.slice(1) : decoded;
    isBegun ||= decoded !== '';
    let from = 0;
    for (let to = text.indexOf('\n'); to >= 0; to = text.indexOf('\n', from)) {
      take(text.slice(from, to));
      yield end();
      from = to + 1;
    }
    take(text.slice(from));
  }
  take(decoder.end());
  if (length > 0) yield end();
}
