/** Rows for people: aligned columns, numbers to the right, nothing cut. */
import { padCells, padCellsStart, textCells, unsafeCharacters } from '../shell/index.ts';

export type Cell = string | number | boolean | null | undefined;

export function table(headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map((row) => row.map(show));
  const numeric = headings.map(
    (_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'),
  );
  const widths = headings.map((heading, column) =>
    Math.max(textCells(heading), ...texts.map((row) => textCells(row[column] ?? ''))),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        numeric[column] ? padCellsStart(cell, widths[column]!) : padCells(cell, widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return [line(headings), ...texts.map(line)].join('\n');
}

function show(cell: Cell): string {
  if (cell === null || cell === undefined || cell === '') return '-';
  // What came from outside must not be able to move the cursor, nor turn the line around.
  return String(cell).replace(unsafeCharacters, ' ');
}
