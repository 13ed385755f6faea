/**
 * The operator's terminal: a prompt with history and completion, keys while a line runs, text a page at a time. Between
 * Node's readline and the loop that reads lines (loop.ts). What is typed ahead is kept for the next prompt.
 */
import { createInterface, type Interface } from 'node:readline';
import { StringDecoder } from 'node:string_decoder';
import { harmless } from '../harmless.ts';
import { typedAheadCharactersMax } from '../limits.ts';
import type { TerminalSize } from './remote-session.ts';

/** Of what the readline calls it: candidates, and the part of the line that they replace. */
export type Complete = (line: string) => Promise<[readonly string[], string]>;

export interface Terminal {
  readonly isInteractive: boolean;
  size(): TerminalSize;
  /** Null: the operator leaves (Ctrl-D). */
  ask(prompt: string, history: readonly string[], complete: Complete): Promise<string | null>;
  write(text: string): Promise<void>;
  note(text: string): void;
  /**
   * Keys go there until the answer is called; those that it does not take (false) are typed ahead. Without a terminal there
   * are none, but for Ctrl-C.
   */
  keys(onKey: (key: string) => boolean): () => void;
  onResize(listener: () => void): void;
}

const usualSize: TerminalSize = { columns: 80, rows: 24 };

/** `stdin` is read line by line without prompts when it or `stdout` is no terminal. */
export function openTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  const isInteractive = stdin.isTTY === true && stdout.isTTY === true;
  const size = () => (stdout.isTTY ? { columns: stdout.columns, rows: stdout.rows } : usualSize);
  let ahead = '';
  const plain = isInteractive ? null : plainLines();
  const typed = (key: string) => {
    if (ahead.length + key.length <= typedAheadCharactersMax) ahead += key;
  };
  return {
    isInteractive,
    size,
    note: (text) => void stderr.write(`${harmless(text)}\n`),
    write: (text) => new Promise((resolve) => void stdout.write(text, () => resolve())),
    onResize: (listener) => void stdout.on('resize', listener),
    async ask(prompt, history, complete) {
      if (plain !== null) return await plain();
      const end = ahead.search(/[\r\n]/);
      if (end >= 0) {
        const line = ahead.slice(0, end);
        ahead = ahead.slice(end + 1);
        stdout.write(`${prompt}${line}\n`);
        return line;
      }
      const before = ahead;
      ahead = '';
      const { line, rest } = await askOnce(prompt, history, complete, before);
      ahead = rest;
      return line;
    },
    keys(onKey) {
      const interrupted = () => void onKey('\u0003');
      process.on('SIGINT', interrupted);
      if (!isInteractive) return () => void process.off('SIGINT', interrupted);
      const decoder = new StringDecoder('utf8');
      const heard = (data: Buffer) => {
        for (const text of splitInterrupts(decoder.write(data))) if (!onKey(text)) typed(text);
      };
      stdin.setRawMode(true);
      stdin.on('data', heard);
      stdin.resume();
      return () => {
        process.off('SIGINT', interrupted);
        stdin.off('data', heard);
        stdin.pause();
        stdin.setRawMode(false);
      };
    },
  };
}

/** What was typed around Ctrl-C is typed ahead, also where all of it comes at once. */
export function splitInterrupts(text: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is the key.
  return text.split(/(\u0003)/).filter((part) => part !== '');
}

interface Asked {
  readonly line: string | null;
  /** What came behind the line in the same breath. */
  readonly rest: string;
}

function askOnce(
  prompt: string,
  history: readonly string[],
  complete: Complete,
  typed: string,
): Promise<Asked> {
  let isEntered = false;
  const reader = createInterface({
    ...{ input: process.stdin, output: process.stdout, terminal: true, prompt },
    ...{ history: [...history], historySize: Math.max(1, history.length + 1) },
    completer: (line: string, done: (error: null, found: [string[], string]) => void) => {
      // Who typed on meanwhile is not given what the line was to become; after Enter the line is no longer there to complete.
      const offer = (found: string[], part: string) => {
        if (isEntered) return;
        const isSame = reader.line.slice(0, reader.cursor) === line;
        done(null, isSame ? [found, part] : [[], line]);
      };
      complete(line).then(
        ([found, part]) => offer([...found], part),
        () => offer([], line),
      );
    },
  });
  return new Promise((resolve) => {
    const lines: string[] = [];
    reader.on('line', (line) => {
      lines.push(line);
      isEntered = true;
      // Lines that were pasted together come before this.
      if (lines.length === 1) setImmediate(() => reader.close());
    });
    reader.on('SIGINT', () => interrupted(reader));
    reader.on('close', () => {
      const [line = null, ...rest] = lines;
      if (line === null) process.stdout.write('\n');
      resolve({ line, rest: [...rest, lines.length > 0 ? reader.line : ''].join('\n') });
    });
    reader.prompt();
    if (typed !== '') reader.write(typed);
  });
}

/** Ctrl-C at the prompt: what was typed goes; with nothing typed, how to leave. */
function interrupted(reader: Interface): void {
  const { line } = reader;
  process.stdout.write(line === '' ? '\n(Ctrl-D or "exit" leaves the shell)\n' : '^C\n');
  reader.write(null, { ctrl: true, name: 'e' });
  reader.write(null, { ctrl: true, name: 'u' });
  reader.prompt();
}

/** The lines of a file or a pipe; null at its end. */
function plainLines(): () => Promise<string | null> {
  let lines: AsyncIterator<string> | null = null;
  return async () => {
    lines ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]();
    const { value, done } = await lines.next();
    return done === true ? null : value;
  };
}
