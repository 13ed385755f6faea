import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readTree, root } from '../tidy/tree.ts';
import { codeLists, codesOf, errorsPage, readCodes } from './error-codes.ts';

describe('docs/ERRORS.md', () => {
  test('is what the sources say; npm run docs:errors writes it', async () => {
    await expect(errorsPage()).toMatchFileSnapshot(join(root, 'docs/ERRORS.md'));
  });

  test.each(codeLists)('has a sentence for each code of $name', (list) => {
    const codes = readCodes(list);
    expect(codes.length).toBeGreaterThan(0);
    expect(codes.filter(({ sentence }) => sentence === null).map(({ code }) => code)).toEqual([]);
    expect(new Set(codes.map(({ code }) => code)).size).toBe(codes.length);
  });
});

test('every code that a command or procedure names is in a list', () => {
  const listed = new Set(codeLists.flatMap((list) => readCodes(list).map(({ code }) => code)));
  const named = [...readTree().values()]
    .filter(({ isTest }) => !isTest)
    .flatMap(({ text }) => [...text.matchAll(/new (?:Command|Procedure)(?:Failure|Error)\(\s*'([a-z_]+)'/g)])
    .map(([, code]) => code!);
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((code) => !listed.has(code))).toEqual([]);
});

test('codes are read with the comment above them, from unions and from lists', () => {
  const union =
    "export type A =\n  /** One;\n   * goes on. */\n  | 'one'\n  | 'two';\nexport type B = 'three';\n";
  expect(codesOf(union, 'A')).toEqual([
    { code: 'one', sentence: 'One; goes on.' },
    { code: 'two', sentence: null },
  ]);
  const list = "export const c = [\n  /** A thing. */\n  'a',\n  'b',\n] as const;\n";
  expect(codesOf(list, 'c')).toEqual([
    { code: 'a', sentence: 'A thing.' },
    { code: 'b', sentence: null },
  ]);
  expect(() => codesOf(union, 'C')).toThrow('no declaration of C');
});
