/**
 * An entry of the record of sessions as one line of text: the SHA-256 of its body in hex, a blank, the body as JSON with the
 * hash of the entry before it. Pure; files, cores and the database keep the line as it is, so that it can be judged anywhere.
 */
import { createHash } from 'node:crypto';
import type { SessionEvent } from '../ports/session-record.ts';
import { entryLineBytesMax } from './limits.ts';

/** What the journal says of itself: the first entry of each of its files. */
export interface BeganEvent {
  readonly type: 'began';
  /** What lay behind the last whole entry and is none, so that no line of it ever ran; bytes. */
  readonly cutBytes: number;
  /** Its beginning. */
  readonly cutText: string;
}

export type RecordedEvent = SessionEvent | BeganEvent;

export interface Entry {
  readonly node: string;
  /** Of the node, when it was written. */
  readonly boot: number;
  /** From 1, without a hole, over all boots of the node. */
  readonly seq: number;
  /** Wall clock, ms since 1970. */
  readonly at: number;
  /** Empty: of the journal itself. */
  readonly session: string;
  readonly event: RecordedEvent;
  /** Hash of the entry before; of the first: zeros. */
  readonly before: string;
}

export interface ReadEntry {
  readonly entry: Entry;
  readonly hash: string;
  readonly line: string;
}

/** Where a chain has come to. */
export interface ChainHead {
  readonly boot: number;
  readonly seq: number;
  readonly hash: string;
}

/** Before the first entry of all. */
export const genesis: ChainHead = { boot: 0, seq: 0, hash: '0'.repeat(64) };

export type NewEntry = Pick<Entry, 'node' | 'boot' | 'at' | 'session' | 'event'>;

/** The next entry of a chain. */
export function nextEntry(head: ChainHead, given: NewEntry): { line: string; head: ChainHead } {
  const { node, boot, at, session, event } = given;
  const seq = head.seq + 1;
  const entry: Entry = { node, boot, seq, at, session, event, before: head.hash };
  const body = JSON.stringify(entry);
  const hash = hashOf(body);
  return { line: `${hash} ${body}`, head: { boot, seq, hash } };
}

export type EntryFault = { readonly code: 'malformed' | 'changed'; readonly detail: string };

const shape = /^[0-9a-f]{64} \{/;

/** A line judged by itself: is it an entry, and the one that its hash was made of? */
export function readEntry(line: string): ReadEntry | EntryFault {
  if (line.length > entryLineBytesMax) return malformed(`${line.length} characters are no entry`);
  if (!shape.test(line)) return malformed('it does not begin with a hash and a body');
  const hash = line.slice(0, 64);
  const body = line.slice(65);
  if (hashOf(body) !== hash) return { code: 'changed', detail: 'it is not what its hash was made of' };
  const entry = parse(body);
  return entry === null ? malformed('its body is no entry') : { entry, hash, line };
}

export function isFault(read: ReadEntry | EntryFault): read is EntryFault {
  return 'code' in read;
}

function malformed(detail: string): EntryFault {
  return { code: 'malformed', detail };
}

function hashOf(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}

type FieldKind = 'text' | 'text or null' | 'number' | 'flag';

/** A type that is not here is of a newer Picket: it is kept as it is. */
const fieldsOf: Readonly<Record<RecordedEvent['type'], Readonly<Record<string, FieldKind>>>> = {
  began: { cutBytes: 'number', cutText: 'text' },
  opened: {
    operator: 'text',
    identity: 'text',
    from: 'text',
    tenant: 'text or null',
    mayWrite: 'flag',
    columns: 'number',
    rows: 'number',
  },
  line: { run: 'number', text: 'text', access: 'text' },
  output: { run: 'number', text: 'text' },
  output_cut: { run: 'number', characters: 'number' },
  ended: { run: 'number', code: 'text' },
  lines_refused: { lines: 'number' },
  resized: { columns: 'number', rows: 'number' },
  closed: { reason: 'text' },
};

function parse(body: string): Entry | null {
  let entry: Entry;
  try {
    entry = JSON.parse(body) as Entry;
  } catch {
    return null;
  }
  const { node, boot, seq, at, session, event, before } = entry;
  const texts = [node, session, before].every((one) => typeof one === 'string');
  const counts = Number.isSafeInteger(boot) && boot >= 0 && Number.isSafeInteger(seq) && seq > 0;
  if (!texts || !counts || !isInstant(at) || !/^[0-9a-f]{64}$/.test(before)) return null;
  if (node === '' || node.length > 80 || session.length > 200) return null;
  return isEvent(event) ? entry : null;
}

/** What JavaScript and PostgreSQL both take for one. */
function isInstant(at: unknown): boolean {
  return typeof at === 'number' && Number.isFinite(at) && at >= 0 && at < 253_402_300_800_000;
}

function isEvent(event: unknown): boolean {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return false;
  const { type } = event as { type?: unknown };
  if (typeof type !== 'string' || !/^[a-z_]{1,40}$/.test(type)) return false;
  const fields = Object.hasOwn(fieldsOf, type) ? fieldsOf[type as RecordedEvent['type']] : {};
  return Object.entries(fields).every(([name, kind]) => fits((event as Record<string, unknown>)[name], kind));
}

function fits(value: unknown, kind: FieldKind): boolean {
  if (kind === 'number') return typeof value === 'number' && Number.isFinite(value);
  if (kind === 'flag') return typeof value === 'boolean';
  return typeof value === 'string' || (kind === 'text or null' && value === null);
}
