import fc from 'fast-check';
import { expect, test } from 'vitest';
import { afterKey, fitPage, newPage } from './pager.ts';

test('a screenful stops before the row that the mark takes', () => {
  const { now, later, page } = fitPage('1\n2\n3\n4\n', newPage(4), 80);
  expect([now, later, page.left]).toEqual(['1\n2\n3\n', '4\n', 0]);
});

test('a line that is longer than the terminal takes the rows that it wraps into', () => {
  expect(fitPage(`${'x'.repeat(25)}\nlast\n`, newPage(4), 10)).toMatchObject({ later: 'last\n' });
  expect(fitPage('x'.repeat(25), newPage(3), 10)).toMatchObject({ now: 'x'.repeat(20), later: 'xxxxx' });
});

test('wide characters take two columns, and none is halved', () => {
  expect(fitPage('日本語\nlast\n', newPage(3), 5)).toMatchObject({ now: '日本語\n', later: 'last\n' });
  expect(fitPage('日本語語', newPage(2), 5)).toMatchObject({ now: '日本', later: '語語' });
  expect(fitPage('😀😀😀', newPage(2), 4)).toMatchObject({ now: '😀😀', later: '😀' });
});

test('what fits leaves room for what comes next', () => {
  const first = fitPage('1\n2', newPage(4), 80);
  expect(first).toMatchObject({ later: '', page: { left: 2, column: 1 } });
  expect(fitPage('2\n3\n4\n', first.page, 80)).toMatchObject({ now: '2\n3\n', later: '4\n' });
});

test('keys at the pause: a page, a line, an end, or nothing', () => {
  expect(afterKey(' ', 10)).toEqual({ left: 9, column: 0 });
  expect(afterKey('\r', 10)).toEqual({ left: 1, column: 0 });
  expect(afterKey('q', 10)).toBe('quit');
  expect(afterKey('\u0003', 10)).toBe('quit');
  expect(afterKey('x', 10)).toBe(null);
});

test('any text is shown whole, a page after the other, and every page goes on', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '日', '😀', '\n'), maxLength: 200 });
  fc.assert(
    fc.property(
      text,
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      (whole, rows, columns) => {
        let left = whole;
        let shown = '';
        for (let pages = 0; left !== ''; pages += 1) {
          expect(pages).toBeLessThan(500);
          const { now, later } = fitPage(left, newPage(rows), columns);
          expect(now).not.toBe('');
          shown += now;
          left = later;
        }
        expect(shown).toBe(whole);
      },
    ),
  );
});
