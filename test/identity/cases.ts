/**
 * Cases that are kept in files (`rules/*.ndjson`): a head with the name, then the lines as they go into the reconciler,
 * then what is expected. README.md there says how they are written.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Expected {
  /** Lines that belong to one device, and lines of which no two belong to the same. */
  readonly same?: readonly (readonly number[])[];
  readonly apart?: readonly (readonly number[])[];
  readonly devices?: number;
  readonly sightings?: number;
  readonly sightingsSome?: true;
  /** A number of rows, or rows of which each is among those that there are, with these fields at least. */
  readonly merges?: number | readonly Readonly<Record<string, unknown>>[];
  readonly mergesSome?: true;
  readonly conflicts?: number | readonly Readonly<Record<string, unknown>>[];
  readonly conflictsSome?: true;
  /** Devices as they are at the end, named by `id` or by a `line` of theirs. */
  readonly rows?: readonly Readonly<Record<string, unknown>>[];
  /** By the number of the line. */
  readonly ids?: Readonly<Record<string, string>>;
  readonly actions?: Readonly<Record<string, string>>;
  readonly reasons?: Readonly<Record<string, string>>;
  /** What the whole answer of the line contains, as a regular expression. */
  readonly says?: Readonly<Record<string, string>>;
  /** Lines that are answered by an error, and no others; and the lines that are answered at all. */
  readonly errors?: readonly number[];
  readonly lines?: readonly number[];
}

export interface Case {
  readonly file: string;
  readonly name: string;
  /** Lines of a batch; all, when absent. */
  readonly batch?: number;
  /** What is expected depends on the order of the lines: they are tried in no other. */
  readonly ordered: boolean;
  readonly lines: readonly string[];
  readonly expected: Expected;
}

const folder = join(import.meta.dirname, 'rules');

export function readCases(): Case[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ndjson'))
    .sort()
    .flatMap((file) => casesOf(file, readFileSync(join(folder, file), 'utf8')));
}

export function casesOf(file: string, text: string): Case[] {
  const cases: Case[] = [];
  let head: { case: string; batch?: number; ordered?: boolean } | null = null;
  let lines: string[] = [];
  for (const line of text.split('\n')) {
    if (head === null) {
      if (line.trim() !== '') head = JSON.parse(line);
      lines = [];
    } else if (line.startsWith('{"expect"')) {
      const { case: name, batch, ordered = false } = head;
      const { expect: expected } = JSON.parse(line) as { expect: Expected };
      cases.push({ file, name, ...(batch === undefined ? {} : { batch }), ordered, lines, expected });
      head = null;
    } else lines.push(line);
  }
  if (head !== null) throw new Error(`${file}: the case "${head.case}" expects nothing`);
  return cases;
}
