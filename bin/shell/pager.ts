/**
 * A screenful at a time: what of a text is shown now, and what waits for a key. Pure arithmetic over lines and columns;
 * who reads keys and writes text is beside it. Used on a terminal alone, and not for what lives.
 */

import { characterCells } from '../../shell/index.ts';

export interface Page {
  /** Rows that may still be written before a pause. */
  readonly left: number;
  /** Where the cursor stands in its row. */
  readonly column: number;
}

export interface Paged {
  readonly now: string;
  readonly later: string;
  readonly page: Page;
}

export const moreMark = '--More--';

/** The mark takes the last row. */
export function newPage(rows: number): Page {
  return { left: Math.max(1, rows - 1), column: 0 };
}

/** Takes of the text what fits: whole rows, those that a long line wraps into included. */
export function fitPage(text: string, page: Page, columns: number): Paged {
  let { left, column } = page;
  const width = Math.max(1, columns);
  for (let at = 0; at < text.length; ) {
    if (left === 0) return { now: text.slice(0, at), later: text.slice(at), page: { left, column } };
    const character = String.fromCodePoint(text.codePointAt(at)!);
    if (character === '\n') {
      left -= 1;
      column = 0;
    } else {
      const cells = characterCells(character);
      // What is wider than the terminal is in its row alone.
      if (column > 0 && column + cells > width) {
        left -= 1;
        column = 0;
        // The row is begun on the next page.
        if (left === 0) return { now: text.slice(0, at), later: text.slice(at), page: { left, column } };
      }
      column += cells;
    }
    at += character.length;
  }
  return { now: text, later: '', page: { left, column } };
}

/** What a key at the pause does. */
export function afterKey(key: string, rows: number): Page | 'quit' | null {
  if (key === ' ' || key === 'f') return newPage(rows);
  if (key === '\r' || key === '\n' || key === 'j') return { left: 1, column: 0 };
  if (key === 'q' || key === 'Q' || key === '\u0003') return 'quit';
  return null;
}
