/**
 * The outbox on disk: a folder of segment files that are only appended to, and one small file that says what was taken.
 * Performs what outbox-book.ts decides. Synchronous, because a result that was not written is one that a kill loses.
 * Never throws for what the disk does: a result that cannot be kept is counted.
 */
import {
  closeSync,
  fdatasync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { frameOf, type KeptResult, readFrames } from './kept-result.ts';
import { outboxBytesMax, outboxRecordsMax, outboxSyncMs, segmentBytesMax } from './limits.ts';
import {
  bytesOf,
  newOutbox,
  type OutboxBook,
  type OutboxBounds,
  type OutboxEvent,
  type Segment,
  stepOutbox,
  waitingOf,
} from './outbox-book.ts';

export interface OutboxNeeds {
  readonly folder: string;
  timer(ms: number, run: () => void): () => void;
  readonly bounds?: OutboxBounds;
}

export interface Batch {
  readonly results: readonly KeptResult[];
  /** What `taken` is told when the gateway has them. */
  readonly upTo: { readonly segment: number; readonly offset: number; readonly records: number };
}

const boundsDefault: OutboxBounds = {
  bytesMax: outboxBytesMax,
  recordsMax: outboxRecordsMax,
  segmentBytesMax,
};
const segmentName = /^(\d{1,15})\.seg$/;

export class Outbox {
  private readonly folder: string;
  private readonly needs: OutboxNeeds;
  private readonly bounds: OutboxBounds;
  private book: OutboxBook;
  /** The segment that is written. */
  private file: number | null = null;
  private cancelSync: (() => void) | null = null;
  /** Results that were damaged on disk, and that could not be written. */
  private damaged = 0;
  private unwritten = 0;

  /** Throws when the folder cannot be made or read. */
  constructor(needs: OutboxNeeds) {
    this.needs = needs;
    this.folder = needs.folder;
    this.bounds = needs.bounds ?? boundsDefault;
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const segments = this.scan();
    this.book = newOutbox(segments, this.readTaken(segments[0]));
    const last = segments.at(-1);
    if (last === undefined) return;
    this.file = openSync(this.pathOf(last.id), 'r+');
    // What a kill left half written ends here.
    ftruncateSync(this.file, last.bytes);
  }

  add(result: KeptResult): void {
    const frame = frameOf(result);
    if (frame === null || !(this.write(frame) || this.write(frame))) this.unwritten += 1;
    else this.syncLater();
  }

  /** The oldest that nobody took; null when there is none. */
  next(resultsMax: number): Batch | null {
    const { segments, taken } = this.book;
    for (const [index, { id, records }] of segments.entries()) {
      const from = index === 0 ? taken : { offset: 0, records: 0 };
      if (from.records >= records) continue;
      const read = readFrames(this.bytesOf(id), from.offset, resultsMax);
      const last = read.results.at(-1);
      if (last === undefined) continue;
      return {
        results: read.results.map(({ result }) => result),
        upTo: { segment: id, offset: last.endsAt, records: from.records + read.results.length },
      };
    }
    return null;
  }

  taken(upTo: Batch['upTo']): void {
    this.step({ type: 'taken', ...upTo });
    const [oldest] = this.book.segments;
    // Lost with a kill, it makes some results be sent again: the receiver has one of each.
    this.attempt(() => {
      const path = join(this.folder, 'taken');
      writeFileSync(`${path}.new`, JSON.stringify({ segment: oldest?.id ?? 0, ...this.book.taken }));
      renameSync(`${path}.new`, path);
    });
  }

  totals() {
    const { damaged, unwritten, book } = this;
    return { waiting: waitingOf(book), bytes: bytesOf(book), dropped: book.dropped + damaged + unwritten };
  }

  close(): void {
    this.cancelSync?.();
    if (this.file !== null) closeSync(this.file);
    this.file = null;
  }

  /** False: there is no room, and some was made if there was any. */
  private write(frame: Buffer): boolean {
    this.step({ type: 'append', bytes: frame.length });
    const at = this.book.segments.at(-1)!.bytes - frame.length;
    const { file } = this;
    const written = file !== null && this.attempt(() => writeAll(file, frame, at));
    if (!written) {
      if (file !== null) this.attempt(() => ftruncateSync(file, at));
      this.step({ type: 'unwritten', bytes: frame.length });
    }
    return written;
  }

  private step(event: OutboxEvent): void {
    const { book, effects } = stepOutbox(this.book, event, this.bounds);
    this.book = book;
    for (const { type, id } of effects) {
      if (type === 'remove') this.attempt(() => rmSync(this.pathOf(id), { force: true }));
      else {
        if (this.file !== null) closeSync(this.file);
        this.file = null;
        this.attempt(() => {
          this.file = openSync(this.pathOf(id), 'w+', 0o600);
        });
      }
    }
  }

  private syncLater(): void {
    this.cancelSync ??= this.needs.timer(outboxSyncMs, () => {
      this.cancelSync = null;
      // What it says is told by the next write.
      if (this.file !== null) fdatasync(this.file, () => {});
    });
  }

  private scan(): Segment[] {
    const ids = readdirSync(this.folder)
      .flatMap((name) => segmentName.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
    return ids.map((id) => {
      const { results, endsAt, damaged } = readFrames(this.bytesOf(id));
      this.damaged += damaged;
      return { id, bytes: endsAt, records: results.length };
    });
  }

  private readTaken(first: Segment | undefined): OutboxBook['taken'] | undefined {
    const path = join(this.folder, 'taken');
    let said: { segment?: unknown; offset?: unknown; records?: unknown };
    try {
      said = JSON.parse(readFileSync(path, 'utf8'));
    } catch {
      return undefined;
    }
    const { segment, offset, records } = said ?? {};
    const isOf = (value: unknown, max: number): value is number =>
      Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max;
    if (first === undefined || segment !== first.id) return undefined;
    return isOf(offset, first.bytes) && isOf(records, first.records) ? { offset, records } : undefined;
  }

  private bytesOf(id: number): Buffer {
    let bytes = Buffer.alloc(0);
    this.attempt(() => {
      bytes = readFileSync(this.pathOf(id)) as Buffer<ArrayBuffer>;
    });
    return bytes;
  }

  private pathOf(id: number): string {
    return join(this.folder, `${id}.seg`);
  }

  private attempt(action: () => void): boolean {
    try {
      action();
      return true;
    } catch {
      return false;
    }
  }
}

function writeAll(file: number, frame: Buffer, at: number): void {
  let done = 0;
  while (done < frame.length) done += writeSync(file, frame, done, frame.length - done, at + done);
}
