import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerRows, show } from './answer-rows.ts';
import { cutTo } from './fit-lines.ts';
import { padCells, textCells } from './text-cells.ts';

test.each([
  ['', 0],
  ['check 1', 7],
  ['Prüfung', 7],
  ['日本語', 6],
  ['한국', 4],
  ['e\u0301', 1],
  ['😀', 2],
  ['a\u200bb', 2],
  ['Ａ', 2],
])('%j takes %i cells', (text, cells) => expect(textCells(text)).toBe(cells));

test('columns stand below each other whatever script the names are of', async () => {
  const rows = [{ name: 'loopback' }, { name: '日本語' }, { name: 'e\u0301te\u0301' }];
  const columns = { NAME: (row: { name: string }) => row.name, STATE: () => 'up' };
  let text = '';
  for await (const piece of answerRows(rows, { columns, json: (row) => row }, false)) text += piece;
  const ends = text
    .trimEnd()
    .split('\n')
    .map((line) => textCells(line.slice(0, line.search(/up$|STATE$/))));
  expect(new Set(ends)).toEqual(new Set([10]));
});

test('what is cut fits, also between wide characters, and no character is halved', () => {
  expect(cutTo('日本語', 5)).toBe('日本>');
  expect(cutTo('日本語', 4)).toBe('日>');
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme', maxLength: 30 }),
      fc.integer({ min: 1, max: 40 }),
      (text, columns) => {
        const cut = cutTo(text, columns);
        expect(textCells(cut)).toBeLessThanOrEqual(Math.max(columns, 1));
        expect(cut).not.toMatch(/\p{Surrogate}/u);
      },
    ),
  );
});

test('a cell has nothing that turns the line around or ends it', () => {
  expect(show('a\u202eb\u2066c\u200fd\u001b[2J\u2028e')).toBe('a b c d [2J e');
  expect(padCells('日', 4)).toBe('日  ');
});
