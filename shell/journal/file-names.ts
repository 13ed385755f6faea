/** Names and order of the files of a journal, and which of them may go. Pure. */
import { journalBytesMax, journalFilesMax } from './limits.ts';

export interface JournalFile {
  readonly name: string;
  /** Of the node that wrote it, the sequence of its first entry, and how manieth try it was to begin there. */
  readonly boot: number;
  readonly seq: number;
  readonly attempt: number;
  readonly bytes: number;
}

export function fileName(boot: number, seq: number, attempt: number): string {
  return `${String(boot).padStart(15, '0')}-${String(seq).padStart(12, '0')}-${attempt}.jsonl`;
}

const pattern = /^(\d{15})-(\d{12})-(\d{1,6})\.jsonl$/;

/** Null for what is no file of a journal. */
export function readName(name: string, bytes: number): JournalFile | null {
  const match = pattern.exec(name);
  if (match === null) return null;
  const [boot, seq, attempt] = match.slice(1).map(Number) as [number, number, number];
  return { name, boot, seq, attempt, bytes };
}

/** As they were written. */
export function inOrder(files: readonly JournalFile[]): JournalFile[] {
  return [...files].sort((a, b) => a.boot - b.boot || a.seq - b.seq || a.attempt - b.attempt);
}

export interface Room {
  /** These go, the oldest first. */
  readonly drop: readonly JournalFile[];
  /** Whether another file has its place then. */
  readonly enough: boolean;
}

/** A file goes when a core has all of it and the others take too much. */
export function makeRoom(files: readonly JournalFile[], released: ReadonlySet<string>): Room {
  let bytes = files.reduce((sum, one) => sum + one.bytes, 0);
  let count = files.length;
  const drop: JournalFile[] = [];
  const isFull = () => bytes >= journalBytesMax || count >= journalFilesMax;
  for (const file of inOrder(files)) {
    if (!isFull() || !released.has(file.name)) break;
    drop.push(file);
    bytes -= file.bytes;
    count -= 1;
  }
  return { drop, enough: !isFull() };
}
