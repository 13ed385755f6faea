/**
 * A .tar.gz of a few files, the same bytes for the same files: POSIX ustar (IEEE Std 1003.1, pax, "ustar Interchange Format")
 * within gzip (RFC 1952) that says no time. Names are short and ASCII; no links, no folders, no long names.
 */
import { gzipSync } from 'node:zlib';

export interface TarEntry {
  /** With its folders, at most 100 octets of ASCII. */
  readonly name: string;
  /** As `chmod` takes it. */
  readonly mode: number;
  readonly bytes: Uint8Array;
}

const block = 512;
const nameBytesMax = 100;

/** `mtimeS`: Unix seconds, of every file. Owner and group are root. */
export function tarGz(entries: readonly TarEntry[], mtimeS: number): Buffer {
  const parts = entries.flatMap(({ name, mode, bytes }) => [
    headerOf(name, mode, bytes.length, mtimeS),
    bytes,
    Buffer.alloc((block - (bytes.length % block)) % block),
  ]);
  // Two blocks of zeros end it.
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * block)]), { level: 9 });
}

function headerOf(name: string, mode: number, bytes: number, mtimeS: number): Buffer {
  if (!/^[\x21-\x7e]+$/.test(name) || name.length > nameBytesMax)
    throw new Error(`${JSON.stringify(name)} is no name for a tar file`);
  const header = Buffer.alloc(block);
  const text = (at: number, value: string) => header.write(value, at, 'ascii');
  const octal = (at: number, width: number, value: number) =>
    text(at, `${value.toString(8).padStart(width - 1, '0')}\0`);
  text(0, name);
  octal(100, 8, mode);
  octal(108, 8, 0);
  octal(116, 8, 0);
  octal(124, 12, bytes);
  octal(136, 12, mtimeS);
  // The sum is taken with blanks in its own place.
  text(148, ' '.repeat(8));
  text(156, '0');
  text(257, 'ustar\x0000');
  text(265, 'root');
  text(297, 'root');
  const sum = header.reduce((total, octet) => total + octet, 0);
  text(148, `${sum.toString(8).padStart(6, '0')}\0 `);
  return header;
}
