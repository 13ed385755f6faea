/**
 * A record as a file: JSON lines. For each node a head, its segments with their lines, and an end that counts and
 * hashes them; a file may hold several nodes, one after the other. Written and read here; which bytes on which disk is
 * the caller's. What is read is a stranger's: every line is judged before anything is made of it.
 */
import { createHash, type Hash } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { RecordError } from './errors.ts';
import { recordLineBytesMax } from './limits.ts';
import type { SegmentInfo } from './recorder-segment.ts';

/** Raised when an older reader could not read the lines. */
export const recordVersion = 1;

/** What is said of a record before its segments. Plain data. */
export interface RecordHead {
  readonly version: number;
  readonly node: string;
  readonly boot: number;
  /** Unix milliseconds. */
  readonly takenAtMs: number;
  /** Of the machines that were recorded, by kind. */
  readonly forms: Readonly<Record<string, number>>;
  /** Events that were only counted since the start, because there were too many or one was too large. */
  readonly leftOut: number;
  /** In the order in which they were opened. */
  readonly segments: readonly SegmentInfo[];
}

export interface HeadLine {
  readonly record: 'picket';
  readonly version: number;
  readonly node: string;
  readonly boot: number;
  readonly takenAtMs: number;
  /** Wall clock of the first line that is kept, Unix milliseconds. */
  readonly fromMs: number;
  readonly forms: Readonly<Record<string, number>>;
  readonly leftOut: number;
  readonly segments: number;
}

export interface CheckpointLine {
  readonly machine: string;
  /** The last entry before it; null at the beginning and after a gap. */
  readonly after: number | null;
  /** Of the state's text. Null: the state was too large to be kept. */
  readonly hash: number | null;
  readonly state: unknown;
}

export interface EntryLine {
  readonly n: number;
  readonly machine: string;
  readonly at: number;
  readonly ms: number;
  readonly event: { readonly type: string };
  readonly effects: number;
  readonly drawn: readonly number[];
  readonly threw: boolean;
}

export interface GapLine {
  readonly kind: string;
  readonly count: number;
  readonly types: Readonly<Record<string, number>>;
  readonly fromMs: number;
  readonly toMs: number;
}

export type RecordLine =
  | { readonly type: 'head'; readonly head: HeadLine }
  | { readonly type: 'segment' }
  | { readonly type: 'checkpoint'; readonly checkpoint: CheckpointLine }
  | { readonly type: 'entry'; readonly entry: EntryLine }
  | { readonly type: 'gap'; readonly gap: GapLine }
  | { readonly type: 'end' };

/** The first line of a node's part. Of the segments only those are told that are there: some may have gone meanwhile. */
export function headLine(head: RecordHead): string {
  const { version, node, boot, takenAtMs, forms, leftOut, segments } = head;
  const fromMs = segments.reduce((least, one) => Math.min(least, one.fromMs), takenAtMs);
  const line: HeadLine = {
    record: 'picket',
    version,
    node,
    boot,
    takenAtMs,
    fromMs,
    forms,
    leftOut,
    segments: segments.length,
  };
  return JSON.stringify(line);
}

/** The lines of one segment, from its compressed body. Throws `record_damaged` when it is none. */
export function segmentLines({ number, kind, fromMs, toMs }: SegmentInfo, body: Uint8Array): string[] {
  let text: string;
  try {
    text = inflateRawSync(body, { maxOutputLength: recordLineBytesMax }).toString('utf8');
  } catch (error) {
    throw new RecordError('record_damaged', `segment ${number} cannot be made whole`, error);
  }
  return [JSON.stringify({ segment: { number, kind, fromMs, toMs } }), ...text.trimEnd().split('\n')];
}

/** All that a recorder of this process holds, as the lines of a file. */
export function takeRecord(source: { head(): RecordHead; segment(number: number): Buffer | null }): string[] {
  const head = source.head();
  const lines = [headLine(head)];
  for (const info of head.segments) {
    const body = source.segment(info.number);
    if (body !== null) lines.push(...segmentLines(info, body));
  }
  const sum = new PartSum();
  for (const line of lines) sum.add(line);
  return [...lines, sum.endLine()];
}

/** Counts and hashes the lines of one part as they are written or read, all before its end. */
export class PartSum {
  private readonly hash: Hash = createHash('sha256');
  private lines = 0;

  add(line: string): void {
    this.hash.update(line);
    this.hash.update('\n');
    this.lines += 1;
  }

  endLine(): string {
    return JSON.stringify({ end: { lines: this.lines, sha256: this.hash.digest('hex') } });
  }
}

/**
 * The lines of a file, each judged, with the sums of the parts checked as they end. Throws a `RecordError` that names
 * the line. What was given before that is not to be trusted: read to the end once before anything is made of it.
 */
export function* readRecord(lines: Iterable<string>): Generator<RecordLine> {
  let sum: PartSum | null = null;
  let number = 0;
  for (const text of lines) {
    number += 1;
    const line = sum === null ? readHead(text, number) : readLine(text, number);
    if (line.type === 'head') {
      if (sum !== null) throw damaged(number, 'a part begins before the one before it ended');
      sum = new PartSum();
    }
    if (line.type !== 'end') sum!.add(text);
    else {
      if (sum!.endLine() !== text) throw damaged(number, 'its sum does not fit: the record was changed');
      sum = null;
    }
    yield line;
  }
  if (number === 0) throw new RecordError('record_foreign', 'the file is empty');
  if (sum !== null)
    throw new RecordError('record_truncated', `the file ends after line ${number}, within a record`);
}

/** Cuts bytes into lines. The last one need not end with a newline. */
export function* linesOf(chunks: Iterable<Buffer>): Generator<string> {
  let parts: Buffer[] = [];
  let held = 0;
  for (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, at));
      held += at - from;
      if (held > recordLineBytesMax) throw tooLarge();
      yield Buffer.concat(parts).toString('utf8');
      parts = [];
      held = 0;
      from = at + 1;
    }
    if (from < chunk.length) {
      // A copy: the caller may use its chunk again.
      parts.push(Buffer.from(chunk.subarray(from)));
      held += chunk.length - from;
      if (held > recordLineBytesMax) throw tooLarge();
    }
  }
  if (held > 0) yield Buffer.concat(parts).toString('utf8');
}

function readHead(text: string, number: number): RecordLine {
  const head = objectIn(text) as Partial<HeadLine> | null;
  if (head?.record !== 'picket' || !isCount(head.version)) {
    if (number > 1) throw damaged(number, 'what follows a record is none');
    throw new RecordError('record_foreign', 'the file is no record of picket');
  }
  if (head.version > recordVersion) {
    throw new RecordError(
      'record_newer',
      `the record has version ${head.version}, this picket reads ${recordVersion}: use a later one`,
    );
  }
  const { node, boot, takenAtMs, fromMs, forms, leftOut, segments } = head;
  const whole =
    typeof node === 'string' &&
    [boot, takenAtMs, fromMs, leftOut, segments].every(isCount) &&
    isCounts(forms) &&
    head.version > 0;
  if (!whole) throw damaged(number, 'the head is not whole');
  return { type: 'head', head: head as HeadLine };
}

function readLine(text: string, number: number): RecordLine {
  const line = objectIn(text);
  if (line === null) {
    if (text === '' || /[^}]$/.test(text)) throw cutOff(number);
    throw damaged(number, 'it is no object');
  }
  if ('n' in line) return { type: 'entry', entry: readEntry(line, number) };
  if ('checkpoint' in line)
    return { type: 'checkpoint', checkpoint: readCheckpoint(line.checkpoint, number) };
  if ('segment' in line) return { type: 'segment' };
  if ('gap' in line) return { type: 'gap', gap: readGap(line.gap, number) };
  if ('end' in line) return { type: 'end' };
  if ('record' in line) return readHead(text, number);
  throw damaged(number, 'it is of no kind that is known');
}

function readEntry(line: Record<string, unknown>, number: number): EntryLine {
  const { n, machine, at, ms, event, effects, drawn = [], threw = false } = line;
  const whole =
    isCount(n) &&
    typeof machine === 'string' &&
    isCount(at) &&
    typeof ms === 'number' &&
    isObject(event) &&
    typeof event.type === 'string' &&
    isCount(effects) &&
    Array.isArray(drawn) &&
    drawn.every((one) => typeof one === 'number') &&
    typeof threw === 'boolean';
  if (!whole) throw damaged(number, 'the entry is not whole');
  return { n, machine, at, ms, event: event as EntryLine['event'], effects, drawn, threw };
}

function readCheckpoint(value: unknown, number: number): CheckpointLine {
  const { machine, after, hash = null, state = null, omittedBytes = 0 } = isObject(value) ? value : {};
  const known = typeof machine === 'string' && (after === null || isCount(after));
  const kept = isCount(hash) && isObject(state);
  if (!known || !(kept || (hash === null && isCount(omittedBytes)))) {
    throw damaged(number, 'the checkpoint is not whole');
  }
  return { machine, after, hash: kept ? (hash as number) : null, state };
}

function readGap(value: unknown, number: number): GapLine {
  const { kind, count, types, fromMs, toMs } = isObject(value) ? value : {};
  const whole = typeof kind === 'string' && isCount(count) && isCount(fromMs) && isCount(toMs);
  if (!whole || !isCounts(types)) throw damaged(number, 'the gap is not whole');
  return { kind, count, types, fromMs, toMs };
}

function objectIn(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is Record<string, number> {
  return isObject(value) && Object.values(value).every(isCount);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function damaged(number: number, why: string): RecordError {
  return new RecordError('record_damaged', `line ${number}: ${why}`);
}

function cutOff(number: number): RecordError {
  return new RecordError(
    'record_truncated',
    `line ${number} is cut off: the file was not written to its end`,
  );
}

function tooLarge(): RecordError {
  return new RecordError(
    'record_too_large',
    `a line has over ${recordLineBytesMax} bytes: this is no record of picket`,
  );
}
