/**
 * The lines of a record file, one by one: what each kind says, and the judge of one that is read. What is read is a
 * stranger's: every line is judged before anything is made of it. Between `recorder-lines.ts`, which knows their order and
 * sums, and the replay.
 */
import { RecordError } from './errors.ts';

/** Raised when an older reader could not read the lines. 2: states in pieces. */
export const recordVersion = 2;

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
  readonly kept: KeptState;
}

export type KeptState =
  | { readonly type: 'whole'; readonly hash: number; readonly state: unknown }
  /** One of several lines, the first of which is 0; entries come between them, too. */
  | { readonly type: 'piece'; readonly piece: number; readonly state: unknown }
  /** So many have come, and this is their hash. */
  | { readonly type: 'pieces'; readonly pieces: number; readonly hash: number }
  /** The state is the one that the segment before it ended with. */
  | { readonly type: 'follows' }
  /** It was too large to be kept. */
  | { readonly type: 'omitted' };

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

export function readHead(text: string, number: number): RecordLine {
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

export function readLine(text: string, number: number): RecordLine {
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
  const { machine, after, ...rest } = isObject(value) ? value : {};
  const kept = readKept(rest);
  if (typeof machine !== 'string' || !(after === null || isCount(after)) || kept === null) {
    throw damaged(number, 'the checkpoint is not whole');
  }
  return { machine, after, kept };
}

function readKept(fields: Record<string, unknown>): KeptState | null {
  const { hash, state, piece, pieces, follows, omittedBytes } = fields;
  if (isCount(piece)) return isObject(state) ? { type: 'piece', piece, state } : null;
  if (isCount(pieces)) return isCount(hash) ? { type: 'pieces', pieces, hash } : null;
  if (isCount(hash)) return isObject(state) ? { type: 'whole', hash, state } : null;
  if (follows === true) return { type: 'follows' };
  return isCount(omittedBytes) ? { type: 'omitted' } : null;
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

export function damaged(number: number, why: string): RecordError {
  return new RecordError('record_damaged', `line ${number}: ${why}`);
}

function cutOff(number: number): RecordError {
  return new RecordError(
    'record_truncated',
    `line ${number} is cut off: the file was not written to its end`,
  );
}
