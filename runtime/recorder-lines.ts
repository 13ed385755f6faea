/**
 * A record as a file: JSON lines. For each node a head, its segments with their lines, and an end that counts and
 * hashes them; a file may hold several nodes, one after the other. Written and read here; which bytes on which disk is
 * the caller's, and single lines are judged in `recorder-line.ts`.
 */
import { createHash, type Hash } from 'node:crypto';
import { inflateRawSync } from 'node:zlib';
import { RecordError } from './errors.ts';
import { recordLineBytesMax } from './limits.ts';
import { damaged, type HeadLine, type RecordLine, readHead, readLine } from './recorder-line.ts';
import type { SegmentInfo } from './recorder-segment.ts';

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

function tooLarge(): RecordError {
  return new RecordError(
    'record_too_large',
    `a line has over ${recordLineBytesMax} bytes: this is no record of picket`,
  );
}
