/**
 * A large state as pieces of text. A form wraps what may be long in `Rows`; a small state is then written as one text, a
 * large one as a head and lists of rows, each short enough for a line, and put together again by a replay. Between the
 * forms and the checkpoints (`recorder-large.ts`). Knows no machine.
 */
import { recordPieceRows } from './limits.ts';
import { hashText, type Plain } from './recorder-form.ts';

/**
 * A long list of a snapshot. `items` were taken out of the state when the snapshot was made; `row` may be asked later, and
 * then must answer the same, or the form says that it `changesInPlace`.
 */
export class Rows<T> {
  readonly items: readonly T[];
  readonly row: (item: T) => Plain;

  constructor(items: readonly T[], row: (item: T) => Plain) {
    this.items = items;
    this.row = row;
  }
}

/** No key of any snapshot. */
const place = '#rows';

export function snapshotText(snapshot: Plain): string {
  return JSON.stringify(snapshot, (_, value: unknown) =>
    value instanceof Rows ? value.items.map((item) => value.row(item)) : value,
  );
}

/** The head, and how many rows will follow it; then the rows, each list made when it is asked for. */
export interface Pieces {
  readonly head: string;
  readonly rows: number;
  readonly lists: Iterator<string, undefined>;
}

export function piecesOf(snapshot: Plain): Pieces {
  const lists: Rows<unknown>[] = [];
  const head = JSON.stringify(snapshot, (_, value: unknown) => {
    if (!(value instanceof Rows)) return value;
    lists.push(value);
    return { [place]: lists.length - 1 };
  });
  return { head, rows: lists.reduce((sum, { items }) => sum + items.length, 0), lists: textsOf(lists) };
}

function* textsOf(lists: Rows<unknown>[]): Generator<string, undefined> {
  for (const [at, { items, row }] of lists.entries()) {
    for (let from = 0; from < items.length; from += recordPieceRows) {
      const part = items.slice(from, from + recordPieceRows);
      yield JSON.stringify({ [place]: at, list: part.map((item) => row(item)) });
    }
  }
}

/** Of all pieces in their order, each following the one before: `hashText` of them put together. */
export function hashPieces(snapshot: Plain): number {
  const { head, lists } = piecesOf(snapshot);
  let hash = hashText(head);
  for (let next = lists.next(); !next.done; next = lists.next()) hash = hashText(next.value, hash);
  return hash;
}

/** The snapshot that these pieces are of, as after `JSON.parse`. Throws when they are of none. */
export function joinPieces([head, ...lists]: readonly Plain[]): Plain {
  const rows = new Map<number, Plain[]>();
  for (const piece of lists) {
    const { [place]: at, list } = piece as { [place]: number; list: Plain[] };
    const known = rows.get(at);
    if (known === undefined) rows.set(at, [...list]);
    else for (const row of list) known.push(row);
  }
  return JSON.parse(JSON.stringify(head), (_, value: unknown) => {
    const at =
      typeof value === 'object' && value !== null ? (value as { [place]?: number })[place] : undefined;
    return at === undefined ? value : (rows.get(at) ?? []);
  });
}
