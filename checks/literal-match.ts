/**
 * Finds a literal text in a stream of bytes, in time linear in the stream and without keeping any of it (Knuth, Morris
 * and Pratt, 1977). The text is compared as UTF-8 bytes.
 */
export interface LiteralMatch {
  /** True once the text was seen, in this chunk or across chunks. */
  feed(chunk: Uint8Array): boolean;
}

export function literalMatch(text: string): LiteralMatch {
  const needle = Buffer.from(text, 'utf8');
  const fallback = fallbackTable(needle);
  let matched = 0;
  return {
    feed(chunk) {
      for (let at = 0; at < chunk.length && matched < needle.length; at += 1) {
        const byte = chunk[at]!;
        while (matched > 0 && needle[matched] !== byte) matched = fallback[matched - 1]!;
        if (needle[matched] === byte) matched += 1;
      }
      return matched === needle.length;
    },
  };
}

/** For each prefix of the needle, the length of its longest proper prefix that is also its suffix. */
function fallbackTable(needle: Uint8Array): Uint32Array {
  const table = new Uint32Array(needle.length);
  let length = 0;
  for (let at = 1; at < needle.length; at += 1) {
    while (length > 0 && needle[at] !== needle[length]) length = table[length - 1]!;
    if (needle[at] === needle[length]) length += 1;
    table[at] = length;
  }
  return table;
}
