/**
 * Reads the files of a journal in pieces, whatever lies in them: between the disk and whoever judges, forwards or goes on
 * writing. Nothing is changed here.
 */
import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChainHead, isFault, readEntry } from './entry.ts';
import { inOrder, type JournalFile, readName } from './file-names.ts';
import { cutTextCharactersMax, entryLineBytesMax, journalReadBytes } from './limits.ts';
import { type Chain, chainFrom, follow } from './verify.ts';

export interface FileLine {
  /** Null: bytes that are no text. */
  readonly text: string | null;
  /** Offset behind it and its line feed. */
  readonly end: number;
  /** False for what is behind the last line feed. */
  readonly isWhole: boolean;
  readonly bytes: number;
}

const lineFeed = 10;

/** In the order in which they were written; none when there is no such folder. */
export async function journalFiles(folder: string): Promise<JournalFile[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const files: JournalFile[] = [];
  for (const name of names) {
    if (readName(name, 0) === null) continue;
    const { size } = await stat(join(folder, name));
    files.push(readName(name, size)!);
  }
  return inOrder(files);
}

/** Line by line from an offset. A line longer than an entry can be comes in pieces, none of which is an entry. */
export async function* linesOf(path: string, from = 0): AsyncGenerator<FileLine> {
  const file = await open(path, 'r');
  try {
    let rest: Buffer = Buffer.alloc(0);
    let end = from;
    for (let at = from; ; ) {
      const piece = await readAt(file, at);
      if (piece.length === 0) break;
      at += piece.length;
      rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
      let start = 0;
      for (let feed = rest.indexOf(lineFeed); feed >= 0; feed = rest.indexOf(lineFeed, start)) {
        const bytes = rest.subarray(start, feed);
        end += bytes.length + 1;
        yield { text: textOf(bytes), end, isWhole: true, bytes: bytes.length + 1 };
        start = feed + 1;
      }
      rest = rest.subarray(start);
      if (rest.length <= entryLineBytesMax) continue;
      end += rest.length;
      yield { text: null, end, isWhole: true, bytes: rest.length };
      rest = Buffer.alloc(0);
    }
    if (rest.length === 0) return;
    yield { text: textOf(rest), end: end + rest.length, isWhole: false, bytes: rest.length };
  } finally {
    await file.close();
  }
}

async function readAt(file: FileHandle, at: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(journalReadBytes), 0, journalReadBytes, at);
  return buffer.subarray(0, bytesRead);
}

function textOf(bytes: Uint8Array): string | null {
  try {
    // A mark at the beginning would be left out otherwise, and a changed file would read like the right one.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

export interface FileEnd {
  /** Of the last entry that is whole; null: the end of the file has none. */
  readonly head: ChainHead | null;
  /** Behind it. */
  readonly cutBytes: number;
  readonly cutText: string;
}

/** Reads no more than what the last two entries can take. */
export async function endOf(path: string, bytes: number): Promise<FileEnd> {
  const from = Math.max(0, bytes - 2 * entryLineBytesMax);
  let head: ChainHead | null = null;
  let headEnd = from;
  let end = from;
  let cutText = '';
  for await (const { text, end: next, isWhole } of linesOf(path, from)) {
    end = next;
    const read = text === null || !isWhole ? null : readEntry(text);
    if (read === null || isFault(read)) {
      if (headEnd === end || cutText === '') cutText = (text ?? '').slice(0, cutTextCharactersMax);
      continue;
    }
    head = { boot: read.entry.boot, seq: read.entry.seq, hash: read.hash };
    headEnd = end;
    cutText = '';
  }
  return { head, cutBytes: end - headEnd, cutText };
}

export interface JudgedFiles extends Chain {
  /** The file that the fault lies in, and the how manieth line of it. */
  readonly file: string | null;
  readonly line: number;
  /** Behind the last whole line of the newest file: torn, or being written. */
  readonly tornBytes: number;
}

/** The chain over files of one node. What is torn at the end of one is said by the first entry of the next. */
export async function judgeFiles(
  paths: readonly string[],
  from: ChainHead | null = null,
): Promise<JudgedFiles> {
  let chain = chainFrom(from);
  let tornBytes = 0;
  for (const path of paths) {
    let line = 0;
    tornBytes = 0;
    for await (const { text, isWhole, bytes } of linesOf(path)) {
      line += 1;
      if (!isWhole) {
        tornBytes = bytes;
        break;
      }
      chain = follow(chain, text ?? '');
      if (chain.fault !== null) return { ...chain, file: path, line, tornBytes };
    }
  }
  return { ...chain, file: null, line: 0, tornBytes };
}
