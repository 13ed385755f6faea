/**
 * What a person types, as words: spaces part them, quotes hold them together, a backslash takes what follows as it is. And
 * where a line goes on in a local program, after the first `|` outside of quotes. Code is left as it is by both. Pure. Used
 * by the node, which runs the words, and by the terminal, which keeps what follows the bar for itself.
 */
import { lineCharactersMax, wordsMax } from './limits.ts';

export interface Word {
  readonly text: string;
  /** Of its first character in the line, quotes included. */
  readonly at: number;
}

export type ParsedLine =
  | {
      readonly ok: true;
      readonly words: readonly Word[];
      /** The line ends within the last word: no space follows it. */
      readonly open: boolean;
    }
  | { readonly ok: false; readonly detail: string };

export interface SplitLine {
  /** For the node. */
  readonly line: string;
  /** For a local shell; null: there is none. */
  readonly pipe: string | null;
}

// Control characters would let a line forge the record of another; lone surrogates do not survive UTF-8.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
const refusedPattern = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029\p{Surrogate}]/u;
const isSpace = (character: string) => character === ' ' || character === '\t';

/** What follows these names is code, with quotes, bars and backslashes of its own: it is one word, as it was written. */
const codeNames: readonly string[] = ['eval'];
const codePattern = new RegExp(`^([ \\t]*)(${codeNames.join('|')})(?:([ \\t]+)(.*))?$`, 'su');

/** `unfinished`: a quote that is not closed holds its word to the end, as while it is typed. */
export function parseLine(line: string, unfinished = false): ParsedLine {
  if (line.length > lineCharactersMax)
    return refused(`the line has ${line.length} characters; ${lineCharactersMax} are the most`);
  const strange = refusedPattern.exec(line);
  if (strange !== null) {
    const code = strange[0].codePointAt(0)!.toString(16).padStart(4, '0').toUpperCase();
    return refused(`character ${strange.index + 1} is U+${code}, which no line may have`);
  }
  return parseCode(line) ?? parseWords(line, unfinished);
}

function parseCode(line: string): ParsedLine | null {
  const [, before = '', name = '', blank, code = ''] = codePattern.exec(line) ?? [];
  if (name === '') return null;
  const words = [{ text: name, at: before.length }];
  if (code !== '') words.push({ text: code, at: line.length - code.length });
  return { ok: true, words, open: code !== '' || blank === undefined };
}

function parseWords(line: string, unfinished: boolean): ParsedLine {
  const words: { text: string; at: number }[] = [];
  let word: { text: string; at: number } | null = null;
  let quote: { mark: string; at: number } | null = null;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at]!;
    if (quote === null && isSpace(character)) {
      word = null;
      continue;
    }
    if (word === null) {
      word = { text: '', at };
      words.push(word);
      if (words.length > wordsMax) return refused(`the line has more than ${wordsMax} words`);
    }
    if (character === '\\' && quote?.mark !== "'") {
      at += 1;
      if (at < line.length) word.text += line[at]!;
      else if (!unfinished) return refused('the line ends with a backslash: write \\\\ for one');
    } else if (quote === null && (character === '"' || character === "'")) quote = { mark: character, at };
    else if (quote !== null && character === quote.mark) quote = null;
    else word.text += character;
  }
  if (quote !== null && !unfinished)
    return refused(`the quote ${quote.mark} at character ${quote.at + 1} is not closed`);
  return { ok: true, words, open: word !== null };
}

/** The text of a word such that it is read back as it is. */
export function quoteWord(text: string): string {
  if (text !== '' && !/[\s"'\\|]/.test(text)) return text;
  return `'${text.replaceAll("'", "'\\''")}'`;
}

export function splitPipe(line: string): SplitLine {
  if (codePattern.test(line)) return { line: line.trim(), pipe: null };
  let quote: string | null = null;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at]!;
    if (character === '\\' && quote !== "'") at += 1;
    else if (quote !== null) quote = character === quote ? null : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (character === '|') return { line: line.slice(0, at).trim(), pipe: line.slice(at + 1).trim() };
  }
  return { line: line.trim(), pipe: null };
}

function refused(detail: string): ParsedLine {
  return { ok: false, detail };
}
