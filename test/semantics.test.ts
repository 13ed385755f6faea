import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './tidy/tree.ts';

interface Row {
  readonly what: string;
  readonly file: string;
}

/** The rows of the tables of docs/SEMANTICS.md: five columns, the last one a file in backticks. */
function rowsOf(text: string): Row[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (what +\| Picket|---)/.test(line))
    .map((line) => {
      const cells = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
      expect(cells, line).toHaveLength(5);
      for (const cell of cells) expect(cell, line).not.toBe('');
      return { what: cells[0]!, file: cells[4]!.replaceAll('`', '') };
    });
}

/** Names of the tests of a file, in order. Each is a plain text on the line of its `test(`. */
function testsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  const names = [...text.matchAll(/^test\('((?:[^'\\]|\\.)*)',/gm)].map((match) => match[1]!);
  const calls = text.match(/^\s*(test|it)(\.\w+)*\(/gm) ?? [];
  expect(calls.length, `${file}: a test that is skipped, generated or named by an expression`).toBe(
    names.length,
  );
  return names;
}

const files = ['runtime', 'cluster'].flatMap((room) =>
  readdirSync(join(root, room))
    .filter((name) => /^semantics-.+\.test\.ts$/.test(name))
    .map((name) => `${room}/${name}`),
);
const rows = rowsOf(readFileSync(join(root, 'docs/SEMANTICS.md'), 'utf8'));

test('every row of the semantics table is a test, and every such test is a row, once', () => {
  const written = rows.map(({ what, file }) => `${file}: ${what}`).sort();
  const tested = files.flatMap((file) => testsOf(file).map((name) => `${file}: ${name}`)).sort();
  expect(written).toEqual(tested);
  expect(new Set(written).size).toBe(written.length);
});

test('the table has at least sixty rows, local and remote', () => {
  expect(rows.length).toBeGreaterThanOrEqual(60);
  expect(rows.some(({ file }) => file.startsWith('cluster/'))).toBe(true);
});
