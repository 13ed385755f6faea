/**
 * A file of device updates as chunks: NDJSON, an object a line, or CSV whose first record names the columns. Bad lines are told by
 * number, all others are taken. The file is read as the reader asks for more.
 */
import type { DeviceUpdate } from '../device-update.ts';
import { type BadLine, fault, type SourceFault } from '../errors.ts';
import { limits } from '../limits.ts';
import { csvRecords } from './csv.ts';
import { type Line, linesOf } from './lines.ts';
import { type ImportFrame, readUpdate, updateFields } from './read-update.ts';

export const importFormats = ['ndjson', 'csv'] as const;
export type ImportFormat = (typeof importFormats)[number];

export interface ImportChunk {
  readonly updates: readonly DeviceUpdate[];
  readonly bad: readonly BadLine[];
}

/** Null, or why there is nothing to read at all. */
export type Import = AsyncGenerator<ImportChunk, SourceFault | null, void>;

type Found = { readonly update: DeviceUpdate } | BadLine;

export function importFile(
  bytes: AsyncIterable<Uint8Array>,
  format: ImportFormat,
  frame: ImportFrame,
): Import {
  const lines = linesOf(bytes);
  return gather(format === 'csv' ? readTable(lines, frame) : readLines(lines, frame));
}

async function* gather(found: AsyncGenerator<Found, SourceFault | null, void>): Import {
  let updates: DeviceUpdate[] = [];
  let bad: BadLine[] = [];
  for (;;) {
    const step = await found.next();
    if (step.done) {
      if (updates.length + bad.length > 0) yield { updates, bad };
      return step.value;
    }
    if ('update' in step.value) updates.push(step.value.update);
    else bad.push(step.value);
    if (updates.length + bad.length < limits.chunkUpdatesMax) continue;
    yield { updates, bad };
    updates = [];
    bad = [];
  }
}

async function* readLines(lines: AsyncIterable<Line>, frame: ImportFrame): AsyncGenerator<Found, null, void> {
  for await (const { number, text } of lines) {
    if (text === null) yield { line: number, reason: `a line has at most ${limits.lineBytesMax} bytes` };
    else if (text.trim() !== '') yield found(number, parsed(text), frame);
  }
  return null;
}

function parsed(text: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
}

function found(line: number, value: { value: unknown } | null, frame: ImportFrame): Found {
  if (value === null) return { line, reason: 'it is no JSON' };
  const read = readUpdate(value.value, frame);
  return 'update' in read ? read : { line, reason: read.reason };
}

async function* readTable(
  lines: AsyncIterable<Line>,
  frame: ImportFrame,
): AsyncGenerator<Found, SourceFault | null, void> {
  let columns: readonly string[] | null = null;
  for await (const record of csvRecords(lines)) {
    if (columns === null) {
      if ('reason' in record) return fault('bad_source', `the header: ${record.reason}`);
      columns = record.fields.map((name) => name.trim());
      const wrong = judgeColumns(columns);
      if (wrong !== null) return fault('bad_source', wrong);
    } else if ('reason' in record) yield record;
    else if (record.fields.length !== columns.length)
      yield { line: record.line, reason: `${record.fields.length} fields, the header has ${columns.length}` };
    else yield row(record.line, columns, record.fields, frame);
  }
  return columns === null ? fault('bad_source', 'the file is empty: its first line names the columns') : null;
}

/** In a table there is no place for a list. */
const columnNames = updateFields.filter((name) => name !== 'metadata' && name !== 'interfaces');

function judgeColumns(columns: readonly string[]): string | null {
  for (const name of columns) {
    if (columnNames.includes(name) || /^metadata\.[^\p{Cc}]+$/u.test(name)) continue;
    return `"${name.slice(0, 64)}" is no column: ${columnNames.join(', ')}, or metadata.NAME for anything else`;
  }
  return new Set(columns).size === columns.length ? null : 'a column is there twice';
}

function row(line: number, columns: readonly string[], fields: readonly string[], frame: ImportFrame): Found {
  const given: [string, unknown][] = [];
  const metadata: [string, string][] = [];
  for (const [at, name] of columns.entries()) {
    const field = fields[at]!.trim();
    if (field === '') continue;
    if (name.startsWith('metadata.')) metadata.push([name.slice('metadata.'.length), field]);
    else given.push([name, typed(name, field)]);
  }
  return found(
    line,
    { value: { ...Object.fromEntries(given), metadata: Object.fromEntries(metadata) } },
    frame,
  );
}

/** What cannot be read stays a text, and is refused for it. */
function typed(name: string, field: string): unknown {
  if (name === 'confidence') return /^\d{1,3}$/.test(field) ? Number(field) : field;
  if (name === 'timestamp') return /^\d{9,19}(\.\d+)?$/.test(field) ? Number(field) : field;
  if (name !== 'is_available') return field;
  if (/^(true|yes|1)$/i.test(field)) return true;
  return /^(false|no|0)$/i.test(field) ? false : field;
}
