/**
 * Reads a file that somebody named on the command line: bounded, whatever it is (a device has no size and no end), with
 * a sentence that says what is wrong with it. Between the commands and the file system.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CommandFailure } from './failure.ts';
import { namedFileBytesMax } from './limits.ts';

/** The text of it. Throws a CommandFailure `no_such_file`. */
export function readNamedFile(file: string): string {
  let opened: number | null = null;
  try {
    opened = openSync(file, 'r');
    if (fstatSync(opened).isDirectory()) throw unreadable(file, 'it is a directory');
    return readBounded(opened, file).toString('utf8');
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw unreadable(file, code === 'ENOENT' ? 'there is no such file' : message);
  } finally {
    if (opened !== null) closeSync(opened);
  }
}

function readBounded(opened: number, file: string): Buffer {
  const chunks: Buffer[] = [];
  for (let bytes = 0; ; ) {
    const chunk = Buffer.alloc(65_536);
    const read = readSync(opened, chunk);
    if (read === 0) return Buffer.concat(chunks);
    bytes += read;
    if (bytes > namedFileBytesMax) throw unreadable(file, `it has more than ${namedFileBytesMax} bytes`);
    chunks.push(chunk.subarray(0, read));
  }
}

function unreadable(file: string, why: string): CommandFailure {
  return new CommandFailure('no_such_file', `${file} cannot be read: ${why}`);
}
