/**
 * What came from elsewhere, as text that does nothing to a terminal but move on: names, log lines, and whatever a node answers
 * that a customer runs. Pure. Everything that commands print goes through here; bytes of files do not.
 */

// Line feeds and tabs are what text is made of. What JSON leaves as it is (DEL and the eight-bit controls) stays JSON so.
const controls = /(?![\n\t])\p{Cc}/gu;

/** Control characters are spelled out as JSON spells them: `\u001b`. */
export function harmless(text: string): string {
  return text.replace(controls, (control) => `\\u${control.codePointAt(0)!.toString(16).padStart(4, '0')}`);
}
