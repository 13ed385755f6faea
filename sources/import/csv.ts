/**
 * Comma-separated values (RFC 4180), line by line: fields in quotes may hold commas, quotes written twice, and line ends. A record
 * that never ends is bounded, told with the number of the line that it begins in, and what follows it is read on.
 */
import { limits } from '../limits.ts';
import type { Line } from './lines.ts';

export type CsvRecord =
  | { readonly line: number; readonly fields: readonly string[] }
  | { readonly line: number; readonly reason: string };

interface Open {
  line: number;
  fields: string[];
  /** Of the quoted field that goes on in the next line. */
  field: string;
  chars: number;
}

export async function* csvRecords(lines: AsyncIterable<Line>): AsyncGenerator<CsvRecord, void, void> {
  let open: Open | null = null;
  for await (const line of lines) {
    if (line.text === null) {
      yield { line: open?.line ?? line.number, reason: tooLong };
      open = null;
      continue;
    }
    if (open === null && line.text.trim() === '') continue;
    const before: Open = open ?? { line: line.number, fields: [], field: '', chars: 0 };
    const read = readLine(line.text, before, open !== null);
    open = null;
    if (typeof read === 'string') yield { line: before.line, reason: read };
    else if (!read.isOpen) yield { line: before.line, fields: before.fields };
    else if (before.chars > limits.lineBytesMax) yield { line: before.line, reason: tooLong };
    else open = before;
  }
  if (open !== null) yield { line: open.line, reason: 'a quote is opened and never closed' };
}

const tooLong = `a record has at most ${limits.lineBytesMax} bytes`;

/** Adds to `into`; a text says what is wrong. */
function readLine(text: string, into: Open, continues: boolean): { isOpen: boolean } | string {
  into.chars += text.length + 1;
  let at = 0;
  let inQuotes = continues;
  if (continues) into.field += '\n';
  for (;;) {
    if (inQuotes) {
      const end = text.indexOf('"', at);
      if (end < 0) {
        into.field += text.slice(at);
        return { isOpen: true };
      }
      into.field += text.slice(at, end);
      at = end + 1;
      if (text[at] === '"') {
        into.field += '"';
        at += 1;
        continue;
      }
      inQuotes = false;
      if (at < text.length && text[at] !== ',') return 'something follows a closing quote';
    } else if (text[at] === '"') {
      inQuotes = true;
      at += 1;
      continue;
    } else {
      const comma = text.indexOf(',', at);
      const end = comma < 0 ? text.length : comma;
      into.field += text.slice(at, end);
      if (into.field.includes('"')) return 'a quote stands within a field that is not quoted';
      at = end;
    }
    into.fields.push(into.field);
    into.field = '';
    if (into.fields.length > limits.columnsMax) return `a record has at most ${limits.columnsMax} fields`;
    if (at >= text.length) return { isOpen: false };
    // Past the comma; one at the end of the line is followed by an empty field.
    at += 1;
    if (at >= text.length) {
      into.fields.push('');
      return { isOpen: false };
    }
  }
}
