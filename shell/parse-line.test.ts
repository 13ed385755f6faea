import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lineCharactersMax, wordsMax } from './limits.ts';
import { parseLine, quoteWord, splitPipe } from './parse-line.ts';

const words = (line: string, unfinished = false) => {
  const parsed = parseLine(line, unfinished);
  return parsed.ok ? parsed.words.map(({ text }) => text) : parsed.detail;
};

describe('words', () => {
  test.each([
    ['', []],
    ['  \t ', []],
    ['tree core_1', ['tree', 'core_1']],
    [`send 'a b' "c d" e\\ f`, ['send', 'a b', 'c d', 'e f']],
    [`say "it's" 'a "b"'`, ['say', "it's", 'a "b"']],
    [`a"b c"d`, ['ab cd']],
    [`x '' ""`, ['x', '', '']],
    ['x "a\\"b\\\\"', ['x', 'a"b\\']],
    [`x 'a\\b'`, ['x', 'a\\b']],
    [`send p add '{"n":1}'`, ['send', 'p', 'add', '{"n":1}']],
  ])('%j', (line, expected) => expect(words(line)).toEqual(expected));

  test.each([
    ['say "no', 'the quote " at character 5 is not closed'],
    ["say 'no", "the quote ' at character 5 is not closed"],
    ['say no\\', 'the line ends with a backslash: write \\\\ for one'],
    ['say\u0000', 'character 4 is U+0000, which no line may have'],
    ['say\u001b[2J', 'character 4 is U+001B, which no line may have'],
    ['a\nb', 'character 2 is U+000A, which no line may have'],
    ['\ud800', 'character 1 is U+D800, which no line may have'],
    [
      'x'.repeat(lineCharactersMax + 1),
      `the line has ${lineCharactersMax + 1} characters; ${lineCharactersMax} are the most`,
    ],
    ['x '.repeat(wordsMax + 1), `the line has more than ${wordsMax} words`],
  ])('%j is refused, and says where', (line, detail) => expect(words(line)).toBe(detail));

  test.each([
    ['eval "a" + "b"', ['eval', '"a" + "b"']],
    ['  eval   a  ||\t"b" ', ['eval', 'a  ||\t"b" ']],
    ["eval it's", ['eval', "it's"]],
    ['eval a\\', ['eval', 'a\\']],
    [`eval ${'x '.repeat(wordsMax + 1)}`, ['eval', 'x '.repeat(wordsMax + 1)]],
    ['eval', ['eval']],
    ['eval ', ['eval']],
    [`evaluate 'a b'`, ['evaluate', 'a b']],
    [`help eval 'a b'`, ['help', 'eval', 'a b']],
  ])('code is one word, as it was written: %j', (line, expected) => expect(words(line)).toEqual(expected));

  test('code has no characters either that no line may have', () =>
    expect(words('eval a\u001b')).toBe('character 7 is U+001B, which no line may have'));

  test('what is typed still is read to its end', () => {
    expect(words('say "no w', true)).toEqual(['say', 'no w']);
    expect(parseLine('tree ', true)).toMatchObject({ open: false });
    expect(parseLine('tree c', true)).toMatchObject({ open: true, words: [{ at: 0 }, { text: 'c', at: 5 }] });
  });

  test('any words that are quoted are read back', () => {
    const text = fc
      .string({ unit: 'grapheme', maxLength: 30 })
      .filter((one) => parseLine(`'${one.replaceAll("'", '')}'`).ok);
    fc.assert(
      fc.property(fc.array(text, { maxLength: 20 }), (texts) => {
        expect(words(texts.map(quoteWord).join(' '))).toEqual(texts);
      }),
    );
  });

  test('any line has words or a reason, and its words stand where they are said to', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.boolean(), (line, unfinished) => {
        const parsed = parseLine(line, unfinished);
        if (!parsed.ok) expect(parsed.detail).not.toBe('');
        else for (const { at } of parsed.words) expect(line[at]).toMatch(/[^ \t]/);
      }),
    );
  });
});

describe('the local half of a line', () => {
  test.each([
    ['tree core_1', 'tree core_1', null],
    ['tree core_1 | less', 'tree core_1', 'less'],
    [`registry | jq '.[] | .id' | head`, 'registry', `jq '.[] | .id' | head`],
    [`send x 'a|b' | cat`, `send x 'a|b'`, 'cat'],
    ['send x a\\|b', 'send x a\\|b', null],
    ['| cat', '', 'cat'],
    ['eval 1 | 2', 'eval 1 | 2', null],
    ['help eval | cat', 'help eval', 'cat'],
    ['tree |', 'tree', ''],
  ])('%j', (line, left, pipe) => expect(splitPipe(line)).toEqual({ line: left, pipe }));

  test('a quoted bar stays, whatever stands beside it', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        const line = `x ${quoteWord(`${text}|`)}`;
        expect(splitPipe(line)).toEqual({ line: line.trim(), pipe: null });
      }),
    );
  });
});
