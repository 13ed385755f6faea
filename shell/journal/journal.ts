/**
 * The journal of a node: the file shell around the chain. Appends in the order of the calls, several at once where they
 * wait for the disk together, and never changes what it wrote: after a failure, a torn line or a full file it begins
 * another file, whose first entry says what was left behind.
 */
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '../../runtime/index.ts';
import { type BeganEvent, type ChainHead, genesis, nextEntry, type RecordedEvent } from './entry.ts';
import { RecordedError } from './errors.ts';
import { fileName, type JournalFile, makeRoom } from './file-names.ts';
import { journalFileBytesMax, journalPendingBytesMax } from './limits.ts';
import { endOf, journalFiles } from './read-files.ts';

export interface JournalPlace {
  readonly folder: string;
  readonly node: string;
  readonly boot: number;
}

export interface Appended {
  readonly session: string;
  readonly event: RecordedEvent;
  readonly atMs: number;
  /** Whether it is to be on the disk, and not only out of this process, when it counts as kept. */
  readonly sync: boolean;
}

interface Pending extends Appended {
  readonly size: number;
  resolve(head: ChainHead): void;
  reject(error: Error): void;
}

interface OpenFile {
  readonly name: string;
  readonly handle: FileHandle;
  bytes: number;
}

export class Journal {
  readonly place: JournalPlace;
  /** Told after each write. */
  onAppended: () => void = () => {};
  private head: ChainHead | null = null;
  private file: OpenFile | null = null;
  private pending: Pending[] = [];
  private pendingBytes = 0;
  private writing: Promise<void> | null = null;
  private readonly released = new Set<string>();

  constructor(place: JournalPlace) {
    this.place = place;
  }

  /** Resolves with its place in the chain. Rejects with `record_failed`. */
  append(given: Appended): Promise<ChainHead> {
    const size = JSON.stringify(given.event).length;
    if (this.pendingBytes + size > journalPendingBytesMax) {
      const why = `${this.pendingBytes} bytes wait for the disk of ${this.place.folder} already`;
      return Promise.reject(new RecordedError('record_failed', why));
    }
    this.pendingBytes += size;
    return new Promise((resolve, reject) => {
      this.pending.push({ ...given, size, resolve, reject });
      this.writing ??= this.writeAll();
    });
  }

  /** The file that is written to; null: none is. */
  get current(): string | null {
    return this.file?.name ?? null;
  }

  files(): Promise<JournalFile[]> {
    return journalFiles(this.place.folder);
  }

  pathOf(name: string): string {
    return join(this.place.folder, name);
  }

  /** A core has all of it: it may go when its place is needed. */
  release(name: string): void {
    this.released.add(name);
  }

  /** What was given is written; nothing more is to come. */
  async close(): Promise<void> {
    await this.writing;
    await this.leave();
  }

  private async writeAll(): Promise<void> {
    while (this.pending.length > 0) {
      const batch = this.pending;
      this.pending = [];
      this.pendingBytes = 0;
      try {
        const heads = await this.write(batch);
        for (const [at, { resolve }] of batch.entries()) resolve(heads[at]!);
        this.onAppended();
      } catch (error) {
        // What the disk holds of it is not known: it is looked at anew when the next file begins.
        await this.leave().catch(() => {});
        const failure = this.failureOf(error);
        for (const { reject } of batch) reject(failure);
      }
    }
    this.writing = null;
  }

  private async write(batch: readonly Pending[]): Promise<ChainHead[]> {
    const file = this.file ?? (await this.begin(batch[0]!.atMs));
    const { node, boot } = this.place;
    const heads: ChainHead[] = [];
    const lines: string[] = [];
    let head = this.head!;
    for (const { session, event, atMs } of batch) {
      const next = nextEntry(head, { node, boot, at: atMs, session, event });
      lines.push(`${next.line}\n`);
      head = next.head;
      heads.push(head);
    }
    await put(file, lines.join(''));
    if (batch.some(({ sync }) => sync)) await file.handle.datasync();
    this.head = head;
    if (file.bytes >= journalFileBytesMax) await this.leave();
    return heads;
  }

  private async leave(): Promise<void> {
    const { file } = this;
    this.file = null;
    await file?.handle.close();
  }

  /** A new file behind what is there. */
  private async begin(atMs: number): Promise<OpenFile> {
    const { folder, node, boot } = this.place;
    await makeFolders(folder);
    const files = await this.files();
    const { drop, enough } = makeRoom(files, this.released);
    for (const { name } of drop) await rm(this.pathOf(name), { force: true });
    if (!enough) {
      const why = `the journal in ${folder} is full of entries that no core has yet: nothing is given up for new ones`;
      throw new RecordedError('record_failed', why);
    }
    const { head, event } = await this.lookBack(files.filter((one) => !drop.includes(one)));
    const file = await this.create(files, head);
    const first = nextEntry(head, { node, boot, at: atMs, session: '', event });
    try {
      // The name is to outlive a loss of power as the lines do.
      await syncFolder(folder);
      await put(file, `${first.line}\n`);
    } catch (error) {
      // Nothing of it was kept; a disk that is full for long is not to get a file for each try.
      await file.handle.close().catch(() => {});
      await rm(this.pathOf(file.name), { force: true }).catch(() => {});
      throw error;
    }
    this.file = file;
    this.head = first.head;
    return file;
  }

  private async create(files: readonly JournalFile[], { seq }: ChainHead): Promise<OpenFile> {
    const { boot } = this.place;
    const tries = files.filter((one) => one.boot === boot && one.seq === seq + 1);
    const name = fileName(boot, seq + 1, tries.length);
    const { O_CREAT, O_EXCL, O_WRONLY, O_APPEND } = constants;
    const handle = await open(this.pathOf(name), O_CREAT | O_EXCL | O_WRONLY | O_APPEND, 0o600);
    return { name, handle, bytes: 0 };
  }

  /** Where the chain has come to, by the disk or by what this process knows to have written, and what lies torn behind it. */
  private async lookBack(files: readonly JournalFile[]): Promise<{ head: ChainHead; event: BeganEvent }> {
    let head: ChainHead | null = null;
    let cutBytes = 0;
    let cutText = '';
    for (const { name, bytes } of [...files].reverse()) {
      const end = await endOf(this.pathOf(name), bytes);
      cutBytes += end.cutBytes;
      cutText = end.cutText || cutText;
      head = end.head;
      if (head !== null) break;
    }
    const known = this.head;
    if (known !== null && (head === null || head.boot < known.boot || head.seq < known.seq)) head = known;
    return { head: head ?? genesis, event: { type: 'began', cutBytes, cutText } };
  }

  private failureOf(error: unknown): RecordedError {
    if (error instanceof RecordedError) return error;
    const why = `the journal in ${this.place.folder} cannot be written: ${messageOf(error)}`;
    return new RecordedError('record_failed', why, { cause: error });
  }
}

async function put(file: OpenFile, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.handle.write(bytes, at);
    at += bytesWritten;
    file.bytes += bytesWritten;
  }
}

/** One by one: asked to make them all, Node says of a read-only disk that there is no such folder. */
async function makeFolders(folder: string): Promise<void> {
  const isThere = (path: string) =>
    stat(path).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return false;
        throw error;
      },
    );
  const missing: string[] = [];
  for (let at = folder; !(await isThere(at)); at = dirname(at)) missing.unshift(at);
  for (const one of missing) {
    await mkdir(one, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
