/**
 * The inside of an archive: a manifest, then for each table its name, its rows in pieces and its sum, then the totals. A
 * record is a letter, a length of four bytes and a payload. Pure framing; who opens and seals is `seal.ts`.
 */
import { createHash } from 'node:crypto';
import { limits } from '../limits.ts';
import { isSum, isTotals, type TableSum, type Totals } from './manifest.ts';
import { type Bytes, cut } from './seal.ts';

/** `M` manifest, `T` a table begins (its place in the manifest), `R` rows of it, `S` its sum, `E` the end. */
export type Letter = 'M' | 'T' | 'R' | 'S' | 'E';

export function record(letter: Letter, payload: Buffer | object | number): Buffer {
  const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload));
  const head = Buffer.alloc(5);
  head.write(letter, 'latin1');
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** Rows come in whatever pieces; a record takes so much of one as fits. */
export function* rowRecords(piece: Buffer): Generator<Buffer> {
  for (let at = 0; at < piece.length; at += limits.archivePieceBytes)
    yield record('R', piece.subarray(at, at + limits.archivePieceBytes));
}

/** Counts and hashes what goes by; rows are counted by whoever copies them. */
export class Summing {
  private readonly hash = createHash('sha256');
  bytes = 0;

  add(piece: Buffer): void {
    this.hash.update(piece);
    this.bytes += piece.length;
  }

  /** Once. */
  sum(rows: number): TableSum {
    return { rows, bytes: this.bytes, sha256: this.hash.digest('hex') };
  }
}

/** Reads records one by one, in whatever pieces they come; holds one of them. Throws `archive_damaged`. */
export class RecordReader {
  private readonly source: AsyncIterator<Buffer>;
  private readonly archive: string;
  private pieces: Buffer[] = [];
  private held = 0;

  constructor(plain: Bytes, archive: string) {
    this.source = plain[Symbol.asyncIterator]();
    this.archive = archive;
  }

  async next(): Promise<{ letter: Letter; payload: Buffer }> {
    const head = await this.take(5);
    const letter = head.toString('latin1', 0, 1) as Letter;
    const length = head.readUInt32BE(1);
    if (!'MTRSE'.includes(letter) || length > limits.archiveRecordBytesMax)
      throw this.wrong('a record is none');
    return { letter, payload: await this.take(length) };
  }

  async nextJson<T>(letter: Letter): Promise<T> {
    const { letter: found, payload } = await this.next();
    if (found !== letter) throw this.wrong(`a record "${letter}" is missing`);
    return this.parsed(letter, payload) as T;
  }

  /** The rows of one table, up to its sum, which is held against them. `counted` tells how many rows were taken. */
  async *rows(sum: (told: TableSum, found: Summing) => void): AsyncGenerator<Buffer> {
    const found = new Summing();
    for (;;) {
      const { letter, payload } = await this.next();
      if (letter === 'R') {
        found.add(payload);
        yield payload;
      } else if (letter === 'S') {
        const told = this.parsed(letter, payload);
        if (!isSum(told)) throw this.wrong('the sum of a table is none');
        sum(told, found);
        return;
      } else throw this.wrong('a table does not end');
    }
  }

  /** The last record, and nothing after it: only then every chunk was looked at. */
  async end(): Promise<Totals> {
    const totals = await this.nextJson<unknown>('E');
    if (!isTotals(totals)) throw this.wrong('its totals are none');
    if (this.held > 0 || !(await this.source.next()).done) throw this.wrong('something comes after its end');
    return totals;
  }

  async close(): Promise<void> {
    await this.source.return?.();
  }

  private async take(bytes: number): Promise<Buffer> {
    while (this.held < bytes) {
      const { value, done } = await this.source.next();
      if (done) throw this.wrong('it ends within a record');
      this.pieces.push(value);
      this.held += value.length;
    }
    const all = this.pieces.length === 1 ? this.pieces[0]! : Buffer.concat(this.pieces);
    this.held -= bytes;
    this.pieces = this.held > 0 ? [all.subarray(bytes)] : [];
    return all.subarray(0, bytes);
  }

  private parsed(letter: Letter, payload: Buffer): unknown {
    try {
      return JSON.parse(payload.toString('utf8'));
    } catch {
      throw this.wrong(`a record "${letter}" is none`);
    }
  }

  private wrong(why: string) {
    return cut(this.archive, why);
  }
}
