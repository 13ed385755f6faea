/**
 * How many cells of a terminal a text takes, and which characters do something to a line instead of standing in it. Pure. Between
 * whatever names people gave to things, in any script, and the columns and pages that are made of them.
 */

/**
 * Controls, and what turns the direction of a line or ends it: a name with one of these reads as another, or moves what stands beside it
 * (Unicode Technical Report 36, 3.2; Standard Annex 9).
 */
export const unsafeCharacters = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

// Of Unicode Standard Annex 11 what is wide, as terminals take it: Hangul, Kana, ideographs, full width forms, emoji.
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;
const nothing = /[\p{Mn}\p{Me}\p{Cf}]/u;
/** Most texts are of these alone, and are not looked through. */
const plain = /^[\u0020-\u007e\n\t]*$/;

export function textCells(text: string): number {
  if (plain.test(text)) return text.length;
  let cells = 0;
  for (const character of text) cells += characterCells(character);
  return cells;
}

/** Of one code point. */
export function characterCells(character: string): 0 | 1 | 2 {
  if (character.length === 1 && character < '\u0300') return 1;
  if (nothing.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

export function padCells(text: string, cells: number): string {
  return text + ' '.repeat(Math.max(0, cells - textCells(text)));
}

export function padCellsStart(text: string, cells: number): string {
  return ' '.repeat(Math.max(0, cells - textCells(text))) + text;
}
