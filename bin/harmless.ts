/**
 * What came from elsewhere, as text that does nothing to a terminal but move on: names, log lines, and whatever a node answers
 * that a customer runs. Pure. Everything that commands print goes through here; bytes of files do not.
 */

// Line feeds and tabs are what text is made of. What JSON leaves as it is (DEL and the eight-bit controls) stays JSON so.
// Marks of direction and line separators show a text otherwise than it is (as `shell/text-cells.ts` has them, which not every program loads).
const controls = /(?![\n\t])[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Control characters, and those that turn a line around, are spelled out as JSON spells them: `\u001b`. */
export function harmless(text: string): string {
  return text.replace(controls, (control) => `\\u${control.codePointAt(0)!.toString(16).padStart(4, '0')}`);
}
