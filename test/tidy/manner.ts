/**
 * How a file is written: its opening comment, its size and that of its functions, the names that are no names, one door
 * per room, and words that promise work instead of doing it.
 */
import type { Finding } from './finding.ts';
import { rooms } from './room-table.ts';
import type { SourceFile, Tree } from './tree.ts';

export const openingLinesMax = 10;
export const fileLinesMax = 300;
export const testFileLinesMax = 400;
export const functionLinesMax = 69;

// Put together here, so that this file may name them.
const promises = new RegExp(
  `\\b(${['TO', 'FIX'].map((word, at) => word + ['DO', 'ME'][at]).join('|')})\\b|\\blor${'em'}\\b`,
  'i',
);
const drawers = /(^|\/)(utils?|helpers?|common|types?|misc)(\.test)?(\.[cm]?[jt]sx?$|\/)/;
const hollow = /(^|[a-z0-9])(Manager|Service|Helper|Base|Impl)$/;

/** Every file but a test opens with a doc comment of 1 to 10 lines of text; a `#!` line may stand before it. */
export function openingComments(tree: Tree): Finding[] {
  return each(tree, (file) => {
    if (/\.test\.ts$/.test(file.path)) return [];
    const text = file.text.replace(/^#!.*\n/, '');
    const comment = /^\/\*\*([\s\S]*?)\*\//.exec(text);
    if (comment === null)
      return [
        found(file, 1, 'open with a doc comment: what it is, between which neighbours, what it leaves out'),
      ];
    const lines = comment[1]!.split('\n').filter((line) => /[^\s*]/.test(line)).length;
    if (lines >= 1 && lines <= openingLinesMax) return [];
    return [
      found(file, 1, `the opening comment has ${lines} lines of text; say it in 1 to ${openingLinesMax}`),
    ];
  });
}

export function sizes(tree: Tree): Finding[] {
  return each(tree, (file) => {
    const findings: Finding[] = [];
    const lines = file.text.split('\n').length - (file.text.endsWith('\n') ? 1 : 0);
    const max = file.isTest ? testFileLinesMax : fileLinesMax;
    if (lines > max)
      findings.push(
        found(file, max + 1, `${lines} lines, ${max} at most; a pure piece is still inside, take it out`),
      );
    for (const one of file.facts.functions) {
      if (one.lines <= functionLinesMax) continue;
      const what = `${one.name} has ${one.lines} lines, under ${functionLinesMax + 1} wanted; name its parts`;
      findings.push(found(file, one.line, what));
    }
    return findings;
  });
}

export function names(tree: Tree): Finding[] {
  return each(tree, (file) => {
    const findings: Finding[] = [];
    if (drawers.test(file.path))
      findings.push(found(file, 1, 'a drawer, not a name; call it by what it holds'));
    for (const { name, line } of file.facts.exports) {
      if (hollow.test(name))
        findings.push(found(file, line, `${name} says nothing by its ending; say what it does`));
    }
    return findings;
  });
}

/** One index.ts in each room, at its top, whose names are listed one by one. */
export function doors(tree: Tree): Finding[] {
  const findings: Finding[] = [];
  const built = new Set([...tree.values()].filter((file) => !file.isTest).map((file) => file.room));
  for (const [room, { hasIndex }] of Object.entries(rooms)) {
    if (built.has(room) && hasIndex && !tree.has(`${room}/index.ts`))
      findings.push({
        path: `${room}/index.ts`,
        line: 1,
        what: `${room}/ has no door; list its names there`,
      });
  }
  for (const file of tree.values()) {
    const isDoor = file.path === `${file.room}/index.ts` && rooms[file.room]?.hasIndex;
    if (/(^|\/)index\.ts$/.test(file.path) && !isDoor)
      findings.push(found(file, 1, 'a room has one index.ts, at its top; call this one by what it holds'));
    for (const line of file.facts.starExports)
      findings.push(found(file, line, '`export *` hides what goes out; list the names one by one'));
  }
  return findings;
}

export function promisesOfWork(tree: Tree): Finding[] {
  return each(tree, (file) =>
    file.text.split('\n').flatMap((line, at) => {
      const word = promises.exec(line)?.[0];
      return word === undefined
        ? []
        : [found(file, at + 1, `"${word}": do it, or file an issue and say nothing here`)];
    }),
  );
}

function each(tree: Tree, rule: (file: SourceFile) => Finding[]): Finding[] {
  return [...tree.values()].flatMap(rule);
}

function found(file: SourceFile, line: number, what: string): Finding {
  return { path: file.path, line, what };
}
