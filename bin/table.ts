/** Rows for people: aligned columns, numbers to the right, nothing cut. */

export type Cell = string | number | boolean | null | undefined;

export function table(headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map((row) => row.map(show));
  const numeric = headings.map(
    (_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'),
  );
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...texts.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        numeric[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join('  ')
      .trimEnd();
  return [line(headings), ...texts.map(line)].join('\n');
}

function show(cell: Cell): string {
  if (cell === null || cell === undefined || cell === '') return '-';
  // What came from outside must not be able to move the cursor.
  return String(cell).replace(/\p{Cc}/gu, ' ');
}
