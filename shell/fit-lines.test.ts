import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutTo, wrapped } from './fit-lines.ts';

test('text is broken between words, and what follows is indented', () => {
  expect(wrapped('name core_1, role core, up 58 s', 20, 4)).toBe('name core_1, role\n    core, up 58 s');
  expect(wrapped('short', 20, 4)).toBe('short');
  expect(wrapped('  head    text that goes on', 18, 10)).toBe(
    '  head    text\n          that\n          goes on',
  );
  expect(wrapped('a_word_that_is_longer_than_the_line and more', 10, 2)).toBe(
    'a_word_that_is_longer_than_the_line\n  and more',
  );
});

test('whatever is wrapped keeps its words in order, and no line is longer than the terminal but for a word that is', () => {
  const word = fc.stringMatching(/^[a-z]{1,12}$/);
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), fc.integer({ min: 20, max: 60 }), (words, columns) => {
      const text = wrapped(words.join(' '), columns, 4);
      expect(text.split(/\s+/)).toEqual(words);
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
    }),
  );
});

test('a row that is too long for the screen is cut and marked', () => {
  expect(cutTo('12345', 5)).toBe('12345');
  expect(cutTo('123456', 5)).toBe('1234>');
});
