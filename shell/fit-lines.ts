/**
 * Text made to fit the operator's terminal: broken between words, or cut. Pure; the commands that write for people use it,
 * those that answer programs do not.
 */

import { characterCells, textCells } from './text-cells.ts';

/** Breaks before the words that no longer fit; what follows the first line is indented by so much. A longer word is left whole. */
export function wrapped(text: string, columns: number, indent: number): string {
  const lines: string[] = [];
  const [first = '', ...words] = text.split(' ');
  let line = first;
  for (const word of words) {
    const longer = `${line} ${word}`;
    if (textCells(longer) <= columns || line.trim() === '') line = longer;
    else {
      lines.push(line);
      line = `${' '.repeat(indent)}${word}`;
    }
  }
  lines.push(line);
  return lines.join('\n');
}

/** One row of a screen that is drawn again and again: what is too long is cut, because a row that wraps would push others out. */
export function cutTo(line: string, columns: number): string {
  if (textCells(line) <= columns) return line;
  let cut = '';
  let left = columns - 1;
  for (const character of line) {
    left -= characterCells(character);
    if (left < 0) break;
    cut += character;
  }
  return `${cut}>`;
}
