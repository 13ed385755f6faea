/**
 * What a tidy rule answers: where a rule is broken, and what to do about it. Rules give lists of findings; an empty list
 * is a clean tree.
 */

export interface Finding {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** What is wrong and what to do, in one sentence. */
  readonly what: string;
}

/** One line per finding, in the order of the files: `path:line  what`. Empty when there is none. */
export function report(findings: readonly Finding[]): string {
  return [...findings]
    .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line))
    .map(({ path, line, what }) => `${path}:${line}  ${what}`)
    .join('\n');
}
