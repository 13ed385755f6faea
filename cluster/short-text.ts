/**
 * Short texts out of bytes. Node names, tenants, methods and keys come again and again, so the last one of each hash is
 * kept, for all codecs and links of the process: what is known is compared and not made anew, and a text that is the very
 * same one is found in a table without being read. The table has a fixed size, so nobody can fill it.
 */
import { shortTextBytesMax, textsRememberedMax } from './limits.ts';

const texts: (string | undefined)[] = new Array(textsRememberedMax);

/** UTF-8 from `at` on; what is not valid becomes replacement characters. The bytes must be there. */
export function textOf(bytes: Buffer, at: number, length: number): string {
  return length <= shortTextBytesMax ? shortText(bytes, at, length) : bytes.toString('utf8', at, at + length);
}

function shortText(bytes: Buffer, at: number, length: number): string {
  let hash = length;
  for (let i = at; i < at + length; i++) {
    const byte = bytes[i]!;
    if (byte > 0x7f) return bytes.toString('utf8', at, at + length);
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  const place = (hash ^ (hash >>> 15)) & (textsRememberedMax - 1);
  const known = texts[place];
  if (known !== undefined && known.length === length) {
    let i = 0;
    while (i < length && known.charCodeAt(i) === bytes[at + i]) i++;
    if (i === length) return known;
  }
  const text = bytes.toString('latin1', at, at + length);
  texts[place] = text;
  return text;
}
