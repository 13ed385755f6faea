/**
 * Rows as a command answers them, some at a time as they are asked for: aligned columns for people, with `--json` one array
 * of objects for programs. Columns grow wider with what comes, so that no row has to be known before the first is shown.
 */
import { rowsPerPieceMax } from './limits.ts';
import { padCells, textCells, unsafeCharacters } from './text-cells.ts';

export type Cell = string | number | boolean | null | undefined;

export interface Shown<T> {
  /** Heading, and what stands below it. */
  readonly columns: Readonly<Record<string, (row: T) => Cell>>;
  json(row: T): Readonly<Record<string, unknown>>;
}

export async function* answerRows<T>(
  rows: Iterable<T>,
  { columns, json }: Shown<T>,
  asJson: boolean,
): AsyncIterable<string> {
  const widths = Object.keys(columns).map((heading) => textCells(heading));
  let first = true;
  for (const batch of batches(rows)) {
    if (asJson) {
      const texts = batch.map((row) => JSON.stringify(json(row)));
      yield `${first ? '[' : ',\n'}${texts.join(',\n')}`;
    } else {
      const cells = batch.map((row) => Object.values(columns).map((cell) => show(cell(row))));
      for (const row of cells)
        for (const [at, text] of row.entries()) widths[at] = Math.max(widths[at]!, textCells(text));
      const lines = first ? [Object.keys(columns), ...cells] : cells;
      yield lines.map((row) => `${aligned(row, widths)}\n`).join('');
    }
    first = false;
  }
  if (asJson) yield first ? '[]\n' : ']\n';
  else if (first) yield `${Object.keys(columns).join('  ')}\n`;
}

function* batches<T>(rows: Iterable<T>): Generator<T[]> {
  let batch: T[] = [];
  for (const row of rows) {
    batch.push(row);
    if (batch.length < rowsPerPieceMax) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function aligned(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((text, at) => padCells(text, widths[at]!))
    .join('  ')
    .trimEnd();
}

/** What came from outside must not be able to move the cursor, nor turn the line around. */
export function show(cell: Cell): string {
  if (cell === null || cell === undefined || cell === '') return '-';
  return String(cell).replace(unsafeCharacters, ' ');
}
