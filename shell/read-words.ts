/**
 * The words behind a command's name, judged: `--name VALUE` and `--switch` in any place, the rest in order. Pure. What does
 * not fit is refused with the command's usage, so that no command reads its words by itself.
 */
import { ShellError } from './errors.ts';

export interface WordsWanted {
  readonly usage: string;
  /** Flags that take a value, and those that do not. */
  readonly values?: readonly string[];
  readonly switches?: readonly string[];
  /** How many other words there are. */
  readonly least: number;
  readonly most: number;
}

export interface ReadWords {
  readonly rest: readonly string[];
  value(name: string): string | null;
  has(name: string): boolean;
}

/** Throws `bad_words`. After `--` every word is taken as it is. */
export function readWords(words: readonly string[], wanted: WordsWanted): ReadWords {
  const { values = [], switches = [], least, most } = wanted;
  const refused = (detail: string) => new ShellError('bad_words', `${detail}; usage: ${wanted.usage}`);
  const found = new Map<string, string>();
  const rest: string[] = [];
  let plain = false;
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    if (plain || !word.startsWith('--')) rest.push(word);
    else if (word === '--') plain = true;
    else {
      const name = word.slice(2);
      if (!values.includes(name) && !switches.includes(name)) throw refused(`there is no flag ${word}`);
      if (found.has(name)) throw refused(`${word} stands there twice`);
      if (switches.includes(name)) found.set(name, '');
      else {
        at += 1;
        const value = words[at];
        if (value === undefined) throw refused(`${word} needs a value`);
        found.set(name, value);
      }
    }
  }
  if (rest.length < least) throw refused('something is missing');
  if (rest.length > most) throw refused(`"${rest[most]}" is one word too many`);
  return { rest, value: (name) => found.get(name) ?? null, has: (name) => found.has(name) };
}
